"""Counts at gates: computed anew from the passages of five minutes, never added to (0025)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pynamodb.exceptions import PynamoDBException

from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.logs import logger
from chalicelib.devices import public as devices
from chalicelib.passages.rules import counts as rules
from chalicelib.passages.rules.counts import HOUR_MS, Tally
from chalicelib.passages.rules.passages import PRIVATE_KINDS, days_between
from chalicelib.passages.tables.counts import (
    FIVE_MINUTES,
    HOUR,
    GateCount,
    day_key,
    hour_of,
)
from chalicelib.passages.tables.passages import PassageRow

MOST_SUMMED = 3_000
"""Passages of one place within five minutes that are counted: ten a second."""

Where = tuple[str, str]
"""A community and a place in it."""


@dataclass(frozen=True)
class HourCount:
    """What one hour of a gate comes to; its net is counted from midnight on."""

    place_id: str
    at: datetime
    people_in: int
    people_out: int
    people_unclear: int
    people_net_since_midnight: int
    vehicles_in: int
    vehicles_out: int
    vehicles_unclear: int
    vehicles_net_since_midnight: int
    refused: int


@dataclass(frozen=True)
class HourCounts:
    """The hours of a day, or of one gate, in the order of time."""

    items: list[HourCount]


def count(images: Iterable[Mapping[str, Any]]) -> None:
    """Count anew the five minutes and hours that streamed passages fall in.

    One place that fails does not stop the others; then it raises, so that the stream brings
    the records again. Only what DynamoDB refused is tried again.
    """
    rows = [PassageRow.streamed(image) for image in images]
    touched = {
        ((row.community_id, row.place_id), start)
        for row in rows
        if row.kind not in PRIVATE_KINDS
        for start in rules.touched(int(row.at))
    }
    hours = {(where, rules.bucket(start, HOUR_MS)) for where, start in touched}
    failed = [one for one in sorted(touched) if not _tried(_five_minutes, *one)]
    failed += [one for one in sorted(hours) if not _tried(_hour, *one)]
    if failed:
        raise RuntimeError(f"{len(failed)} buckets were not counted")


def _tried(work: Any, where: Where, start: int) -> bool:
    try:
        work(where, start)
    except Exception as failure:  # noqa: BLE001 -- the other gates must go on
        logger().exception("not counted", extra={"place": where[1]})
        return not isinstance(failure, PynamoDBException)
    return True


def _five_minutes(where: Where, start: int) -> None:
    since = start - rules.ECHO_MS
    rows = PassageRow.around(*where, since, start + rules.BUCKET_MS, MOST_SUMMED)
    if rows:
        GateCount.keep(where, FIVE_MINUTES, start, rules.tally(rows, start), made_of=len(rows))


def _hour(where: Where, start: int) -> None:
    tally, made_of = GateCount.hour(where, start)
    if made_of:
        GateCount.keep(where, HOUR, start, tally, made_of=made_of)


# -- reading -----------------------------------------------------------------------------------


def of_day(caller: Caller, day_of: datetime) -> HourCounts:
    """Return the hours of all gates of the day that an instant is in; at most two reads."""
    since = rules.day_began(day_of)
    return HourCounts(_shown(_of_estate(caller.community_id, since, since + timedelta(days=1))))


def of_gates(caller: Caller, day_of: datetime) -> HourCounts:
    """Return as `of_day`, without the doors of buildings: what owners may know of all."""
    since = rules.day_began(day_of)
    rows = _of_estate(caller.community_id, since, since + timedelta(days=1))
    inner = {row.place_id for row in rows if row.inner}
    return HourCounts(_shown([row for row in rows if row.place_id not in inner]))


def of_device(caller: Caller, device_id: str, since: datetime, until: datetime) -> HourCounts:
    """Return the hours of the place where a device stands, at most 31 days of them.

    Raises NotFound `no_such_device`, Unprocessable `bad_period`.
    """
    if not since < until <= since + rules.LONGEST:
        raise Unprocessable("bad_period", f"查询时段无效，最长 {rules.LONGEST.days} 天")
    place_id = devices.seen_by(caller, device_id).place_id
    begins = clock.epoch_ms(rules.day_began(since))
    rows = GateCount.of_place((caller.community_id, place_id), begins, clock.epoch_ms(until))
    shown = _shown([row for row in rows if row.is_live()])
    return HourCounts([hour for hour in shown if hour.at >= since - timedelta(hours=1)])


def _of_estate(community_id: str, since: datetime, until: datetime) -> list[GateCount]:
    period = clock.epoch_ms(since), clock.epoch_ms(until) - 1
    keys = [
        day_key(community_id, clock.epoch_ms(datetime.strptime(f"{day}+0000", "%Y%m%d%z")))
        for day in days_between(since, until)
    ]
    between = GateCount.hour_place.between(*(hour_of(at) for at in period))
    return [row for key in keys for row in GateCount.by_day.query(key, between) if row.is_live()]


def _shown(rows: Sequence[GateCount]) -> list[HourCount]:
    """Return hours in the order of time, each with its net since midnight."""
    inside: dict[tuple[str, datetime], Tally] = {}
    shown: list[HourCount] = []
    for row in sorted(rows, key=lambda row: (int(row.at), row.place_id)):
        at, tally = clock.from_epoch_ms(int(row.at)), row.tally()
        key = row.place_id, rules.day_began(at)
        inside[key] = inside.get(key, Tally()) + tally
        shown.append(
            HourCount(
                place_id=row.place_id,
                at=at,
                people_in=tally.people_in,
                people_out=tally.people_out,
                people_unclear=tally.people_unclear,
                people_net_since_midnight=inside[key].people_net_since_midnight,
                vehicles_in=tally.vehicles_in,
                vehicles_out=tally.vehicles_out,
                vehicles_unclear=tally.vehicles_unclear,
                vehicles_net_since_midnight=inside[key].vehicles_net_since_midnight,
                refused=tally.refused,
            )
        )
    return shown
