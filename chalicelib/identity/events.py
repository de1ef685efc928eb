"""What happened to people and their homes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ResidencyEnded:
    """A person left a flat; every right that came with it has ended."""

    community_id: str
    unit_id: str
    person_id: str
    ended_at: datetime
