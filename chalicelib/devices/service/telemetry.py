"""What devices measured: kept once, summed up exactly, read by device, kind and place."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pynamodb.exceptions import PynamoDBException

from chalicelib.core import clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.table import tenant_key
from chalicelib.devices.rules import senml
from chalicelib.devices.rules import telemetry as rules
from chalicelib.devices.rules.telemetry import GRAINS, Step
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import registry
from chalicelib.devices.service.state import Reading, readings, samples
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.state import DeviceState
from chalicelib.devices.tables.telemetry import RollUp, SampleRow, Series

MOST_AT_ONCE = 100
"""Items of one DynamoDB transaction."""

MOST_PARTITIONS = 50
"""Partitions that one page looks into; where little was measured, a page may be short."""


@dataclass(frozen=True)
class Point:
    """One bucket of a series, or one sample (`n` is 1); `stamped_at` as in `rules.Sample`.

    A `truncated` bucket holds more samples than the `n` that it sums up.
    """

    at: datetime
    n: int
    sum: float
    min: float
    max: float
    last: float
    stamped_at: datetime | None = None
    truncated: bool = False


@dataclass(frozen=True)
class Points:
    """One page of a series, in the order of time."""

    quantity: str
    unit: str
    step: Step
    items: list[Point]
    next: str | None


@dataclass(frozen=True)
class Measured:
    """The newest value that one device measured."""

    device_id: str
    name: str
    kind: str
    place_id: str
    quantity: str
    unit: str
    value: float
    at: datetime


@dataclass(frozen=True)
class Newest:
    """One page of newest values; devices that never measured the quantity are left out."""

    items: list[Measured]
    next: str | None


@dataclass(frozen=True)
class Wanted:
    """Which part of a series: a half-open period, how fine, and which page."""

    quantity: str
    since: datetime
    until: datetime
    step: Step
    limit: int
    after: str | None


def keep(device: Device, event: Reported, received_at: datetime) -> None:
    """Keep what an event measured, each sample once however often the event comes.

    One transaction for up to 100 samples. Raises Conflict only if two writers collide.
    """
    rows = [
        SampleRow.made(_series(device, sample.quantity), sample, event.id, index)
        for index, sample in enumerate(samples(device, event, received_at))
    ]
    for start in range(0, len(rows), MOST_AT_ONCE):
        chunk = rows[start : start + MOST_AT_ONCE]
        try:
            outbox.commit(*chunk)
        except Conflict:
            if not chunk[0].has_twin():
                raise
            logger().info("samples repeated", extra={"event": event.id})


def _series(device: Device, quantity: str) -> Series:
    return Series(device.community_id, device.device_id, quantity)


def roll_up(images: Iterable[Mapping[str, Any]]) -> None:
    """Sum up anew the five minutes and hours that streamed samples fall in.

    Each bucket is computed from the samples that are there, never added to: a repeated,
    late or overtaken record changes nothing that is right. One series that fails does not
    stop the others; then it raises, so that the stream brings the records again. Only what
    DynamoDB refused is tried again: a fault of ours would fail the same way for ever.
    """
    touched = sorted({SampleRow.series_of(image) for image in images})
    failed = [one for one in touched if not _tried(_five_minutes, *one)]
    hours = sorted({(series, rules.bucket(start, Step.HOUR)) for series, start in touched})
    failed += [one for one in hours if not _tried(_hour, *one)]
    if failed:
        raise RuntimeError(f"{len(failed)} buckets were not summed up")


def _tried(work: Callable[[Series, int], None], series: Series, start: int) -> bool:
    """Sum up one bucket; False if it must be tried again."""
    try:
        work(series, start)
    except Exception as failure:  # noqa: BLE001 -- the other series must go on
        logger().exception("not summed up", extra={"device": series.device_id})
        return not isinstance(failure, PynamoDBException)
    return True


def _five_minutes(series: Series, start: int) -> None:
    if summary := rules.summary(SampleRow.of_five_minutes(series, start)):
        RollUp.keep(series, Step.FIVE_MINUTES, start, summary)


def _hour(series: Series, start: int) -> None:
    if summary := rules.joined(RollUp.of_hour(series, start)):
        RollUp.keep(series, Step.HOUR, start, summary)


def read(caller: Caller, device_id: str, wanted: Wanted) -> Points:
    """Return one page of a device's series.

    Raises NotFound `no_such_device`, Unprocessable `not_measured` or `bad_period`, Forbidden
    `personal_reading`.
    """
    device = registry.seen_by(caller, device_id)
    unit = senml.unit_of(device.kind, wanted.quantity)
    if unit is None:
        raise Unprocessable("not_measured", "该设备不上报这项数据")
    _require_impersonal(wanted.quantity)
    period = clock.epoch_ms(wanted.since), clock.epoch_ms(wanted.until)
    longest = GRAINS[wanted.step].longest
    if not wanted.since < wanted.until <= wanted.since + longest:
        raise Unprocessable("bad_period", f"查询时段无效，最长 {longest.days} 天")
    name = f"series/{caller.community_id}/{device_id}/{wanted.quantity}/{wanted.step}/{period}"
    place = cursor.unseal(wanted.after, listing=name)
    items, ended = _page(_series(device, wanted.quantity), wanted, period, place)
    return Points(wanted.quantity, unit, wanted.step, items, cursor.seal(ended, listing=name))


def _require_impersonal(quantity: str) -> None:
    """Refuse what is measured of a person's body: it needs that person's own consent."""
    if rules.is_personal(quantity):
        raise Forbidden("personal_reading", "个人健康数据不在设备管理中提供")


Place = dict[str, Any] | None
"""Where a page ended: a partition, and the last key read of it if there is more."""


def _page(
    series: Series, wanted: Wanted, period: tuple[int, int], place: Place
) -> tuple[list[Point], Place]:
    """Return the next points of a series, partition after partition, and where they end."""
    step, items = wanted.step, list[Point]()
    table: Any = SampleRow if step is Step.RAW else RollUp
    parts = rules.partitions(*period, step)
    at = parts.index(place["part"]) if place else 0
    last = place["last"] if place else None
    for part in parts[at : at + MOST_PARTITIONS]:
        options = {"limit": wanted.limit - len(items), "last_evaluated_key": last}
        page = table.page(series.key(step, part), period, **options)
        items += [_point(row) for row in page if row.is_live()]
        last = page.last_evaluated_key
        if last:
            return items, {"part": part, "last": last}
        if len(items) == wanted.limit:
            return items, _following(parts, part)
    return items, _following(parts, parts[min(at + MOST_PARTITIONS, len(parts)) - 1])


def _following(parts: list[str], part: str) -> Place:
    rest = parts[parts.index(part) + 1 :]
    return {"part": rest[0], "last": None} if rest else None


def _point(row: Any) -> Point:
    at = clock.from_epoch_ms(int(row.at))
    if isinstance(row, RollUp):
        told = row.summary()
        return Point(at, told.n, told.sum, told.min, told.max, told.last, truncated=told.truncated)
    value, stamped = float(row.value), row.stamped_at
    label = clock.from_epoch_ms(int(stamped)) if stamped is not None else None
    return Point(at, 1, value, value, value, value, label)


def newest(
    caller: Caller, quantity: str, wanted: registry.Wanted, *, limit: int, after: str | None
) -> Newest:
    """Return the newest value of a quantity from each device that is wanted.

    Raises Forbidden `personal_reading`.
    """
    _require_impersonal(quantity)
    page = registry.listing(caller, wanted, limit=limit, after=after)
    keys = [tenant_key(caller.community_id, device.device_id) for device in page.items]
    states = {row.device_id: row for row in DeviceState.batch_get(keys)}
    found = [
        _measured(device, reading)
        for device in page.items
        if device.device_id in states
        for reading in readings(device, states[device.device_id])
        if reading.quantity == quantity
    ]
    return Newest(found, page.next)


def _measured(device: Device, reading: Reading) -> Measured:
    return Measured(
        device_id=device.device_id,
        name=device.name,
        kind=device.kind,
        place_id=device.place_id,
        quantity=reading.quantity,
        unit=reading.unit,
        value=reading.value,
        at=reading.at,
    )
