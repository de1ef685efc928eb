"""A device's fault orders: their rows, and what others are told of them."""

from datetime import datetime
from typing import TypedDict

from chalicelib.core import clock
from chalicelib.core.table import tenant_key
from chalicelib.devices.events import (
    DeviceFaultCleared,
    DeviceFaultMoved,
    DeviceFaultOpened,
    DeviceFaultReminded,
)
from chalicelib.devices.rules.health import DAY_MS, Course, Judged, Turn
from chalicelib.devices.rules.silence import Sight
from chalicelib.devices.tables.faults import FAULTS_KEPT_S, DeviceFault
from chalicelib.devices.tables.registry import Device

Fact = DeviceFaultOpened | DeviceFaultMoved | DeviceFaultReminded | DeviceFaultCleared


def order_of(judged: Judged, turn: Turn) -> str:
    """Return the id of the order that a turn is about: a new one has it since it was decided."""
    return turn.course.order or judged.health.course(turn.course.fault).order


def written(device: Device, judged: Judged, at: int) -> list[DeviceFault]:
    """Return the rows of the orders that turned; one read for each that was open before."""
    rows: dict[str, DeviceFault] = {}
    for turn in judged.turns:
        order = order_of(judged, turn)
        row = rows.get(order) or _row(device, turn.course, order)
        rows[order] = row
        row.reminders += turn.what == "reminded"
        row.relapses, row.moved_at = turn.course.relapses, at
        row.moved_by, row.note = turn.by or row.moved_by, turn.note or row.note
        if turn.what == "cleared":
            row.outcome, row.cleared_at = turn.outcome, at
            row.expires = at // 1000 + FAULTS_KEPT_S
        else:
            row.state = turn.course.state.value
    return list(rows.values())


def _row(device: Device, course: Course, order: str) -> DeviceFault:
    found = DeviceFault.of(device.community_id, device.device_id, order) if course.order else None
    return found or DeviceFault(
        device_key=tenant_key(device.community_id, device.device_id),
        fault_id=order,
        community_id=device.community_id,
        device_id=device.device_id,
        kind=device.kind,
        place_id=device.place_id,
        fault=course.fault,
        state=course.state.value,
        vendor=device.vendor,
        model=device.model,
        serial=device.serial,
        hardware=int(device.hardware),
        opened_at=course.opened_at,
    )


class About(TypedDict):
    """What every fact about an order says."""

    community_id: str
    device_id: str
    kind: str
    place_id: str
    fault_id: str
    fault: str


def told(device: Device, judged: Judged, sight: Sight) -> list[Fact]:
    """Return what others are told of the orders that turned."""
    return [_told(device, turn, order_of(judged, turn), sight) for turn in judged.turns]


def _told(device: Device, turn: Turn, order: str, sight: Sight) -> Fact:
    about = About(
        community_id=device.community_id,
        device_id=device.device_id,
        kind=device.kind,
        place_id=device.place_id,
        fault_id=order,
        fault=turn.course.fault,
    )
    at, opened_at = (clock.from_epoch_ms(one) for one in (sight.at, turn.course.opened_at))
    if turn.what == "opened":
        return _opened(device, about, sight, opened_at)
    if turn.what == "reminded":
        days = (sight.at - turn.course.opened_at) // DAY_MS
        return DeviceFaultReminded(**about, reminders=days, opened_at=opened_at, reminded_at=at)
    if turn.what == "cleared":
        outcome = turn.outcome or ""
        return DeviceFaultCleared(**about, outcome=outcome, opened_at=opened_at, cleared_at=at)
    state, relapses = turn.course.state.value, turn.course.relapses
    return DeviceFaultMoved(**about, state=state, relapses=relapses, moved_by=turn.by, moved_at=at)


def _opened(device: Device, about: About, sight: Sight, at: datetime) -> DeviceFaultOpened:
    return DeviceFaultOpened(
        **about,
        vendor=device.vendor or "",
        serial=device.serial or "",
        seen_at=clock.from_epoch_ms(sight.seen_at) if sight.seen_at else None,
        opened_at=at,
    )
