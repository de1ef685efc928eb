"""What residents see of a visitor's call."""

from datetime import datetime

from pydantic import Field

from chalicelib.access.rules import CallState
from chalicelib.core.schema import Shown


class CallReply(Shown):
    """A visitor's call to one of the caller's flats."""

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

    call_id: str
    gate_id: str
    command_id: str
    state: CallState
    expires_at: datetime = Field(description="after this the gate will not move")
