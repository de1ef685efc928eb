"""Pure rules of the monthly report on devices: what each vendor's were worth.

A month is one of the estate's calendar (Beijing time). Times are epoch milliseconds, spans
milliseconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from chalicelib.devices.rules.complaints import serves_people

BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Unit:
    """One piece of hardware under a device's id, from when it stood there."""

    hardware: int
    vendor: str
    since: int


@dataclass(frozen=True)
class Watched:
    """A device that was heard: its hardware in turn, and until when it was watched.

    `maintained_since` is when a maintenance began that is still going on (0: none).
    """

    device_id: str
    kind: str
    units: tuple[Unit, ...]
    until: int
    maintained_since: int = 0


@dataclass(frozen=True)
class Tally:
    """What one piece of hardware did in one month. Spans are milliseconds."""

    device_id: str
    hardware: int
    down_ms: int = 0
    grouped_ms: int = 0
    maintained_ms: int = 0
    faults: int = 0
    false_alarms: int = 0
    used: bool = False


@dataclass(frozen=True)
class Worth:
    """What the devices of one vendor and kind did in one month.

    `watched_ms` is without maintenance; `down_ms` what could not be heard of it by its own
    fault, `grouped_ms` by its gateway's. `idle` of them nobody used; `unheard` ones never spoke.
    """

    vendor: str
    kind: str
    devices: int = 0
    watched_ms: int = 0
    down_ms: int = 0
    grouped_ms: int = 0
    faults: int = 0
    false_alarms: int = 0
    idle: int = 0
    unheard: int = 0

    @property
    def watched_s(self) -> int:
        """Return the watched time in seconds."""
        return self.watched_ms // 1000

    @property
    def down_s(self) -> int:
        """Return in seconds for how long they could not be heard by their own fault."""
        return self.down_ms // 1000

    @property
    def grouped_s(self) -> int:
        """Return in seconds for how long their gateways could not be heard."""
        return self.grouped_ms // 1000

    @property
    def uptime(self) -> float | None:
        """Return the share of the time that they could be heard, their gateway's faults aside."""
        counted = self.watched_ms - self.grouped_ms
        return max(0.0, 1 - self.down_ms / counted) if counted > 0 else None

    @property
    def false_alarm_ratio(self) -> float | None:
        """Return the share of faults that were none."""
        return self.false_alarms / self.faults if self.faults else None

    @property
    def idle_ratio(self) -> float | None:
        """Return the share of devices that nobody used, or that never spoke."""
        all_of_them = self.devices + self.unheard
        return (self.idle + self.unheard) / all_of_them if all_of_them else None


def month_of(at: int) -> str:
    """Return the month of an instant, as `2026-11`."""
    return f"{datetime.fromtimestamp(at / 1000, UTC).astimezone(BEIJING):%Y-%m}"


def bounds(month: str) -> tuple[int, int]:
    """Return when a month begins and ends; raises ValueError for what is none."""
    begins = datetime.strptime(month, "%Y-%m").replace(tzinfo=BEIJING)
    ends = (begins + timedelta(days=31)).replace(day=1)
    return int(begins.timestamp() * 1000), int(ends.timestamp() * 1000)


def shares(start: int, end: int) -> Iterator[tuple[str, int]]:
    """Yield how much of a span falls in each month."""
    while start < end:
        month = month_of(start)
        until = min(end, bounds(month)[1])
        yield month, until - start
        start = until


def report(
    month: str,
    watched: Iterable[Watched],
    tallies: Iterable[Tally],
    unheard: Iterable[tuple[str, str]],
    now: int,
) -> list[Worth]:
    """Return what each vendor's devices of each kind did in a month, as far as it is over.

    `unheard` are vendor and kind of the devices that stood there and never spoke.
    """
    begins, ends = bounds(month)
    ends, kept = min(ends, now), {(one.device_id, one.hardware): one for one in tallies}
    found: dict[tuple[str, str], Worth] = {}
    for device in watched:
        for unit, span in _spans(device, begins, ends):
            tally = kept.get((device.device_id, unit.hardware))
            tally = tally or Tally(device.device_id, unit.hardware)
            key = unit.vendor, device.kind
            found[key] = _added(found.get(key) or Worth(*key), tally, span)
    for key in unheard:
        worth = found.get(key) or Worth(*key)
        found[key] = replace(worth, unheard=worth.unheard + 1)
    return [found[key] for key in sorted(found)]


def _spans(device: Watched, begins: int, ends: int) -> Iterator[tuple[Unit, int]]:
    """Yield each unit that was watched within a time, and for how long."""
    lasts = [unit.since for unit in device.units[1:]] + [device.until]
    for unit, last in zip(device.units, lasts, strict=True):
        start, end = max(unit.since, begins), min(last, ends)
        if start < end:
            paused = max(0, end - max(start, device.maintained_since))
            yield unit, end - start - (paused if device.maintained_since else 0)


def _added(worth: Worth, tally: Tally, span: int) -> Worth:
    return replace(
        worth,
        devices=worth.devices + 1,
        watched_ms=worth.watched_ms + max(0, span - tally.maintained_ms),
        down_ms=worth.down_ms + tally.down_ms,
        grouped_ms=worth.grouped_ms + tally.grouped_ms,
        faults=worth.faults + tally.faults,
        false_alarms=worth.false_alarms + tally.false_alarms,
        idle=worth.idle + (serves_people(worth.kind) and not tally.used),
    )
