"""Which counted events of vendors' devices never came."""

from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.core import clock, outbox
from chalicelib.core.errors import Conflict
from chalicelib.core.logs import logger
from chalicelib.devices.rules.gaps import Count, counted
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import registry
from chalicelib.devices.tables.adapters import COUNTS_KEPT_S, SerialCount
from chalicelib.devices.tables.registry import Device

TRIES = 4
"""How often two deliveries of one device's events are put one after the other."""


@dataclass(frozen=True)
class Gaps:
    """What is missing of a device's events; empty for one that does not count."""

    device_id: str
    highest: int | None = None
    missing: list[tuple[int, int]] = field(default_factory=list)
    given_up: int = 0
    counted_at: datetime | None = None


def observe(device: Device, event: Reported, received_at: datetime) -> None:
    """Count an event by its serial number, if it has one; right at any repetition and order.

    The next number in turn costs one conditional write, any other a read and a write.
    """
    serial = event.data.get("serial_no")
    if isinstance(serial, bool) or not isinstance(serial, int):
        return
    if _in_turn(device, serial, received_at):
        return
    for attempt in range(TRIES):
        try:
            _count(device, serial, received_at, replayed=event.replayed)
        except Conflict:
            if attempt == TRIES - 1:
                raise
        else:
            return


def missing(community_id: str, device_id: str) -> Gaps:
    """Return what is missing of a device's events; raises NotFound for no device of theirs."""
    registry.device_of(community_id, device_id)
    row = SerialCount.find(device_id)
    if row is None or row.community_id != community_id:
        return Gaps(device_id)
    count = row.facts()
    at = clock.from_epoch_ms(int(row.counted_at))
    return Gaps(device_id, count.highest, list(count.missing), count.given_up, at)


def _in_turn(device: Device, serial: int, received_at: datetime) -> bool:
    row = SerialCount(device_id=device.device_id)
    actions = [
        SerialCount.highest.set(serial),
        SerialCount.counted_at.set(clock.epoch_ms(received_at)),
        SerialCount.expires.set(_end(received_at)),
    ]
    before = SerialCount.highest == serial - 1
    return row.changed(actions, before & (SerialCount.hardware == int(device.hardware)))


def _count(device: Device, serial: int, received_at: datetime, *, replayed: bool) -> None:
    row = SerialCount.find(device.device_id)
    same = row is not None and int(row.hardware) >= int(device.hardware)
    before = row.facts() if row is not None and same else Count()
    after = counted(before, serial, replayed=replayed)
    if after == before:
        return
    row = row or SerialCount(device_id=device.device_id)
    row.community_id, row.hardware = device.community_id, int(device.hardware)
    row.highest, row.given_up = after.highest or 0, after.given_up
    row.missing = [list(gap) for gap in after.missing]
    row.counted_at, row.expires = clock.epoch_ms(received_at), _end(received_at)
    outbox.commit(row)
    if len(after.missing) > len(before.missing) and not replayed:
        gap = after.missing[-1]
        logger().warning("events missing", extra={"device": device.device_id, "gap": gap})


def _end(received_at: datetime) -> int:
    return int(received_at.timestamp()) + COUNTS_KEPT_S
