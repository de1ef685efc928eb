"""What guards see of the requests for them, and say of them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from chalicelib.access.rules.desk import DeskKind, DeskOutcome, DeskState
from chalicelib.access.rules.opening import OpeningState
from chalicelib.core.schema import Asked, Page, Shown, Text


class DeskReply(Shown):
    """A request for a guard: nobody's name, a flat that is masked; the picture is the taker's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "desk_id": "desk_01JCZ5",
                    "kind": "call",
                    "why": "gate_offline",
                    "place_id": "heyuan-entrance-01",
                    "door_id": "heyuan-gate-01",
                    "unit": "1号楼 1单元 1**",
                    "subject": None,
                    "state": "WAITING",
                    "outcome": None,
                    "note": None,
                    "asked_at": "2026-11-21T08:00:05Z",
                    "taken_by": None,
                    "taken_at": None,
                    "done_at": None,
                    "opening": None,
                    "still_url": None,
                }
            ]
        }
    )

    desk_id: str
    kind: DeskKind
    why: str = Field(description="a code: gate_offline, gate_failed, plate_unknown …")
    place_id: str
    door_id: str | None = Field(description="what `…/open` opens, if anything")
    unit: str | None
    subject: str | None = Field(description="what it is about, for the part that asked")
    state: DeskState
    outcome: DeskOutcome | None
    note: str | None
    asked_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    done_at: datetime | None
    opening: OpeningState | None
    still_url: str | None = Field(description="shown to who has taken it, for five minutes")


class DeskPage(Page[DeskReply]):
    """One page of requests: the longest waiting first, then those taken on, then the done."""


class DoneAsked(Asked):
    """What became of a request."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"outcome": "let_in", "note": "核对身份后放行"}]}
    )

    outcome: Literal[
        DeskOutcome.LET_IN,
        DeskOutcome.TURNED_AWAY,
        DeskOutcome.CONFIRMED,
        DeskOutcome.HANDLED,
        DeskOutcome.NOBODY_THERE,
    ]
    note: Annotated[Text, Field(max_length=200)] = ""


class HandAsked(Asked):
    """Why a guard opens by hand; it stays on record."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "门禁离线，业主电话确认后放行"}]}
    )

    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class DeskOpeningReply(Shown):
    """The one opening by a request. `SENT` comes with 202: look at the request again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "desk_id": "desk_01JCZ5",
                    "device_id": "heyuan-gate-01",
                    "command_id": "cmd_01JCZ5",
                    "state": "OPENED",
                    "expires_at": "2026-11-21T08:00:05Z",
                }
            ]
        }
    )

    desk_id: str
    device_id: str
    command_id: str
    state: OpeningState
    expires_at: datetime
