"""What residents see of a visitor's call."""

from datetime import datetime

from pydantic import ConfigDict, Field

from chalicelib.access.rules.calls import CallState
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
                    "by_phone": False,
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
    by_phone: bool = Field(description="a visitor's phone rang, which the flat may block")


class CallDetailReply(CallReply):
    """A visitor's call with the visitor's picture, which is shown for 30 days."""

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
                    "by_phone": True,
                    "still_url": "https://bucket.example/heyuan/stills/per_1/9f86.jpg?X-Amz",
                    "visitor_name": "送蛋糕的小李",
                }
            ]
        }
    )

    still_url: str | None = Field(description="an address that is good for five minutes")
    visitor_name: str | None = Field(description="what the visitor calls themselves; unproved")


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
                    "guard_asked": False,
                }
            ]
        }
    )

    call_id: str
    gate_id: str
    command_id: str
    state: CallState
    expires_at: datetime = Field(description="after this the gate will not move")
    guard_asked: bool = Field(description="the gate is away: a guard was asked to see to it")
