"""What a visitor's phone asks and sees, and whom a flat does not hear."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.access.rules.calls import CallState
from chalicelib.access.schemas.gates import NearAsked
from chalicelib.core.schema import Asked, Identifier, Page, Shown, Text


class RingAsked(Asked):
    """Which flat to ring, how the visitor shows to be there, and who they say they are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit_id": "heyuan-1-101",
                    "near": {"code": "LG1.heyuan-gate-01.59760000.0123456789abcdef"},
                    "visitor_name": "送蛋糕的小李",
                }
            ]
        }
    )

    unit_id: Identifier
    near: NearAsked = NearAsked()
    visitor_name: Annotated[Text, Field(max_length=20)] = ""
    photo: str = Field(default="", max_length=200, description="the key of an uploaded picture")


class RingReply(Shown):
    """A ring as its visitor sees it: where it is, and nothing of who lives there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "call_id": "call_01JCZ5",
                    "device_id": "heyuan-gate-01",
                    "state": "RINGING",
                    "rung_at": "2026-11-21T08:00:00Z",
                    "expires_at": "2026-11-21T08:00:30Z",
                }
            ]
        }
    )

    call_id: str
    device_id: str
    state: CallState
    rung_at: datetime
    expires_at: datetime


class BlockReply(Shown):
    """Somebody whose phone a flat does not hear: by what they called themselves then."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "block_id": "block_01JCZ5",
                    "unit_id": "heyuan-1-101",
                    "visitor_name": "推销",
                    "blocked_at": "2026-11-21T08:00:00Z",
                }
            ]
        }
    )

    block_id: str
    unit_id: str
    visitor_name: str
    blocked_at: datetime


class BlockList(Page[BlockReply]):
    """One page of whom a flat does not hear."""
