"""What was noticed about passages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ReviewSuggested:
    """A pattern that a person should look at: a figure, never a verdict, and nothing is locked.

    `numbers` are what is behind it: `count`, its `threshold`, `hours` looked at, `places`.
    Whose passages they are is in the review alone.
    """

    community_id: str
    review_id: str
    pattern: str
    numbers: Mapping[str, int]
    suggested_at: datetime
