"""How a device's health is changed: loaded, decided, saved with its orders, announced.

One row per device holds all of its courses, so that two who find the same fault open one
order. Whoever looks also finds out what became of the device meanwhile (other hardware,
retirement, the end of a maintenance): no message need arrive for that.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.core import ids, outbox
from chalicelib.core.errors import Conflict
from chalicelib.devices.rules import judging, repairs
from chalicelib.devices.rules.health import Health, Judged
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.rules.silence import Sight
from chalicelib.devices.service import orders, outages, uptime
from chalicelib.devices.tables.health import DeviceHealth
from chalicelib.devices.tables.registry import Device

TRIES = 5
"""How often a decision is taken anew that another one about the same device overtook."""

Change = Callable[[Health, Sight], Judged]


@dataclass(frozen=True)
class Cause:
    """Why a device's health is looked at.

    `heard_at` is when it gave the sign of life that led here (ms, 0: none), `use` whether
    somebody used it. `by` and `note` are of the person who changes something by hand, `facts`
    what is announced besides; `maintains` says that it is about a maintenance, and `looks` that
    one that is over may be ended: who only records what devices say may not change devices.
    """

    heard_at: int = 0
    use: bool = False
    by: str = ""
    note: str = ""
    facts: tuple[object, ...] = ()
    maintains: bool = False
    looks: bool = False


LOOK = Cause(looks=True)


@dataclass
class Case:
    """One device as one attempt reads it, and what is decided of it."""

    device: Device
    row: DeviceHealth
    before: Health
    sight: Sight
    judged: Judged

    @property
    def health(self) -> Health:
        """Return the health that was decided."""
        return self.judged.health


def unchanged(health: Health, _sight: Sight) -> Judged:
    """Change nothing by oneself: what is due is decided anyway."""
    return Judged(health)


def turned(
    community_id: str, device_id: str, change: Change = unchanged, *, cause: Cause = LOOK
) -> Case | None:
    """Change a device's health, and save it with its orders and what is told of them.

    None for a device that is not of the community. Raises what `change` raises, and Conflict
    `lost_race` if others were faster every time.
    """
    for left in reversed(range(TRIES)):
        case = _read(community_id, device_id, cause)
        if case is None:
            return None
        _decide(case, change, cause)
        try:
            _save(case, cause)
        except Conflict:
            if not left:
                raise
        else:
            return case
    raise AssertionError("the last attempt returns or raises")


def _read(community_id: str, device_id: str, cause: Cause) -> Case | None:
    device = Device.find(device_id)
    if device is None or device.community_id != community_id:
        return None
    row = DeviceHealth.of(community_id, device_id) or DeviceHealth.new(device)
    before = row.facts()
    sight = outages.seen(device, cause.heard_at)
    return Case(device, row, before, sight, Judged(before))


def _decide(case: Case, change: Change, cause: Cause) -> None:
    device, at = case.device, case.sight.at
    if device.standing == Standing.RETIRED:
        case.judged = repairs.retired(case.before, int(device.retired_at or at))
        return
    if cause.heard_at and not case.before.watched_since:
        case.judged = Judged(replace(case.before, watched_since=cause.heard_at))
    if 0 < case.row.hardware < device.hardware:
        since = int(device.swapped_at or at)
        case.judged = case.judged.then(repairs.swapped(case.health, since))
    by_hand = change(case.health, case.sight)
    turns = tuple(replace(turn, by=cause.by, note=cause.note) for turn in by_hand.turns)
    case.judged = case.judged.then(replace(by_hand, turns=turns))
    if cause.looks or not case.health.maintained_until:
        case.judged = case.judged.then(judging.judged(case.health, case.sight))


def _save(case: Case, cause: Cause) -> None:
    """Write what changed; if nothing did, at the most when to look again."""
    row, device, at = case.row, case.device, case.sight.at
    due_at = judging.next_look(case.health, case.sight)
    used = uptime.month_used(row, cause.heard_at if cause.use else 0)
    if case.judged == Judged(case.before) and _is_current(case) and not used:
        if due_at is not None and due_at != row.due_at:
            row.rearm(due_at)
        return
    case.judged = replace(case.judged, health=_named(case.health))
    written = orders.written(device, case.judged, at)
    months = uptime.written(device, row, case.judged, used)
    row.take(case.health, at)
    row.every_ms = case.sight.every_ms
    uptime.note_unit(row, device)
    row.used_month = max(row.used_month, used)
    row.arm(due_at)
    if cause.maintains:
        row.maintained_by, row.maintained_why = cause.by, cause.note
    rows = [row, *written, *months, *(_standing(device, case.health) if cause.looks else [])]
    outbox.commit(*rows, events=(*orders.told(device, case.judged, case.sight), *cause.facts))


def _is_current(case: Case) -> bool:
    """Return whether the row says of its device what the registry does."""
    row, device = case.row, case.device
    known = row.hardware == int(device.hardware) or not case.health.watched_since
    return row.version is not None and known and row.every_ms == case.sight.every_ms


def _named(health: Health) -> Health:
    """Give each new order its id."""
    for course in health.courses.values():
        if course.opened_at and not course.order:
            health = health.with_course(replace(course, order=ids.new_id("fault")))
    return health


def _standing(device: Device, health: Health) -> list[Device]:
    """Return the device's row if its standing follows its health: in maintenance, or out of it."""
    if device.standing == Standing.RETIRED:
        return []
    until = health.maintained_until or None
    standing = Standing.MAINTENANCE if until else Standing.IN_SERVICE
    if (device.standing, device.maintained_until) == (standing, until):
        return []
    device.standing, device.maintained_until = standing.value, until
    return [device]
