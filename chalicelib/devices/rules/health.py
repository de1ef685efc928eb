"""Pure rules of device faults: the states of FLOWS.md 12, and how one fault runs its course.

A course is one device and one fault, and has at most one order. What a device shows is the
gravest of its courses, unless it is in maintenance or retired. Times are epoch milliseconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

HOUR_MS, DAY_MS = 3_600_000, 86_400_000

FOR_EVER = 10**15
"""A fault lasts until somebody says that it is mended."""

LEAST_OBSERVED_MS, MOST_OBSERVED_MS = 600_000, 12 * HOUR_MS
MOST_DOUBLED = 3
"""How often a relapse doubles the time for which a device is observed."""


class HealthState(StrEnum):
    """Where a device is, as far as one fault goes (FLOWS.md 12)."""

    ONLINE = "ONLINE"
    SUSPECT = "SUSPECT"
    OFFLINE = "OFFLINE"
    FAULT = "FAULT"
    TICKETED = "TICKETED"
    REPAIRING = "REPAIRING"
    VERIFYING = "VERIFYING"
    MAINTENANCE = "MAINTENANCE"
    RETIRED = "RETIRED"


S = HealthState
_ASIDE = frozenset({S.MAINTENANCE, S.RETIRED})
_WORKING = frozenset(S) - _ASIDE

ARROWS: Mapping[HealthState, frozenset[HealthState]] = {
    S.ONLINE: _ASIDE | {S.SUSPECT},
    S.SUSPECT: _ASIDE | {S.ONLINE, S.OFFLINE, S.FAULT, S.VERIFYING},
    S.OFFLINE: _ASIDE | {S.TICKETED, S.VERIFYING},
    S.FAULT: _ASIDE | {S.TICKETED, S.VERIFYING},
    S.TICKETED: _ASIDE | {S.REPAIRING, S.VERIFYING},
    S.REPAIRING: _ASIDE | {S.VERIFYING},
    S.VERIFYING: _ASIDE | {S.ONLINE, S.SUSPECT},
    S.MAINTENANCE: _WORKING | {S.RETIRED},
    S.RETIRED: frozenset(),
}
"""The only legal moves. Maintenance suppresses a fault where it is and gives it back there."""

GRAVITY = (S.ONLINE, S.VERIFYING, S.SUSPECT, S.REPAIRING, S.TICKETED, S.FAULT, S.OFFLINE)
"""What a device shows of several courses: the last of these."""

SILENCE, FLAPPING, CLOCK, STORM, POWER = "offline", "flapping", "clock", "storm", "power_lost"
REPORTED = "reported/"
"""Before the code of a fault that the device reports itself."""

FOLDED = f"{REPORTED}others"
"""The one fault that a device's further codes become: a mad one opens no order for each."""

MOST_REPORTED = 8
LONGEST_FAULT = 80
MOST_MARKS = 64

Outcome = Literal["recovered", "repaired", "false_alarm", "retired"]


@dataclass(frozen=True)
class Course:
    """One device and one fault; `since` is when it came into its state.

    `until` is how long the fault is said to last (0: it is over), `strikes` how often it was
    seen before it was believed, `relapses` how often it came back while it was observed.
    `order` is the id of its order and `opened_at` when that was opened (0: there is none).
    `under` says what explains it (a gateway, or `fault:…` of the device itself): then it gets
    no order of its own; `own_since` is when that ended. `repaired` says that people worked on it.
    """

    fault: str
    state: HealthState = S.ONLINE
    since: int = 0
    until: int = 0
    strikes: int = 0
    relapses: int = 0
    order: str = ""
    opened_at: int = 0
    reminded_at: int = 0
    under: str = ""
    own_since: int = 0
    repaired: bool = False

    def walked(self, at: int, *states: HealthState) -> "Course":
        """Return the course after it went through states; ValueError where no arrow leads."""
        course = self
        for state in states:
            if not may_follow(course.state, state):
                raise ValueError(f"no arrow from {course.state} to {state}")
            course = replace(course, state=state, since=at)
        return course

    def ended(self, at: int) -> "Course":
        """Return the course gone back to where it began, by arrows."""
        home = (S.ONLINE,) if may_follow(self.state, S.ONLINE) else (S.VERIFYING, S.ONLINE)
        return self.walked(at, *home)

    def observed_ms(self, every_ms: int) -> int:
        """Return for how long a device must be heard before the fault counts as gone."""
        base = min(max(2 * every_ms, LEAST_OBSERVED_MS), MOST_OBSERVED_MS)
        return int(base * 2 ** min(self.relapses, MOST_DOUBLED))


