"""What happened to surveys; that somebody answered is no event."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SurveyAnnounced:
    """Residents are asked something from `opens_at` to `closes_at`."""

    community_id: str
    survey_id: str
    title: str
    asks: str
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class SurveyCounted:
    """A survey is over and its result can be read; `answered` is 0 if fewer than five did."""

    community_id: str
    survey_id: str
    answered: int
    counted_at: datetime


@dataclass(frozen=True)
class SurveyCancelled:
    """A survey was called off; nothing of it is counted."""

    community_id: str
    survey_id: str
    cancelled_at: datetime
