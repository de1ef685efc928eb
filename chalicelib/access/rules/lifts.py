"""Pure rules of calling a lift: which floors a flat may ask for, and how a call ended."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from chalicelib.access.rules import floors
from chalicelib.access.rules.calls import UNKNOWN_AFTER


class LiftState(StrEnum):
    """Where a call of a lift is; a lift that does not answer is not called again by us."""

    SENT = "SENT"
    COMING = "COMING"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


OUTCOMES: Final[Mapping[str, LiftState]] = {
    "DONE": LiftState.COMING,
    "REJECTED": LiftState.FAILED,
    "FAILED": LiftState.FAILED,
    "EXPIRED": LiftState.UNKNOWN,
}
"""What the end of the lift's command means."""


@dataclass(frozen=True)
class Trip:
    """Where to, and from where; without the latter somebody stands in the car already."""

    to_floor: int
    from_floor: int | None = None

    def args(self) -> dict[str, Any]:
        """Return what the lift is told: the floor to come to, and the one to be let out at."""
        if self.from_floor is None:
            return {"floor": self.to_floor}
        return {"floor": self.from_floor, "to_floor": self.to_floor}


def refusal(trip: Trip, room: str, public: Collection[int]) -> str | None:
    """Return why somebody of a flat may not make this trip, or None.

    `same_floor`; `floor_not_yours` for any floor but that of the room and the public ones.
    """
    if trip.from_floor == trip.to_floor:
        return "same_floor"
    wanted = {trip.to_floor} | ({trip.from_floor} if trip.from_floor is not None else set())
    return floors.refusal(wanted, floors.granted(room, public))


def shown_state(outcome: str, ends: datetime, at: datetime) -> LiftState:
    """Return the state to show: silence past the command's end is UNKNOWN."""
    state = OUTCOMES.get(outcome, LiftState.SENT)
    overdue = state is LiftState.SENT and at >= ends + UNKNOWN_AFTER
    return LiftState.UNKNOWN if overdue else state
