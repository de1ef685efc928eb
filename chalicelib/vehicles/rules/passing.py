"""Pure rules of a car at a barrier: let in by itself, or shown to the guard.

Nothing here knows of money: whether fees are paid changes no answer (SECURITY.md I10).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from chalicelib.vehicles.rules.plates import Plate

LEAST_CONFIDENCE: Final = 0.7
"""Below, a camera has not read the plate but guessed it; each estate may set its own."""

ECHO: Final = timedelta(seconds=10)
"""A plate read again by the same camera within this is the same car in the same moment."""

WAITS_FOR: Final = timedelta(minutes=30)
"""Longer no car stands at a barrier: what is older opens nothing."""

STILL_THERE: Final = timedelta(seconds=60)
"""A plate read again by the same camera within this has not passed yet: no second entry."""

Side = Literal["in", "out"]


class CarKind(StrEnum):
    """As what a car is inside."""

    RESIDENT = "resident"
    VISITOR = "visitor"
    OTHER = "other"
    EMERGENCY = "emergency"


GUESTS: Final = frozenset({CarKind.VISITOR, CarKind.OTHER})
"""Those who need a space that belongs to nobody."""


class Why(StrEnum):
    """Why a car is shown to the guard."""

    UNREAD = "plate_unread"
    ON_DUTY_UNSURE = "on_duty_unsure"
    """It looks like a vehicle on duty, but the camera guessed: anybody could paint one."""
    UNKNOWN = "plate_unknown"
    NEAR = "plate_near"
    TOO_EARLY = "visit_too_early"
    OVER = "visit_over"
    USED_UP = "visit_used_up"
    PENDING = "visit_pending"
    FULL = "car_park_full"
    NO_BARRIER = "barrier_unavailable"
    BARRIER_FAILED = "barrier_failed"
    HEARD_LATE = "heard_late"


@dataclass(frozen=True)
class Entry:
    """A plate that is registered: a resident's, a visit's, or of a vehicle on duty.

    `index` is the plate's blind index. The window is half-open, in epoch milliseconds, and
    begins no earlier than the registration; None is without end. `left` are entries left, None
    without limit. `is_good` once approved, `asked` when it was
    registered.
    """

    id: str
    kind: CarKind
    index: str
    unit_id: str = ""
    person_id: str = ""
    starts: int | None = None
    ends: int | None = None
    left: int | None = None
    is_good: bool = True
    asked: int = 0

    def covers(self, at_ms: int) -> bool:
        """Return whether an instant lies in its window."""
        return (self.starts is None or self.starts <= at_ms) and not self.is_over(at_ms)

    def is_over(self, at_ms: int) -> bool:
        """Return whether its window has ended."""
        return self.ends is not None and at_ms >= self.ends


@dataclass(frozen=True)
class Verdict:
    """Let in as what and by which entry, or shown to the guard and why."""

    opens: bool
    kind: CarKind = CarKind.OTHER
    entry: Entry | None = None
    why: Why | None = None
    candidates: tuple[Entry, ...] = ()


def entering(
    plate: Plate | None, index: str, entries: Sequence[Entry], at_ms: int, *, has_space: bool
) -> Verdict:
    """Return what to do with a car that wishes to come in.

    `entries` are those of all plates that a camera may take for this one; only those of the
    very plate let it in. `has_space`: a space that belongs to nobody is free.
    """
    own = [entry for entry in entries if entry.index == index]
    if plate is not None and plate.is_on_duty:
        return Verdict(opens=True, kind=CarKind.EMERGENCY)
    good = [one for one in own if one.is_good and one.covers(at_ms) and one.left != 0]
    for kind in (CarKind.EMERGENCY, CarKind.RESIDENT):
        if found := next((one for one in good if one.kind is kind), None):
            return Verdict(opens=True, kind=kind, entry=found)
    if good:
        first = min(good, key=precedence)
        seen = Verdict(opens=True, kind=CarKind.VISITOR, entry=first)
        return seen if has_space else _held(Why.FULL, [first])
    if own:
        return _held(_why_not(own, at_ms), own)
    return _held(Why.NEAR if entries else Why.UNKNOWN, entries)


def precedence(entry: Entry) -> tuple[int, int, str]:
    """Return the order in which entries of one plate go before one another.

    A vehicle on duty, then a resident's, then visits: whoever registered first. Nobody takes
    another flat's visitor over by announcing the same car afterwards.
    """
    order = (CarKind.EMERGENCY, CarKind.RESIDENT, CarKind.VISITOR, CarKind.OTHER)
    return order.index(entry.kind), entry.asked, entry.id


def unless_sure(verdict: Verdict, entries: Iterable[Entry], *, is_sure: bool) -> Verdict:
    """Return the verdict that holds for a plate as sure as the camera read it.

    A guess opens nothing but for a vehicle on duty that the estate itself has listed: by its
    form alone any plate with a stain is one.
    """
    listed = verdict.kind is CarKind.EMERGENCY and verdict.entry is not None
    if is_sure or listed:
        return verdict
    on_duty = verdict.kind is CarKind.EMERGENCY
    return _held(Why.ON_DUTY_UNSURE if on_duty else Why.UNREAD, entries)


def _why_not(own: Iterable[Entry], at_ms: int) -> Why:
    """Return why none of a plate's own entries lets it in: the most hopeful reason."""
    reasons = {_reason(one, at_ms) for one in own}
    order = (Why.PENDING, Why.TOO_EARLY, Why.USED_UP, Why.OVER)
    return next(why for why in order if why in reasons)


