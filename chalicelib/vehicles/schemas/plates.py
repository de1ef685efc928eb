"""What people send and see of registered plates."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Page, Paging, Personal, Shown, Text

_PLATE: dict[str, Any] = {
    "plate_id": "own_01JCZ5",
    "plate": "粤B12345",
    "form": "ordinary",
    "unit_id": "heyuan-1-101",
    "state": "PENDING",
    "label": "白色轿车",
    "asked_at": "2026-11-21T08:00:00Z",
    "decided_at": None,
    "reason": None,
}

Typed = Annotated[Text, Field(min_length=1, max_length=32, examples=["粤B·12345"])]
"""A plate as somebody types it; spaces, dots and lower case do not matter."""

PlateState = Literal["PENDING", "APPROVED", "REJECTED", "ENDED"]


class PlateAsked(Asked):
    """A resident's own plate, for a flat of theirs."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"unit_id": "heyuan-1-101", "plate": "粤B12345"}]}
    )

    unit_id: Identifier
    plate: Typed
    label: Text = Field(default="", max_length=40, examples=["白色轿车"])


class PlateReply(Shown):
    """A registered plate, as its own resident sees it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PLATE]})

    plate_id: str
    plate: str
    form: str = Field(examples=["ordinary"])
    unit_id: str | None
    state: PlateState
    label: str | None
    asked_at: datetime
    decided_at: datetime | None
    reason: str | None


class PlatePage(Page[PlateReply]):
    """One page of the caller's own plates, the newest first."""


class PlateQuery(Paging):
    """Which plates a list shows."""

    state: PlateState = "PENDING"


class PlateSeenReply(PlateReply):
    """A registered plate as staff see it: in the clear only once that is on record."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PLATE]})

    plate: Personal[str]
    label: Personal[str | None]


class PlateSeenPage(Page[PlateSeenReply]):
    """One page of plates in a state, the oldest first; none in the clear."""


class RegistrationDecision(Asked):
    """A decision on what a resident registered; a rejection says why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"approve": True}]})

    approve: bool
    reason: Text = Field(default="", max_length=200, examples=["行驶证与登记不符"])


class DutyPlateAsked(Asked):
    """A vehicle on duty with an ordinary plate, which always passes."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"plate": "粤B12345", "label": "市急救中心救护车"}]}
    )

    plate: Typed
    label: Text = Field(min_length=2, max_length=40, examples=["市急救中心救护车"])


class DutyPlateReply(PlateReply):
    """A vehicle on duty that always passes."""
