"""Pure rules of one look at a device: what it decides, and when the next one is due.

Hysteresis: what was gone and is back is observed before its order ends, and each relapse
doubles for how long. What a gateway's silence explains is no fault of its children. Times
are epoch milliseconds.
"""

from dataclasses import replace

from chalicelib.devices.rules.health import (
    DAY_MS,
    FLAPPING,
    FOR_EVER,
    HOUR_MS,
    POWER,
    SILENCE,
    Course,
    Health,
    HealthState,
    Judged,
    Outcome,
    Turn,
)
from chalicelib.devices.rules.repairs import resumed
from chalicelib.devices.rules.silence import (
    Sight,
    deadlines,
    is_gone,
    sign_of,
    silent_since,
)

S = HealthState

REMIND_MS = DAY_MS
CHECK_MS = 120_000
ACCOUNT_MS = HOUR_MS
LEAST_WAIT_MS = 30_000

DROPS = 5
"""How often within an hour a device may fall silent before it counts as flapping."""


def judged(health: Health, sight: Sight) -> Judged:
    """Return what one look at a device decides; the same look again decides nothing more."""
    if health.retired_at or sight.at < health.maintained_until:
        return Judged(health)
    verdict = resumed(health, sight.at) if health.maintained_until else Judged(health)
    if not health.watched_since:
        return verdict
    verdict = verdict.then(_back(verdict.health, sight))
    for name in sorted({SILENCE, *verdict.health.courses}):
        verdict = verdict.then(_settled(verdict.health, name, sight))
    verdict = verdict.then(_flapped(verdict.health, sight))
    return verdict.then(_away(verdict.health, sight))


def _settled(health: Health, name: str, sight: Sight) -> Judged:
    """Let one course go as far as it goes."""
    before = course = health.course(name)
    turns: tuple[Turn, ...] = ()
    step = _silent if name == SILENCE else _lasting
    while (following := step(health, course, sight)) != course:
        turns += _turns(course, following)
        course = following
    if course == before:
        return Judged(health)
    if name == SILENCE and before.state is S.ONLINE and not sight.through:
        hour = (at for at in health.drops if at > sight.at - HOUR_MS)
        health = replace(health, drops=(*hour, sight.at)[-DROPS:])
    return Judged(health.with_course(course), turns)


def _turns(before: Course, after: Course) -> tuple[Turn, ...]:
    """Return what others hear of a step: of orders, and of nothing else."""
    if after.state is S.ONLINE:
        outcome: Outcome = "repaired" if before.repaired else "recovered"
        return (Turn("cleared", before, outcome),) if before.opened_at else ()
    if not after.opened_at:
        return ()
    if not before.opened_at:
        return (Turn("opened", after),)
    if after.reminded_at > before.reminded_at and after.state is before.state:
        return (Turn("reminded", after),)
    return (Turn("moved", after),) if after.state in (S.TICKETED, S.VERIFYING) else ()


def _silent(health: Health, course: Course, sight: Sight) -> Course:
    """Return where one step brings the course of silence."""
    at, due = sight.at, deadlines(health, sight)
    if at < due.suspect_at:
        return _heard(health, course, sight)
    if course.state in (S.ONLINE, S.VERIFYING):
        return _relapsing(course.walked(at, S.SUSPECT))
    if at < due.offline_at:
        back = course.state in (S.OFFLINE, S.TICKETED)
        return course.walked(at, S.VERIFYING) if back else course
    if course.state is S.SUSPECT:
        return course.walked(at, S.OFFLINE)
    return _own(health, course, sight) if course.state is S.OFFLINE else _reminded(course, at)


def _heard(health: Health, course: Course, sight: Sight) -> Course:
    """Return where the course of silence goes while the device is heard."""
    if course.state in (S.OFFLINE, S.TICKETED) or (course.state is S.SUSPECT and course.opened_at):
        return replace(course.walked(sight.at, S.VERIFYING), under="", own_since=0)
    if course.state is S.SUSPECT:
        return course.walked(sight.at, S.ONLINE)
    return _observed(health, course, sight)


def _observed(health: Health, course: Course, sight: Sight) -> Course:
    """End the observation of a device that is still heard after all of it."""
    end = course.since + course.observed_ms(sight.every_ms)
    over = course.state is S.VERIFYING and sign_of(health, sight) >= end
    return course.walked(sight.at, S.ONLINE) if over else course


def _own(health: Health, course: Course, sight: Sight) -> Course:
    """Give a silent device its order, unless something above it explains the silence.

    Once that is back, its children have as long as any to be heard again.
    """
    under = _explained(health, sight)
    if under:
        return replace(course, under=under, own_since=0)
    if course.under:
        return replace(course, under="", own_since=sight.at)
    if course.own_since and sight.at < course.own_since + sight.patience_ms:
        return course
    return _ordered(course, sight.at)