def _reason(one: Entry, at_ms: int) -> Why:
    if one.is_over(at_ms):
        return Why.OVER
    if not one.is_good:
        return Why.PENDING
    return Why.USED_UP if one.left == 0 else Why.TOO_EARLY


def _held(why: Why, candidates: Iterable[Entry]) -> Verdict:
    return Verdict(opens=False, why=why, candidates=tuple(candidates))


def may_be_confirmed(entry: Entry, at_ms: int) -> bool:
    """Return whether a guard may let a car in as this entry: approved, not over, not used up.

    Who comes before their window is the guard's to judge.
    """
    return entry.is_good and not entry.is_over(at_ms) and entry.left != 0


def side_of(reported: object, lane: str | None, *, is_inside: bool) -> Side:
    """Return which way a car goes: as the lane is built, as reported, or as it must be."""
    for said in (lane, reported):
        if said == "in":
            return "in"
        if said == "out":
            return "out"
    return "out" if is_inside else "in"


def is_read(reading: str, confidence: object, least: float) -> bool:
    """Return whether a camera has read a plate, as sure as the estate wants it."""
    if not reading or reading == "UNREAD":
        return False
    return not isinstance(confidence, int | float) or confidence >= least


def is_again(last_ms: int, at_ms: int, within: timedelta) -> bool:
    """Return whether a reading is that of an earlier one, seen again."""
    return 0 <= at_ms - last_ms < within // timedelta(milliseconds=1)


@dataclass(frozen=True)
class Inside:
    """The open stay of a plate; `device_id` let it in, `seen_ms` when it was read there last."""

    stay_id: str
    park_id: str
    kind: CarKind
    device_id: str
    entered_ms: int
    seen_ms: int
    visit_id: str = ""


@dataclass(frozen=True)
class Free:
    """Free spaces: of all, and of those for guests; None where nobody counted the spaces."""

    all: int | None
    guests: int | None


def free(spaces: int | None, guest_spaces: int | None, inside: Mapping[str, int]) -> Free:
    """Return the free spaces to show, never below zero; owners' spaces are never guests'."""
    guests = sum(inside.get(kind.value, 0) for kind in GUESTS)
    everybody = sum(inside.get(kind.value, 0) for kind in (*GUESTS, CarKind.RESIDENT))
    return Free(
        None if spaces is None else max(0, spaces - everybody),
        None if guest_spaces is None else max(0, guest_spaces - guests),
    )


def at_ms(at: datetime) -> int:
    """Return the epoch milliseconds of an aware instant."""
    return round(at.timestamp() * 1000)
