"""What devices did month by month, and the report on each vendor's."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.paths import in_part
from chalicelib.devices.rules import uptime as rules
from chalicelib.devices.rules.health import Judged
from chalicelib.devices.service.registry import subtree_of
from chalicelib.devices.tables.faults import DeviceMonth
from chalicelib.devices.tables.health import DeviceHealth
from chalicelib.devices.tables.registry import Device

Sums = Mapping[str, Mapping[str, int]]
"""Month → column → what is added to it."""


@dataclass(frozen=True)
class Report:
    """What each vendor's devices of each kind did in a month, so far."""

    month: str
    items: list[rules.Worth]


def month_used(row: DeviceHealth, used_at: int) -> str:
    """Return the month of a use (ms, 0: none) if it is the first on record, or nothing."""
    month = rules.month_of(used_at) if used_at else ""
    return month if month > row.used_month else ""


def note_unit(row: DeviceHealth, device: Device) -> None:
    """Note which hardware stands under the id, from when it counts."""
    if row.hardware == int(device.hardware) or not row.watched_since:
        return
    since = int(device.swapped_at or row.watched_since) if row.units else int(row.watched_since)
    row.units = [*row.units, [int(device.hardware), device.vendor or "", since]]


def written(device: Device, row: DeviceHealth, judged: Judged, used: str) -> list[DeviceMonth]:
    """Return the rows of the months in which something happened; one read for each."""
    hardware, changed = row.hardware or int(device.hardware), list[DeviceMonth]()
    sums = _sums(judged)
    for month in sorted({*sums, *([used] if used else [])}):
        one = DeviceMonth.of(device, hardware, month, rules.bounds(month)[1])
        for column, more in sums.get(month, {}).items():
            setattr(one, column, int(getattr(one, column)) + more)
        one.used = one.used or month == used
        changed.append(one)
    return changed


def _sums(judged: Judged) -> Sums:
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for down in judged.downs:
        for month, span in rules.shares(down.start, down.end):
            found[month]["grouped_ms" if down.grouped else "down_ms"] += span
    for month, span in rules.shares(*judged.kept):
        found[month]["maintained_ms"] += span
    for turn in judged.turns:
        month = rules.month_of(turn.course.opened_at)
        if turn.what == "opened":
            found[month]["faults"] += 1
        elif turn.outcome == "false_alarm":
            found[month]["false_alarms"] += 1
    return found


def report(caller: Caller, month: str) -> Report:
    """Return what the devices that a caller sees were worth in a month, by vendor and kind.

    Reads every device of the estate, three lists in pages of 1 MB. Raises Unprocessable
    `month_ahead`.
    """
    begins, ends = rules.bounds(month)
    now = clock.epoch_ms(clock.now())
    if begins > now:
        raise Unprocessable("month_ahead", "该月份尚未开始")
    standing = {device.device_id: device for device in _seen(caller)}
    heard = [row for row in _heard(caller.community_id) if row.device_id in standing]
    spoke = {row.device_id for row in heard}
    unheard = [
        (device.vendor or "", device.kind)
        for device in standing.values()
        if device.device_id not in spoke and device.enrolled_at < ends
        if (device.retired_at or now) > begins
    ]
    tallies = DeviceMonth.all_of(caller.community_id, month)
    watched = [row.watched() for row in heard]
    return Report(month, rules.report(month, watched, tallies, unheard, now))


def _seen(caller: Caller) -> Iterator[Device]:
    """Yield the devices that a caller sees, also retired ones."""
    subtree = subtree_of(caller)
    columns = ["device_id", "kind", "vendor", "node_path", "enrolled_at", "retired_at"]
    options: dict[str, Any] = {"attributes_to_get": columns}
    for device in Device.by_community.query(caller.community_id, **options):
        if in_part(device.node_path or "", subtree):
            yield device


def _heard(community_id: str) -> Iterator[DeviceHealth]:
    return (row for row in DeviceHealth.listed(community_id, None) if row.watched_since)
