"""What alerts announce."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AlertOpened:
    """An incident began; `held` says that a lift was told to hold its door."""

    community_id: str
    alert_id: str
    kind: str
    camera_id: str
    place_id: str
    score: float
    held: bool
    opened_at: datetime


@dataclass(frozen=True)
class AlertClosed:
    """An incident ended; `outcome` is how."""

    community_id: str
    alert_id: str
    kind: str
    camera_id: str
    place_id: str
    state: str
    outcome: str
    closed_at: datetime
