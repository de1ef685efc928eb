"""Pure rules of announced visitors' cars (FLOWS.md 2): states, windows, quotas."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

CALENDAR: Final = timezone(timedelta(hours=8))
"""Whose months quotas are counted by: China has one zone."""

LONGEST: Final = timedelta(days=30)
"""Of one registration; an estate may allow less."""

GRACE: Final = timedelta(hours=1)
"""How long ago a visit may have begun when it is registered: the clocks of phones, full hours."""

SHORTEST: Final = timedelta(minutes=5)
FARTHEST: Final = timedelta(days=90)
"""How long ahead a visit can be registered."""

OVERSTAYS_AFTER: Final = timedelta(minutes=15)
"""How long after its window a car may take to leave before it counts as overstayed."""


class VisitState(StrEnum):
    """How far a registered visit has come."""

    DRAFT = "DRAFT"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    ENTERED = "ENTERED"
    EXITED = "EXITED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    OVERSTAYED = "OVERSTAYED"


class Payer(StrEnum):
    """Who pays for the parking beyond the free minutes."""

    HOST = "host"
    VISITOR = "visitor"


_S = VisitState
ARROWS: Final[Mapping[VisitState, frozenset[VisitState]]] = {
    _S.DRAFT: frozenset({_S.PENDING, _S.CANCELLED, _S.EXPIRED}),
    _S.PENDING: frozenset({_S.APPROVED, _S.REJECTED, _S.CANCELLED, _S.EXPIRED}),
    _S.APPROVED: frozenset({_S.ENTERED, _S.CANCELLED, _S.EXPIRED}),
    _S.ENTERED: frozenset({_S.EXITED, _S.OVERSTAYED}),
    _S.OVERSTAYED: frozenset({_S.EXITED}),
    _S.EXITED: frozenset({_S.ENTERED, _S.CANCELLED}),
    _S.REJECTED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
}
"""The only legal transitions. EXITED leads back to ENTERED while entries are left."""

UNUSED: Final = frozenset({_S.DRAFT, _S.PENDING, _S.APPROVED})
"""No car has come yet: what was taken from the quota is given back."""

QUOTED: Final = frozenset({_S.PENDING, _S.APPROVED})
"""Unused, and taken from the flat's quota."""


def may_follow(state: VisitState, following: VisitState) -> bool:
    """Return whether a visit may go from one state to the other."""
    return following in ARROWS[state]


def window_refusal(
    starts: datetime, ends: datetime, at: datetime, longest: timedelta = LONGEST
) -> str | None:
    """Return why a window [starts, ends) cannot be registered at an instant, or None."""
    if ends <= at:
        return "window_over"
    if at - starts > GRACE:
        return "window_begun"
    if ends - starts < SHORTEST:
        return "window_too_short"
    if ends - starts > longest:
        return "window_too_long"
    return "window_too_far" if starts - at > FARTHEST else None


def overlaps(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether two half-open windows share an instant; one may begin as the other ends."""
    return one[0] < other[1] and other[0] < one[1]


def month_of(starts: datetime) -> str:
    """Return the month whose quota a visit counts in: that of its beginning."""
    return starts.astimezone(CALENDAR).strftime("%Y-%m")


def due_at(state: VisitState, ends: datetime) -> datetime | None:
    """Return when a sweep must look at a visit again, or None if never."""
    if state in UNUSED:
        return ends
    return ends + OVERSTAYS_AFTER if state is VisitState.ENTERED else None


def lapsed(state: VisitState) -> VisitState | None:
    """Return what a visit becomes whose time is over, or None."""
    if state in UNUSED:
        return VisitState.EXPIRED
    return VisitState.OVERSTAYED if state is VisitState.ENTERED else None