def _explained(health: Health, sight: Sight) -> str:
    """Return what explains a device's silence, or nothing.

    Its own power cut or flapping, which has an order already; or its gateway, unless that
    was heard after the device was due: only then is the silence the device's own.
    """
    for fault in (POWER, FLAPPING):
        if health.course(fault).state in (S.FAULT, S.TICKETED, S.REPAIRING):
            return f"fault:{fault}"
    above = sight.above
    if above is None:
        return ""
    deaf = above.in_trouble or above.seen_at < deadlines(health, sight).offline_at
    return sight.through if deaf else ""


def _lasting(health: Health, course: Course, sight: Sight) -> Course:
    """Return where one step brings the course of a fault that was reported or found."""
    at, lasts = sight.at, sight.at < course.until
    lasts = lasts or (course.fault == FLAPPING and is_gone(health, sight))
    if course.state is S.SUSPECT:
        return course.walked(at, S.ONLINE) if at >= course.since + DAY_MS else course
    if course.state is S.FAULT:
        return _ordered(course, at) if lasts else course.walked(at, S.VERIFYING)
    if course.state is S.TICKETED and not lasts:
        return course.walked(at, S.VERIFYING)
    if course.state is S.VERIFYING:
        if lasts:
            return _ordered(_relapsing(course.walked(at, S.SUSPECT, S.FAULT)), at)
        return _observed(health, course, sight)
    return _reminded(course, at)


def _ordered(course: Course, at: int) -> Course:
    """Return the course with an order: a new one, unless there is one already."""
    course = course.walked(at, S.TICKETED)
    return replace(course, opened_at=course.opened_at or at, reminded_at=at)


def _relapsing(course: Course) -> Course:
    return replace(course, relapses=course.relapses + bool(course.opened_at))


def _reminded(course: Course, at: int) -> Course:
    """Remind of an order that has been open for another day."""
    waits = course.state in (S.TICKETED, S.REPAIRING)
    return replace(course, reminded_at=at) if waits and at >= _remind_at(course) else course


def _remind_at(course: Course) -> int:
    return course.reminded_at + REMIND_MS


def _flapped(health: Health, sight: Sight) -> Judged:
    """Take many short silences for one fault, unless its silence has an order already."""
    course = health.course(FLAPPING)
    recent = [at for at in health.drops if at > sight.at - HOUR_MS]
    until = health.drops[-1] + HOUR_MS if recent else 0
    if health.course(SILENCE).opened_at or until <= course.until:
        return Judged(health)
    if course.state is S.ONLINE and len(recent) < DROPS:
        return Judged(health)
    if course.state is S.ONLINE:
        course = course.walked(sight.at, S.SUSPECT, S.FAULT)
    health = health.with_course(replace(course, until=until))
    return _settled(health, FLAPPING, sight)


def _back(health: Health, sight: Sight) -> Judged:
    """Count for how long a device could not be heard that is heard again."""
    if not health.down_since or is_gone(health, sight):
        return Judged(health)
    back = max(silent_since(health, sight), health.down_since)
    return Judged(replace(health, down_since=0), downs=health.unheard(back))


def _away(health: Health, sight: Sight) -> Judged:
    """Count, every hour, for how long a device is not heard, from its last sign of life on."""
    if not is_gone(health, sight):
        return Judged(health)
    since = health.down_since or silent_since(health, sight)
    health = replace(health, down_since=since)
    if sight.at < since + ACCOUNT_MS:
        return Judged(health)
    return Judged(replace(health, down_since=sight.at), downs=health.unheard(sight.at))


def next_look(health: Health, sight: Sight) -> int | None:
    """Return when a device must be looked at again, if nothing is heard; None: never."""
    if health.retired_at or not (health.watched_since or health.maintained_until):
        return None
    if health.maintained_until:
        return max(health.maintained_until, sight.at + LEAST_WAIT_MS)
    looks = [_silence_look(health, sight)]
    looks += [_look(course, sight) for name, course in health.courses.items() if name != SILENCE]
    return max(min(looks), sight.at + LEAST_WAIT_MS)


def _silence_look(health: Health, sight: Sight) -> int:
    course, due = health.course(SILENCE), deadlines(health, sight)
    if course.state is S.OFFLINE:
        return sight.at + CHECK_MS
    if course.state in (S.TICKETED, S.REPAIRING):
        return min(_remind_at(course), sight.at + ACCOUNT_MS)
    return (
        due.offline_at if sight.at >= due.suspect_at else min(due.suspect_at, _end(course, sight))
    )


def _look(course: Course, sight: Sight) -> int:
    if course.state is S.TICKETED:
        return min(_remind_at(course), course.until)
    if course.state is S.REPAIRING:
        return _remind_at(course)
    return course.since + DAY_MS if course.state is S.SUSPECT else _end(course, sight)


def _end(course: Course, sight: Sight) -> int:
    """Return when an observation may end; once that is past, only hearing the device ends it."""
    end = course.since + course.observed_ms(sight.every_ms)
    return end if course.state is S.VERIFYING and end > sight.at else FOR_EVER
