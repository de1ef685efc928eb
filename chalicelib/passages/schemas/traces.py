"""What residents, guards and managers ask and see of passages."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Moment, Page, Paging, Personal, Shown, Text
from chalicelib.passages.rules.passages import Direction, Holder, Method, PassageOutcome, Thing

_EXAMPLE: dict[str, Any] = {
    "passage_id": "psg_01JCZ5",
    "at": "2026-11-21T08:00:00Z",
    "place_id": "heyuan-gate-01",
    "device_id": "heyuan-gate-01",
    "thing": "person",
    "outcome": "passed",
    "method": "card",
    "direction": "in",
    "holder": "resident",
    "companions": 0,
    "late": False,
    "unit_id": "heyuan-1-101",
    "plate": None,
}


class OwnQuery(Paging):
    """A page of the caller's own passages, or of their child's under 14."""

    person_id: Identifier | None = None


class OwnPassageReply(Shown):
    """A passage of the caller, of their child, or of a visitor of theirs."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    passage_id: str
    at: datetime
    place_id: str
    device_id: str
    thing: Thing
    outcome: PassageOutcome
    method: Method
    direction: Direction
    holder: Holder = Field(description="`visitor`: somebody whom the caller let in")
    companions: int = Field(ge=0)
    late: bool = Field(description="the door reported it later than five minutes")
    unit_id: str | None
    plate: str | None


class OwnPassagePage(Page[OwnPassageReply]):
    """One page of the caller's passages, the newest first."""


class PassageReply(Shown):
    """A passage as staff see it; `withheld` if who it was may not be told them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "name": "王*", "withheld": False}]}
    )

    passage_id: str
    at: datetime
    place_id: str
    device_id: str
    thing: Thing
    outcome: PassageOutcome
    method: Method
    direction: Direction
    holder: Holder
    companions: int = Field(ge=0)
    late: bool
    unit_id: Personal[str | None]
    plate: Personal[str | None] = Field(examples=["粤B12345"])
    name: Personal[str | None] = Field(examples=["王*"])
    withheld: bool = Field(
        description="a child's, or past the people that one may see in an hour: not who it was"
    )


class PassagePage(Page[PassageReply]):
    """One page of passages, the newest first."""


class GatePostAsked(Asked):
    """The gate that a guard takes up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"device_id": "heyuan-gate-01"}]})

    device_id: Identifier


class GatePostReply(Shown):
    """A guard's gate: they see what passes there from `since` on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-gate-01",
                    "place_id": "heyuan-gate-01",
                    "since": "2026-11-21T00:00:00Z",
                    "until": "2026-11-21T12:00:00Z",
                }
            ]
        }
    )

    device_id: str
    place_id: str
    since: datetime
    until: datetime


class IncidentQuery(Paging):
    """One incident: a gate, at most 24 hours, and on what ground (403 `ticket_required`)."""

    device_id: Identifier
    since: Moment
    until: Moment
    purpose: Text | None = Field(default=None, max_length=200, examples=["快递丢失"])
    ticket: Identifier | Literal[""] = Field(default="", examples=["WO-2026-0042"])
