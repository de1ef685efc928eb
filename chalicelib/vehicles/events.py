"""What happened to cars at barriers, and to what was registered of them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class VehicleEntered:
    """A car came in; `kind` is resident, visitor, other or emergency.

    `person_id` registered its plate (a visitor's host), empty if nobody did. `admitted_by`
    is the guard who let it in, empty if it passed by itself. `late`: heard afterwards.
    """

    community_id: str
    stay_id: str
    park_id: str
    place_id: str
    device_id: str
    kind: str
    unit_id: str
    person_id: str
    admitted_by: str
    late: bool
    entered_at: datetime


@dataclass(frozen=True)
class VehicleLeft:
    """A car went out; `state` is EXITED, or ORPHAN if its entry or its exit was never seen."""

    community_id: str
    stay_id: str
    park_id: str
    place_id: str
    device_id: str
    kind: str
    unit_id: str
    person_id: str
    state: str
    late: bool
    left_at: datetime


@dataclass(frozen=True)
class VehicleHeld:
    """A car was not let through by itself; the guard was asked. `why` is a stable code."""

    community_id: str
    arrival_id: str
    place_id: str
    device_id: str
    side: str
    why: str
    held_at: datetime


@dataclass(frozen=True)
class PlateDecided:
    """A resident's plate was APPROVED or REJECTED."""

    community_id: str
    plate_id: str
    unit_id: str
    person_id: str
    state: str
    decided_at: datetime


@dataclass(frozen=True)
class VisitDecided:
    """A visitor's registered car was APPROVED or REJECTED."""

    community_id: str
    visit_id: str
    unit_id: str
    host_id: str
    state: str
    decided_at: datetime


@dataclass(frozen=True)
class VisitorArrived:
    """A visitor's registered car came in."""

    community_id: str
    visit_id: str
    unit_id: str
    host_id: str
    stay_id: str
    arrived_at: datetime


@dataclass(frozen=True)
class VisitOverstayed:
    """A visitor's car is inside past the end of its window."""

    community_id: str
    visit_id: str
    unit_id: str
    host_id: str
    ended_at: datetime
