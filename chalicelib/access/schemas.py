"""What residents see of a visitor's call."""

from datetime import datetime

from pydantic import ConfigDict, Field

from chalicelib.access.rules import CallState
from chalicelib.core.schema import Shown


class CallReply(Shown):
    """A visitor's call to one of the caller's flats."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "call_id": "call_01JCZ5",
                    "unit_id": "heyuan-1-101",
                    "gate_id": "heyuan-gate-01",
                    "state": "RINGING",
                    "rung_at": "2026-11-21T08:00:00Z",
                    "expires_at": "2026-11-21T08:00:30Z",
                    "answered_by": None,
                    "command_id": None,
                }
            ]
        }
    )

    call_id: str
    unit_id: str
    gate_id: str
    state: CallState
    rung_at: datetime
    expires_at: datetime = Field(description="until when it can be answered")
    answered_by: str | None
    command_id: str | None


class CallList(Shown):
    """The last ten minutes' calls, newest first."""

    items: list[CallReply]


class OpeningReply(Shown):
    """A granted opening. `SENT` comes with 202: ask the call again until `expires_at`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "call_id": "call_01JCZ5",
                    "gate_id": "heyuan-gate-01",
                    "command_id": "cmd_01JCZ5",
                    "state": "OPENED",
                    "expires_at": "2026-11-21T08:00:12Z",
                }
            ]
        }
    )

    call_id: str
    gate_id: str
    command_id: str
    state: CallState
    expires_at: datetime = Field(description="after this the gate will not move")
