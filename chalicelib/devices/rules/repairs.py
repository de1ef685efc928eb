"""Pure rules of what people do about a device's faults: repair, dismiss, maintain, swap, retire.

Times are epoch milliseconds.
"""

from dataclasses import replace

from chalicelib.devices.rules.health import (
    Course,
    Health,
    HealthState,
    Judged,
    Turn,
    may_follow,
)

S = HealthState


def move_refusal(course: Course, state: HealthState) -> str | None:
    """Return why an order cannot be moved to a state, or None."""
    return None if may_follow(course.state, state) else "no_such_move"


def begun(health: Health, course: Course, at: int) -> Judged:
    """Let people begin to repair; raises ValueError unless the order was open."""
    moved = course.walked(at, S.REPAIRING)
    return Judged(health.with_course(moved), (Turn("moved", moved),))


def mended(health: Health, course: Course, at: int) -> Judged:
    """Take people's word that it is mended: from now on it is observed, and must be heard."""
    moved = replace(course.walked(at, S.VERIFYING), until=0, repaired=True, under="", own_since=0)
    health = replace(health.with_course(moved), resumed_at=max(health.resumed_at, at))
    return Judged(health, (Turn("moved", moved),))


def dismissed(health: Health, course: Course, at: int) -> Judged:
    """Take people's word that it was no fault: the order ends, and silence counts anew."""
    health = health.with_course(course.ended(at))
    health = replace(health, resumed_at=max(health.resumed_at, at))
    return Judged(health, (Turn("cleared", course, "false_alarm"),))


def paused(health: Health, at: int, until: int) -> Judged:
    """Begin, or prolong, a maintenance: suspicions that nobody was told of are forgotten.

    Raises ValueError for a retired device.
    """
    if health.state is not S.MAINTENANCE and not may_follow(health.state, S.MAINTENANCE):
        raise ValueError(f"no arrow from {health.state} to {S.MAINTENANCE}")
    downs, since = health.unheard(at), health.maintained_since or at
    for course in health.courses.values():
        if not course.opened_at and course.state in (S.SUSPECT, S.OFFLINE):
            health = health.with_course(course.ended(at))
    health = replace(health, maintained_since=since, maintained_until=until, down_since=0, drops=())
    return Judged(health, downs=downs)


def resumed(health: Health, at: int) -> Judged:
    """End a maintenance: orders are where they were, and silence counts anew."""
    kept = (health.maintained_since, at)
    health = replace(health, maintained_since=0, maintained_until=0, resumed_at=at)
    return Judged(health, kept=kept)


def swapped(health: Health, at: int) -> Judged:
    """Take in that other hardware stands under the id: what was open is observed."""
    downs, turns = health.unheard(at), list[Turn]()
    for course in health.courses.values():
        if not course.opened_at:
            health = health.with_course(course.ended(at))
            continue
        moves = may_follow(course.state, S.VERIFYING)
        moved = course.walked(at, S.VERIFYING) if moves else course
        moved = replace(moved, until=0, repaired=True, under="", own_since=0)
        health = health.with_course(moved)
        turns += [Turn("moved", moved)] if moves else []
    health = replace(health, resumed_at=at, down_since=0, drops=(), will_online=True)
    return Judged(health, tuple(turns), downs)


def retired(health: Health, at: int) -> Judged:
    """Take in that the device is no more: its orders end with it."""
    if health.retired_at:
        return Judged(health)
    orders = [course for course in health.courses.values() if course.opened_at]
    turns = tuple(Turn("cleared", course, "retired") for course in orders)
    kept = (health.maintained_since, at) if health.maintained_until else (0, 0)
    downs = health.unheard(at)
    health = replace(health, courses={}, retired_at=at, maintained_since=0, maintained_until=0)
    return Judged(replace(health, down_since=0), turns, downs, kept)
