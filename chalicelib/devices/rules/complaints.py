"""Pure rules of what a device's own words say of its health: faults, restarts, a wrong clock.

Only what is live opens anything: a buffer that is replayed after an outage is history. Of two
words about one fault the one that the device said later decides, whichever came first.
"""

from dataclasses import dataclass, replace

from chalicelib.devices.rules.catalogue import HEARTBEAT, OF_ALL, PROFILES, QUIET, Kind
from chalicelib.devices.rules.health import (
    CLOCK,
    FOLDED,
    FOR_EVER,
    LONGEST_FAULT,
    MOST_REPORTED,
    POWER,
    REPORTED,
    SILENCE,
    STORM,
    Course,
    Health,
    HealthState,
)

S = HealthState
WRONG_MS, RIGHT_MS = 300_000, 120_000
"""How far a clock may be off before it is wrong, and within what it is right again."""

STRIKES = 3
"""How many beats a clock is wrong before it is believed to be."""

FAULTED, RESTORED, STARTED, POWER_LOST = (
    "device.fault",
    "device.restored",
    "device.started",
    "gateway.power_lost",
)
SILENT_IN = frozenset({S.SUSPECT, S.OFFLINE, S.TICKETED})


@dataclass(frozen=True)
class Word:
    """What one event says of health, and its place among the device's own.

    `skew_ms` is by how much its label is ahead of our time of receipt.
    """

    type: str
    position: str
    received_at: int
    skew_ms: int
    live: bool
    replayed: bool = False
    code: str = ""

    @property
    def tells_time(self) -> bool:
        """Return whether its label is the device's clock now: no buffer keeps a heartbeat."""
        return (self.type == HEARTBEAT and not self.replayed) or self.skew_ms > WRONG_MS


def is_use(kind: str, event_type: str) -> bool:
    """Return whether an event says that somebody used the device: it is what it is there for.

    What only measures or watches is used by being heard at all.
    """
    return event_type not in OF_ALL and event_type not in QUIET and serves_people(kind)


def serves_people(kind: str) -> bool:
    """Return whether a device of a kind is used by people, and so may be idle."""
    return Kind(kind) not in _WATCHERS


_WATCHERS = frozenset(kind for kind in PROFILES if not PROFILES[kind].events) | {
    Kind.GAS_SENSOR,
    Kind.GATEWAY,
    Kind.SMOKE_SENSOR,
    Kind.VALVE,
    Kind.WATER_SENSOR,
}


def matters(health: Health, word: Word, every_ms: int) -> bool:
    """Return whether an event may change anything of what is known; cheap, and never too few."""
    silence = health.courses.get(SILENCE)
    if health.down_since or (silence is not None and silence.state in SILENT_IN):
        return True
    if _speaks(health, word) or _clock_matters(health, word):
        return True
    return any(
        course.state is S.VERIFYING
        and word.received_at >= course.since + course.observed_ms(every_ms)
        for course in health.courses.values()
    )


def _speaks(health: Health, word: Word) -> bool:
    if word.type in (FAULTED, POWER_LOST):
        return word.live
    if word.type == RESTORED:
        return word.live or _mended(health, word) in health.courses
    return word.type == STARTED and POWER in health.courses


def _clock_matters(health: Health, word: Word) -> bool:
    if not word.tells_time:
        return False
    course, off = health.courses.get(CLOCK), abs(word.skew_ms)
    if course is None:
        return off > WRONG_MS
    if off <= RIGHT_MS:
        return bool(course.until) or course.state is S.SUSPECT
    return off > WRONG_MS and course.state in (S.SUSPECT, S.VERIFYING)


def heeded(health: Health, word: Word) -> Health:
    """Return the health after an event was heeded; the same event again changes nothing."""
    if word.type in (FAULTED, POWER_LOST) and word.live:
        health = _raised(health, _fault(health, word), word)
    elif word.type == RESTORED and (word.live or _mended(health, word) in health.courses):
        health = _restored(health, _mended(health, word), word)
    elif word.type == STARTED and POWER in health.courses:
        health = _restored(health, POWER, word)
    return _clocked(health, word) if word.tells_time else health


def stormed(health: Health, at: int, until: int) -> Health:
    """Return the health of a device that was put in quarantine until then."""
    course = health.course(STORM)
    if until <= course.until:
        return health
    return health.with_course(replace(_faulty(course, at), until=until))


def _fault(health: Health, word: Word) -> str:
    """Return the fault that a complaint is about; beyond `MOST_REPORTED` they are one."""
    name = _code(word)
    reported = [one for one in health.courses if one.startswith(REPORTED)]
    return name if name in health.courses or len(reported) < MOST_REPORTED else FOLDED


def _mended(health: Health, word: Word) -> str:
    """Return the fault whose end is reported: the one of its code, or what that became."""
    name = _code(word)
    return FOLDED if name not in health.courses and FOLDED in health.courses else name


def _code(word: Word) -> str:
    if word.type == POWER_LOST or word.code == POWER:
        return POWER
    return f"{REPORTED}{word.code}"[:LONGEST_FAULT]


def _raised(health: Health, fault: str, word: Word) -> Health:
    if word.position <= health.marks.get(fault, ""):
        return health
    course = replace(_faulty(health.course(fault), word.received_at), until=FOR_EVER)
    return health.with_mark(fault, word.position).with_course(course)


def _faulty(course: Course, at: int) -> Course:
    """Return the course of a fault that is there now; one under way goes on."""
    return course.walked(at, S.SUSPECT, S.FAULT) if course.state is S.ONLINE else course


def _restored(health: Health, fault: str, word: Word) -> Health:
    if word.position <= health.marks.get(fault, ""):
        return health
    health = health.with_mark(fault, word.position)
    course = health.courses.get(fault)
    return health.with_course(replace(course, until=0)) if course else health


def _clocked(health: Health, word: Word) -> Health:
    """Judge a device's clock: wrong for `STRIKES` beats is a fault, right once is its end."""
    if not _clock_matters(health, word) or word.position <= health.marks.get(CLOCK, ""):
        return health
    course, at = health.course(CLOCK), word.received_at
    health = health.with_mark(CLOCK, word.position)
    if abs(word.skew_ms) <= RIGHT_MS:
        over = course.state is S.SUSPECT
        return health.with_course(course.ended(at) if over else replace(course, until=0))
    if course.state is S.VERIFYING:
        return health.with_course(replace(course, until=FOR_EVER))
    if course.state is S.ONLINE:
        course = course.walked(at, S.SUSPECT)
    course = replace(course, strikes=course.strikes + 1)
    if course.strikes >= STRIKES:
        course = replace(course.walked(at, S.FAULT), until=FOR_EVER)
    return health.with_course(course)
