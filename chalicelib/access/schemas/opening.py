"""A resident's own phone at a door."""

from datetime import datetime

from pydantic import ConfigDict, Field

from chalicelib.access.rules.opening import OpeningState
from chalicelib.access.schemas.gates import NearAsked
from chalicelib.core.schema import Asked, Identifier, Shown


class DoorAsked(Asked):
    """By right of which flat, and how somebody shows that they stand at the door."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit_id": "heyuan-1-101",
                    "near": {"code": "LG1.heyuan-gate-01.59760000.0123456789abcdef"},
                }
            ]
        }
    )

    unit_id: Identifier
    near: NearAsked = NearAsked()


class PhoneOpeningReply(Shown):
    """An opening by one's own phone. `SENT` comes with 202: ask again; it is never repeated."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "opening_id": "open_01JCZ5",
                    "device_id": "heyuan-gate-01",
                    "unit_id": "heyuan-1-101",
                    "command_id": "cmd_01JCZ5",
                    "state": "OPENED",
                    "expires_at": "2026-11-21T08:00:05Z",
                    "guard_asked": False,
                }
            ]
        }
    )

    opening_id: str
    device_id: str
    unit_id: str
    command_id: str
    state: OpeningState
    expires_at: datetime = Field(description="after this the door will not move")
    guard_asked: bool = Field(description="a guard was asked to see to it")
