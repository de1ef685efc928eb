"""Pure rules of visitors' passes: states, what may be asked for, and what a use of one is.

A use is one visit: it begins when a visitor is let in, and takes them inwards from there, from
the gate to the building's door, without another use. Coming in again, beside or further out, is
the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.access.rules.decisions import Direction, Reason, spends
from chalicelib.core.paths import within

LONGEST: Final = timedelta(days=30)
FURTHEST: Final = timedelta(days=90)
"""How far ahead a window may begin."""

MOST_USES: Final = 100
MOST_COMPANIONS: Final = 50
MOST_LIVE: Final = 30
"""Live passes of one flat."""

MOST_DOORS: Final = 20
LONGEST_VISIT: Final = timedelta(hours=24)
"""How long a visitor is taken inwards on one use: after that a visit is another one."""


class PassState(StrEnum):
    """Where a pass is."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    SPENT = "SPENT"
    REJECTED = "REJECTED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


_S = PassState
ARROWS: Final[Mapping[PassState, frozenset[PassState]]] = {
    _S.PENDING: frozenset({_S.APPROVED, _S.REJECTED, _S.REVOKED, _S.EXPIRED}),
    _S.APPROVED: frozenset({_S.SPENT, _S.REVOKED, _S.EXPIRED}),
    _S.SPENT: frozenset({_S.REVOKED, _S.EXPIRED}),
    _S.REJECTED: frozenset(),
    _S.REVOKED: frozenset(),
    _S.EXPIRED: frozenset(),
}
"""The only legal transitions. A spent pass still lets its last visitor go on inwards, and out."""

LIVE: Final = frozenset({_S.APPROVED, _S.SPENT})
"""States in which a pass may open a door."""

_CLOSED: Final[Mapping[PassState, Reason]] = {
    _S.PENDING: Reason.NOT_APPROVED,
    _S.REJECTED: Reason.NOT_APPROVED,
    _S.REVOKED: Reason.REVOKED,
    _S.EXPIRED: Reason.EXPIRED,
}


class Approval(StrEnum):
    """Whose leave a pass needs in an estate, beside the host's."""

    NONE = "none"
    STAFF = "staff"


@dataclass(frozen=True)
class Rule:
    """An estate's rule of passes.

    `approval_above`: passes for more companions need staff where others do not.
    `passback_s`: for so long nobody is let in twice by one pass without having gone out; 0 is
    off. `public_floors` are open to every visitor, beside the floor of the flat.
    """

    approval: Approval = Approval.NONE
    approval_above: int | None = None
    passback_s: int = 300
    public_floors: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class Window:
    """A half-open period: from `starts` until before `ends`."""

    starts: datetime
    ends: datetime

    def overlaps(self, other: "Window") -> bool:
        """Return whether there is an instant in both."""
        return self.starts < other.ends and other.starts < self.ends


@dataclass(frozen=True)
class Visit:
    """How far in a visitor is; `since` is None while they are known to be out.

    `path` is the node of the last door passed, `entry` that of the one by which they came in,
    `since` when that was.
    """

    path: str = ""
    entry: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Held:
    """One live pass of a flat: its window, and the blind index of the visitor's name."""

    pass_id: str
    window: Window
    visitor: str


def may_follow(state: PassState, following: PassState) -> bool:
    """Return whether a pass may go from one state to the other."""
    return following in ARROWS[state]


def first_state(rule: Rule, companions: int) -> PassState:
    """Return where a new pass begins: approved, unless the estate wants to be asked."""
    asks = rule.approval is Approval.STAFF
    asks = asks or (rule.approval_above is not None and companions > rule.approval_above)
    return PassState.PENDING if asks else PassState.APPROVED


def shown_state(state: PassState, window: Window, at: datetime) -> PassState:
    """Return the state to show: what is over is shown as such before a sweep says so."""
    over = at >= window.ends and may_follow(state, PassState.EXPIRED)
    return PassState.EXPIRED if over else state


def window_refusal(window: Window, at: datetime) -> str | None:
    """Return why nobody gets a pass for this window, or None."""
    if window.ends <= window.starts:
        return "window_backwards"
    if window.ends <= at:
        return "window_over"
    if window.ends - window.starts > LONGEST:
        return "window_too_long"
    return "window_too_far" if window.starts > at + FURTHEST else None


def holding_refusal(held: Sequence[Held], window: Window, visitor: str, at: datetime) -> str | None:
    """Return why a flat gets no further pass beside those it has, or None.

    One visitor has one pass at a time: a second one would be a second pair of hands.
    """
    live = [one for one in held if at < one.window.ends]
    if visitor and any(one.visitor == visitor and one.window.overlaps(window) for one in live):
        return "overlapping_pass"
    return "too_many_passes" if len(live) >= MOST_LIVE else None


def closed(state: PassState) -> Reason | None:
    """Return why a pass in this state opens nothing, whatever else, or None."""
    return _CLOSED.get(state)


def takes_use(visit: Visit, path: str, direction: Direction, kind: str, at: datetime) -> bool:
    """Return whether letting the visitor through a door at a node takes one of the uses."""
    return spends(direction, kind) and not _goes_on(visit, path, at)


def is_passback(visit: Visit, path: str, at: datetime, passback_s: int) -> bool:
    """Return whether somebody comes in who is in already, by the same pass."""
    if visit.since is None or _goes_on(visit, path, at):
        return False
    return at < visit.since + timedelta(seconds=passback_s)


def moved(visit: Visit, path: str, direction: Direction, kind: str, at: datetime) -> Visit:
    """Return how far the visitor is after having been let through a door at a node."""
    if direction is Direction.OUT:
        if visit.since is None or within(visit.entry, path):
            return Visit()
        return replace(visit, path=path.rpartition("/")[0])
    if not spends(direction, kind):
        return visit
    if _goes_on(visit, path, at):
        return replace(visit, path=path)
    return Visit(path, path, at)


def _goes_on(visit: Visit, path: str, at: datetime) -> bool:
    """Return whether a door is further in than the visitor has come, on the same visit."""
    if visit.since is None or at - visit.since > LONGEST_VISIT:
        return False
    return visit.path != path and within(path, visit.path)
