"""What is asked, seen and said of patterns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Page, Paging, Personal, Shown, Text
from chalicelib.passages.rules.patterns import Finding, Pattern, ReviewState

_FIGURES: dict[str, Any] = {
    "uses": 40,
    "subjects": 3,
    "companions": 10,
    "nights": 5,
    "night_from": 1,
    "night_until": 5,
}


class ReviewsQuery(Paging):
    """A page of reviews: those to be done, or those done."""

    state: ReviewState = ReviewState.OPEN


class ReviewReply(Shown):
    """A pattern with the numbers behind it; it accuses nobody and locks nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "review_id": "rev_01JCZ5",
                    "pattern": "many_uses",
                    "numbers": {"count": 43, "threshold": 40, "hours": 24, "places": 2},
                    "place_id": "heyuan-gate-01",
                    "state": "open",
                    "suggested_at": "2026-11-21T08:00:00Z",
                    "finding": None,
                    "note": None,
                    "closed_by": None,
                    "closed_at": None,
                }
            ]
        }
    )

    review_id: str
    pattern: Pattern
    numbers: Mapping[str, int]
    place_id: str
    state: ReviewState
    suggested_at: datetime
    finding: Finding | None
    note: str | None
    closed_by: str | None
    closed_at: datetime | None


class ReviewPage(Page[ReviewReply]):
    """One page of reviews, the newest first."""


class SubjectQuery(Asked):
    """Why it is asked whose passages they were (403 `ticket_required`)."""

    purpose: Text | None = Field(default=None, max_length=200, examples=["核实门禁卡使用"])
    ticket: Identifier | Literal[""] = Field(default="", examples=["WO-2026-0042"])


class SubjectReply(Shown):
    """Whose passages a review is about, if anybody knows."""

    review_id: str
    person_id: Personal[str | None]
    name: Personal[str | None] = Field(examples=["王小芳"])


class FindingAsked(Asked):
    """What a person found; nothing else happens by it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"finding": "explained", "note": "保洁人员持公用卡"}]}
    )

    finding: Finding
    note: Text = Field(default="", max_length=500, examples=["保洁人员持公用卡"])


class ThresholdsAsked(Asked):
    """From which figures on an estate wants a review; 0 turns a pattern off.

    Uses and companions count within 24 hours; subjects on one card, and nights between two
    hours of the clock (half-open, may span midnight), within 7 days.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_FIGURES]})

    uses: int = Field(ge=0, le=300)
    subjects: int = Field(ge=0, le=300)
    companions: int = Field(ge=0, le=10_000)
    nights: int = Field(ge=0, le=7)
    night_from: int = Field(ge=0, le=23)
    night_until: int = Field(ge=0, le=23)


class ThresholdsReply(Shown):
    """From which figures on an estate wants a review."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FIGURES]})

    uses: int
    subjects: int
    companions: int
    nights: int
    night_from: int
    night_until: int