@dataclass(frozen=True)
class Health:
    """What is known of one device's health.

    A device is watched from its first word on (`watched_since`, 0: it has said nothing yet).
    `marks` holds, by fault, the position of the newest event that spoke of it; `drops` when
    it went silent of late. Silence counts from `resumed_at` on (a swap, the end of a
    maintenance), `down_since` is the part of it that is not accounted yet (0: it is up).
    `will_at` and `will_online` are the broker's last word of it.
    """

    watched_since: int
    courses: Mapping[str, Course] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    drops: tuple[int, ...] = ()
    resumed_at: int = 0
    down_since: int = 0
    will_at: int = 0
    will_online: bool = True
    maintained_since: int = 0
    maintained_until: int = 0
    retired_at: int = 0

    @property
    def state(self) -> HealthState:
        """Return what the device shows."""
        if self.retired_at:
            return S.RETIRED
        if self.maintained_until:
            return S.MAINTENANCE
        return gravest(course.state for course in self.courses.values())

    def with_course(self, course: Course) -> "Health":
        """Return the health with a course in the place of the one before; online, it is over."""
        courses = {name: one for name, one in self.courses.items() if name != course.fault}
        if course.state is not S.ONLINE:
            courses[course.fault] = course
        return replace(self, courses=courses)

    def with_mark(self, fault: str, position: str) -> "Health":
        """Return the health in which a fault was last spoken of at a position."""
        marks = {name: mark for name, mark in self.marks.items() if name != fault}
        kept = list(marks.items())[-(MOST_MARKS - 1) :]
        return replace(self, marks={**dict(kept), fault: position})

    def unheard(self, at: int) -> "tuple[Down, ...]":
        """Return the time for which the device was down until now and that nobody counted."""
        if not self.down_since or self.down_since >= at:
            return ()
        course = self.course(SILENCE)
        waits = course.state is S.OFFLINE and course.own_since > 0
        return (Down(self.down_since, at, bool(course.under) or waits),)

    def course(self, fault: str) -> Course:
        """Return the course of a fault; online if there is none under way."""
        return self.courses.get(fault) or Course(fault)


@dataclass(frozen=True)
class Turn:
    """Something that others hear of: an order was opened, moved, reminded of, or cleared.

    `by` is who did it and `note` what they said, if it was a person.
    """

    what: Literal["opened", "moved", "reminded", "cleared"]
    course: Course
    outcome: Outcome | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Down:
    """A time for which a device could not be heard; `grouped` if that was its gateway's fault."""

    start: int
    end: int
    grouped: bool = False


@dataclass(frozen=True)
class Judged:
    """A device's health after a look at it, and what follows from that."""

    health: Health
    turns: tuple[Turn, ...] = ()
    downs: tuple[Down, ...] = ()
    kept: tuple[int, int] = (0, 0)
    """From when to when it was in maintenance, if that has just ended."""

    def then(self, following: "Judged") -> "Judged":
        """Return both looks as one."""
        return Judged(
            following.health,
            self.turns + following.turns,
            self.downs + following.downs,
            following.kept if any(following.kept) else self.kept,
        )


def may_follow(state: HealthState, following: HealthState) -> bool:
    """Return whether an arrow leads from one state to the other."""
    return following in ARROWS[state]


def gravest(states: Iterable[HealthState]) -> HealthState:
    """Return which of several states a device shows."""
    return max(states, key=GRAVITY.index, default=S.ONLINE)
