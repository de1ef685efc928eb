"""What staff see of devices' health: one device, its orders, and all devices of one state."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, cursor
from chalicelib.core.auth import Caller
from chalicelib.core.paths import in_part
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.health import Course, HealthState
from chalicelib.devices.service.outages import expected_ms, silent_behind
from chalicelib.devices.service.registry import seen_by, subtree_of
from chalicelib.devices.tables.faults import DeviceFault
from chalicelib.devices.tables.health import DeviceHealth
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.state import DeviceState


@dataclass(frozen=True)
class CourseView:
    """One fault that is under way; `under` is what explains it, `fault_id` its order if any."""

    fault: str
    state: HealthState
    since: datetime
    fault_id: str | None
    relapses: int
    under: str | None


@dataclass(frozen=True)
class FaultView:
    """One order, also of hardware that stood there before."""

    fault_id: str
    device_id: str
    fault: str
    state: str
    opened_at: datetime
    moved_at: datetime
    moved_by: str | None
    note: str | None
    relapses: int
    reminders: int
    vendor: str | None
    model: str | None
    serial: str | None
    outcome: str | None
    cleared_at: datetime | None


@dataclass(frozen=True)
class FaultPage:
    """One page of orders, the newest first."""

    items: list[FaultView]
    next: str | None


@dataclass(frozen=True)
class HealthView:
    """How a device is; `state` is None until it speaks for the first time.

    `skew_ms` is how far its clock is ahead of ours, `expected_s` how often it should be heard,
    `keys_made` how many keys it was ever given. Of a gateway, `silent_children` are the
    devices behind it that cannot be heard, 100 at the most.
    """

    device_id: str
    kind: str
    name: str
    place_id: str
    gateway_id: str | None
    state: HealthState | None
    since: datetime | None
    watched_since: datetime | None
    seen_at: datetime | None
    skew_ms: int | None
    expected_s: int
    vendor: str | None
    model: str | None
    serial: str | None
    firmware: str | None
    warranty_until: str | None
    keys_made: int
    maintained_until: datetime | None
    maintained_by: str | None
    maintained_why: str | None
    faults: list[CourseView]
    silent_children: list[str]


@dataclass(frozen=True)
class Listed:
    """A device in a list of those of one state; `faults` are those under way."""

    device_id: str
    kind: str
    name: str
    place_id: str
    state: HealthState
    since: datetime
    faults: list[CourseView]


@dataclass(frozen=True)
class ListedPage:
    """One page of devices in the order of their ids; it may be short before the last one."""

    items: list[Listed]
    next: str | None


def show(caller: Caller, device_id: str) -> HealthView:
    """Return how a device is; raises NotFound `no_such_device`."""
    device = seen_by(caller, device_id)
    row = DeviceHealth.of(device.community_id, device_id)
    state = DeviceState.of(device.community_id, device_id)
    gateway = device.kind == Kind.GATEWAY
    return HealthView(
        device_id=device_id,
        kind=device.kind,
        name=device.name,
        place_id=device.place_id,
        gateway_id=device.gateway_id,
        state=HealthState(row.state) if row and row.state else None,
        since=_instant(row.since) if row and row.state else None,
        watched_since=_instant(row.watched_since) if row else None,
        seen_at=_instant(state.seen_at) if state else None,
        skew_ms=int(state.skew_ms) if state else None,
        expected_s=expected_ms(device) // 1000,
        vendor=device.vendor,
        model=device.model,
        serial=device.serial,
        firmware=device.firmware,
        warranty_until=device.warranty_until,
        keys_made=int(device.keys_made),
        maintained_until=_instant(device.maintained_until),
        maintained_by=row.maintained_by if row else None,
        maintained_why=row.maintained_why if row else None,
        faults=_courses(row) if row else [],
        silent_children=silent_behind(device.community_id, device_id) if gateway else [],
    )


def _courses(row: DeviceHealth) -> list[CourseView]:
    courses = row.facts().courses
    return [_course(courses[name]) for name in sorted(courses)]


def _course(course: Course) -> CourseView:
    return CourseView(
        fault=course.fault,
        state=course.state,
        since=clock.from_epoch_ms(course.since),
        fault_id=course.order or None,
        relapses=course.relapses,
        under=course.under or None,
    )


def listed(
    caller: Caller, state: HealthState | None, *, limit: int, after: str | None
) -> ListedPage:
    """Return a page of the devices that a caller sees: of one state, or all that ever spoke."""
    subtree, community_id = subtree_of(caller), caller.community_id
    name = f"device-health/{community_id}/{state}/{subtree}"
    found, following = cursor.page(
        DeviceHealth.listed, community_id, state, listing=name, limit=limit, after=after
    )
    rows = [row for row in found if row.state]
    devices = {row.device_id: row for row in Device.batch_get([row.device_id for row in rows])}
    items = [
        _listed(devices[row.device_id], row)
        for row in rows
        if row.device_id in devices
        if in_part(devices[row.device_id].node_path or "", subtree)
    ]
    return ListedPage(items, following)


def _listed(device: Device, row: DeviceHealth) -> Listed:
    return Listed(
        device_id=device.device_id,
        kind=device.kind,
        name=device.name,
        place_id=device.place_id,
        state=HealthState(row.state or ""),
        since=clock.from_epoch_ms(int(row.since)),
        faults=_courses(row),
    )


def faults(caller: Caller, device_id: str, *, limit: int, after: str | None) -> FaultPage:
    """Return a page of a device's orders, the newest first, of a retired one's too."""
    device = seen_by(caller, device_id)
    name = f"device-faults/{device.community_id}/{device_id}"
    rows, following = cursor.page(
        DeviceFault.newest, device.community_id, device_id, listing=name, limit=limit, after=after
    )
    return FaultPage([fault_view(row) for row in rows], following)


def fault_view(row: DeviceFault) -> FaultView:
    """Return what staff see of an order."""
    return FaultView(
        fault_id=row.fault_id,
        device_id=row.device_id,
        fault=row.fault,
        state=row.state,
        opened_at=clock.from_epoch_ms(int(row.opened_at)),
        moved_at=clock.from_epoch_ms(int(row.moved_at)),
        moved_by=row.moved_by,
        note=row.note,
        relapses=int(row.relapses),
        reminders=int(row.reminders),
        vendor=row.vendor,
        model=row.model,
        serial=row.serial,
        outcome=row.outcome,
        cleared_at=_instant(row.cleared_at),
    )


def _instant(at: float | None) -> datetime | None:
    return clock.from_epoch_ms(int(at)) if at else None
