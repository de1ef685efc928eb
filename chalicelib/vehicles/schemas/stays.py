"""What guards and managers send and see of cars at barriers, and of stays."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Page, Paging, Personal, Shown, Text
from chalicelib.vehicles.rules.passing import CarKind, Why

_ARRIVAL: dict[str, Any] = {
    "arrival_id": "arr_01JCZ5",
    "state": "WAITING",
    "side": "in",
    "why": "plate_near",
    "park_id": "main",
    "place_id": "heyuan-east",
    "at": "2026-11-21T08:00:00Z",
    "stay_id": None,
    "decided_by": None,
}
_STAY: dict[str, Any] = {
    "stay_id": "stay_01JCZ5",
    "park_id": "main",
    "kind": "visitor",
    "state": "ENTERED",
    "entered_at": "2026-11-21T08:00:00Z",
    "exited_at": None,
    "admitted_by": None,
    "orphan": None,
    "late": False,
    "opened": "OPENED",
}


class ArrivalReply(Shown):
    """A car that was not let through by itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ARRIVAL]})

    arrival_id: str
    state: Literal["WAITING", "ADMITTED", "TURNED_AWAY", "LAPSED"]
    side: Literal["in", "out"]
    why: Why
    park_id: str
    place_id: str
    at: datetime
    stay_id: str | None
    decided_by: str | None


class ArrivalPage(Page[ArrivalReply]):
    """One page of the cars that wait, the latest first."""


class CandidateReply(Shown):
    """A registered plate that a camera may have read wrongly; for a car going out, a stay."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "candidate_id": "own_01JCZ5",
                    "kind": "resident",
                    "unit_id": "heyuan-1-101",
                    "plate": "粤B12345",
                }
            ]
        }
    )

    candidate_id: str
    kind: CarKind
    unit_id: Personal[str]
    plate: Personal[str]


class ArrivalSeenReply(Shown):
    """A car with what the camera read, its still for two minutes, and who it may be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "arrival": _ARRIVAL,
                    "reading": "粤B1Z345",
                    "still_url": "https://bucket.example/still.jpg",
                    "candidates": [
                        {
                            "candidate_id": "own_01JCZ5",
                            "kind": "resident",
                            "unit_id": "heyuan-1-101",
                            "plate": "粤B12345",
                        }
                    ],
                    "withheld": 0,
                }
            ]
        }
    )

    arrival: ArrivalReply
    reading: str = Field(description="what the camera read, empty if nothing")
    still_url: str | None
    candidates: list[CandidateReply]
    withheld: int = Field(description="how many more, past the people that one may see in an hour")


class AdmissionAsked(Asked):
    """As what a guard lets a car through: a candidate, by their own reading, or as a stranger."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"candidate_id": "own_01JCZ5", "reason": "车身吻合"}]}
    )

    candidate_id: Identifier | Literal[""] = ""
    plate: Text = Field(default="", max_length=32)
    reason: Text = Field(default="", max_length=200)
    beyond_capacity: bool = Field(default=False, description="although no guest space is free")


class TurnAwayAsked(Asked):
    """Why a car is turned away."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "无人接待"}]})

    reason: Text = Field(default="", max_length=200)


class StayQuery(Paging):
    """Which stays a list shows: those inside a car park, or the newest of all."""

    park_id: Identifier | None = None


class StayReply(Shown):
    """A stay: of which kind of car, never whose."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STAY]})

    stay_id: str
    park_id: str
    kind: CarKind
    state: Literal["ENTERED", "EXITED", "ORPHAN"]
    entered_at: datetime | None
    exited_at: datetime | None
    admitted_by: str | None
    orphan: str | None = Field(description="which end was never seen, or closed by hand")
    late: bool = Field(description="a camera told of it afterwards")
    opened: str | None = Field(description="how the barrier took its last command")


class StayPage(Page[StayReply]):
    """One page of stays, the latest first."""


class GroundsQuery(Asked):
    """Why one stay is looked at; both are needed (403 `ticket_required`)."""

    purpose: Identifier | Literal[""] = Field(default="", examples=["complaint"])
    ticket: Identifier | Literal[""] = Field(default="", examples=["WO-2026-0042"])


class StaySeenReply(Shown):
    """One stay with plate, flat and stills; the look is on record."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stay": _STAY,
                    "plate": "粤B12345",
                    "unit_id": "heyuan-1-101",
                    "entry_still_url": None,
                    "exit_still_url": None,
                }
            ]
        }
    )

    stay: StayReply
    plate: Personal[str]
    unit_id: Personal[str | None]
    entry_still_url: Personal[str | None]
    exit_still_url: Personal[str | None]
