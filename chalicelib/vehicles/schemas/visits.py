"""What people send and see of announced visitors' cars."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Moment, Page, Paging, Personal, Shown, Text
from chalicelib.vehicles.rules.visits import Payer, VisitState
from chalicelib.vehicles.schemas.plates import Typed

_VISIT: dict[str, Any] = {
    "visit_id": "visit_01JCZ5",
    "unit_id": "heyuan-1-101",
    "plate": "粤BD12345",
    "form": "new_energy_small",
    "state": "APPROVED",
    "starts": "2026-11-21T10:00:00Z",
    "ends": "2026-11-22T02:00:00Z",
    "entries_allowed": 1,
    "entered": 0,
    "free_minutes": 30,
    "payer": "visitor",
    "note": "亲戚来访",
    "arrived_at": None,
    "left_at": None,
    "reason": None,
}


class VisitAsked(Asked):
    """A visitor's car that is to pass by itself within [starts, ends)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit_id": "heyuan-1-101",
                    "plate": "粤BD12345",
                    "starts": "2026-11-21T10:00:00Z",
                    "ends": "2026-11-22T02:00:00Z",
                }
            ]
        }
    )

    unit_id: Identifier
    plate: Typed
    starts: Moment = Field(examples=["2099-11-21T10:00:00Z"])
    ends: Moment = Field(examples=["2099-11-22T02:00:00Z"])
    entries_allowed: int = Field(default=1, ge=1, le=20)
    payer: Payer = Payer.VISITOR
    note: Text = Field(default="", max_length=100)
    submit: bool = Field(default=True, description="false keeps it as a draft")


class VisitReply(Shown):
    """A registered visit, as its host sees it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_VISIT]})

    visit_id: str
    unit_id: str
    plate: str
    form: str
    state: VisitState
    starts: datetime
    ends: datetime
    entries_allowed: int
    entered: int
    free_minutes: int
    payer: Payer
    note: str | None
    arrived_at: datetime | None
    left_at: datetime | None
    reason: str | None


class VisitPage(Page[VisitReply]):
    """One page of the caller's visits, the latest window first."""


class VisitQuery(Paging):
    """Which visits a list shows."""

    state: VisitState = VisitState.PENDING


class VisitSeenReply(VisitReply):
    """A registered visit as staff see it: the plate only once that is on record."""

    model_config = ConfigDict(json_schema_extra={"examples": [_VISIT]})

    plate: Personal[str]
    note: Personal[str | None]


class VisitSeenPage(Page[VisitSeenReply]):
    """One page of visits in a state, by their beginning; no plate in the clear."""
