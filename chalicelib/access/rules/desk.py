"""Pure rules of the guards' queue: what a person must look at, and who has taken it on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class DeskKind(StrEnum):
    """What a request for the guard is about."""

    CALL = "call"
    PLATE = "plate"
    DOOR = "door"


class DeskState(StrEnum):
    """Where a request is: nobody's, somebody's, or over."""

    WAITING = "WAITING"
    TAKEN = "TAKEN"
    DONE = "DONE"


class DeskOutcome(StrEnum):
    """What became of a request, as the guard says."""

    LET_IN = "let_in"
    TURNED_AWAY = "turned_away"
    CONFIRMED = "confirmed"
    """A near match (a misread plate) is the one that was meant; it is let in."""
    HANDLED = "handled"
    NOBODY_THERE = "nobody_there"
    LAPSED = "lapsed"
    """Nobody dealt with it in time; no guard says so."""


ARROWS: Final[Mapping[DeskState, frozenset[DeskState]]] = {
    DeskState.WAITING: frozenset({DeskState.TAKEN, DeskState.DONE}),
    DeskState.TAKEN: frozenset({DeskState.DONE}),
    DeskState.DONE: frozenset(),
}

"""What settles itself, a gate that opened after all, is over without anybody."""

TAKEN_FOR: Final = timedelta(minutes=15)
"""After that somebody else may take on what is not done: its guard went off shift."""

WAITS_FOR: Final = timedelta(minutes=30)
"""How long somebody may stand before a door: then the request to let them in is over."""

STANDS_FOR: Final = timedelta(days=7)
"""How long a request stands that opens nothing: somebody is to see to a thing, not a visitor."""

LATEST_MS: Final = 10**13 - 1
"""After every instant that we shall see, in epoch milliseconds."""


@dataclass(frozen=True)
class DeskAsk:
    """What a guard is asked to look at.

    `cause` is the id of what caused it: a request's id comes from kind and cause, so that a
    cause asks once. `why` is a stable snake_case code (`gate_offline`, `plate_unknown`).
    `door_id` is what `POST …/open` would open, empty if nothing. `path` is the node path of
    the place, `unit_id` the flat concerned, `still` the key of a picture (`core.media`), and
    `subject` an id of the asking domain's own (a stay, a credential). Nothing here names a
    person; a plate stays with vehicles, who show it by `subject`.
    """

    community_id: str
    kind: DeskKind
    cause: str
    why: str
    place_id: str
    asked_at: datetime
    door_id: str = ""
    path: str = ""
    unit_id: str = ""
    still: str = ""
    subject: str = ""


def order(state: DeskState, at_ms: int) -> str:
    """Return where a request stands in the queue, for a list in ascending order.

    Waiting ones first, the longest waiting of them at the top; then those taken on; then
    those that are over, the latest first.
    """
    rank = list(DeskState).index(state)
    since = LATEST_MS - at_ms if state is DeskState.DONE else at_ms
    return f"{rank}#{since:013d}"


def may_follow(state: DeskState, following: DeskState) -> bool:
    """Return whether a request may go from one state to the other."""
    return following in ARROWS[state]


def is_forsaken(taken_at: datetime, at: datetime) -> bool:
    """Return whether a request that was taken on may be taken over."""
    return at >= taken_at + TAKEN_FOR


def lapses_at(asked_at: datetime, *, opens: bool) -> datetime:
    """Return when a request that nobody deals with is over."""
    return asked_at + (WAITS_FOR if opens else STANDS_FOR)


def masked_room(name: str) -> str:
    """Return the name of a flat with all but the first character of its room hidden.

    `1号楼 1单元 101` becomes `1号楼 1单元 1**`: enough to tell a visitor's way, not whose it is.
    """
    above, _, room = name.rpartition(" ")
    hidden = room[:1] + "*" * max(0, len(room) - 1)
    return f"{above} {hidden}" if above else hidden
