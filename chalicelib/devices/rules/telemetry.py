"""Pure rules of telemetry: SenML packs resolved (RFC 8428), places in history, summaries."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.devices.rules.catalogue import PROFILES, Kind

PACK = "senml"
"""The field of a telemetry event's data that holds its pack."""

VERSION = 10
"""The version of SenML that we read (RFC 8428, 4.4)."""

ABSOLUTE = 2**28
"""Times from here on are seconds since 1970; below, seconds from now (RFC 8428, 4.5.3)."""

MOST_TIME = 10**11
MOST_VALUE = 1e15
DECIMALS = 12

MOST_PARTS = 32
"""Connectors, compartments or lamps that one device may measure apart: `2/active_power`."""

PERSONAL = frozenset({"heart_rate", "blood_oxygen", "steps"})
"""What is measured of a person's body: nothing that is shown to whoever looks after devices."""

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000

LATEST_MS = 28 * DAY_MS
"""How late a sample may come and still stand where its device says. Two days less than raw
samples are kept, so that whatever is summed up anew is still there whole."""

AHEAD_MS = 5 * MINUTE_MS

MOST_SUMMED = 3_000
"""Samples of one series that five minutes are summed up of: ten a second. A device may send
more, in packs or of old times: then the sum is of the first so many, and says so."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")
_PART = re.compile(r"[1-9][0-9]?")
_OTHER_VALUES = ("vs", "vb", "vd")


class Step(StrEnum):
    """How fine a series is read."""

    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"


@dataclass(frozen=True)
class Grain:
    """How a step is kept: the bucket's length, how long, and what one partition holds.

    `partition` is a `strftime` pattern; `longest` is the longest period that one query reads.
    """

    bucket_ms: int
    kept: timedelta
    partition: str
    longest: timedelta


GRAINS: Mapping[Step, Grain] = {
    Step.RAW: Grain(1, timedelta(days=30), "%Y-%m-%dT%H", timedelta(days=31)),
    Step.FIVE_MINUTES: Grain(5 * MINUTE_MS, timedelta(days=366), "%Y-%m", timedelta(days=366)),
    Step.HOUR: Grain(HOUR_MS, timedelta(days=5 * 366), "%Y", timedelta(days=5 * 366)),
}


@dataclass(frozen=True)
class Sample:
    """One measured value. `at` is where it stands in history, in epoch milliseconds.

    `stamped` is the device's own time of it, where we did not believe that.
    """

    quantity: str
    value: float
    at: int
    stamped: int | None = None


@dataclass(frozen=True)
class Summary:
    """What samples in the order of their time come to; `truncated` if there are more of them."""

    n: int
    sum: float
    min: float
    max: float
    last: float
    truncated: bool = False


def units(kind: str) -> Mapping[str, str]:
    """Return what a kind of device measures: quantity → SenML unit."""
    return PROFILES[Kind(kind)].telemetry or {}


def unit_of(kind: str, quantity: str) -> str | None:
    """Return the unit of a quantity, or of one of a device's parts; None if it is not measured."""
    part, _, name = quantity.rpartition("/")
    return units(kind).get(name) if not part or _is_part(part) else None


def is_personal(quantity: str) -> bool:
    """Return whether a quantity is of a person's body (PIPL 28: health is sensitive)."""
    return quantity.rpartition("/")[2] in PERSONAL


def pack_refusal(kind: str, senml: Sequence[Mapping[str, Any]]) -> str | None:
    """Return why a pack of a device of this kind cannot be read, or None.

    `bad_base_version`, `bad_name`, `bad_time`, `no_value`, `not_a_number`, `wrong_unit`. A
    quantity that nobody declared is no fault: the event keeps it, and it starts no series.
    """
    try:
        for _ in _measured(kind, senml):
            pass
    except _PackError as fault:
        return str(fault)
    return None


def resolve(
    kind: str, senml: Sequence[Mapping[str, Any]], occurred_ms: int, received_ms: int
) -> list[Sample]:
    """Return the samples of a pack that can be read; `now` in it is the event's own time."""
    found = []
    for quantity, value, seconds in _measured(kind, senml):
        said = seconds * 1000 + (0 if seconds >= ABSOLUTE else occurred_ms)
        stamped = round(said)
        at = _placed(stamped, occurred_ms - received_ms, received_ms)
        found.append(Sample(quantity, value, at, stamped if at != stamped else None))
    return found


def _placed(stamped: int, skew: int, received: int) -> int:
    """Return where in history a sample stands: where its device says, if that can be.

    A clock that is years wrong is corrected by how wrong it was when the event came; what
    cannot have been even then stands where we received it (SECURITY.md 19).
    """
    for at in (stamped, stamped - skew):
        if received - LATEST_MS <= at <= received + AHEAD_MS:
            return at
    return received


class _PackError(ValueError):
    """A pack that no reader would understand as its device meant it."""


def _measured(kind: str, senml: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float, float]]:
    """Yield (quantity, value, seconds) of each record that measures what the kind declares."""
    base: dict[str, Any] = {}
    for record in senml:
        base |= {name: value for name, value in record.items() if name.startswith("b")}
        if base.get("bver", VERSION) not in range(1, VERSION + 1):
            raise _PackError("bad_base_version")
        if all(name.startswith("b") for name in record):
            continue  # it only sets the base of those that follow
        quantity, unit = _quantity(kind, str(base.get("bn", "")) + str(record.get("n", "")))
        if unit is None:
            continue
        if record.get("u", base.get("bu", unit)) != unit:
            raise _PackError("wrong_unit")
        seconds = _sum(base.get("bt", 0), record.get("t", 0), "bad_time", MOST_TIME)
        yield quantity, _value(base, record), seconds


def _quantity(kind: str, name: str) -> tuple[str, str | None]:
    """Return the series of a resolved name and its unit: the last word, after a part's number."""
    if not _NAME.fullmatch(name):
        raise _PackError("bad_name")
    *before, quantity = name.rpartition(":")[2].split("/")
    if before and _is_part(before[-1]):
        return f"{before[-1]}/{quantity}", units(kind).get(quantity)
    return quantity, units(kind).get(quantity)


def _is_part(text: str) -> bool:
    return bool(_PART.fullmatch(text)) and int(text) <= MOST_PARTS


def _value(base: Mapping[str, Any], record: Mapping[str, Any]) -> float:
    if any(name in record for name in _OTHER_VALUES):
        raise _PackError("not_a_number")
    if "v" not in record and "bv" not in base:
        raise _PackError("no_value")
    total = _sum(base.get("bv", 0), record.get("v", 0), "not_a_number", MOST_VALUE)
    return round(total, DECIMALS) + 0.0  # no minus zero


def _sum(base: Any, own: Any, fault: str, most: float) -> float:
    """Return base + own as a number that can be stored; raises `fault`."""
    for one in (base, own):
        if isinstance(one, bool) or not isinstance(one, int | float) or not abs(one) <= most:
            raise _PackError(fault)
    return float(base + own)


# -- buckets and partitions --------------------------------------------------------------------


def bucket(at_ms: int, step: Step) -> int:
    """Return the beginning of the bucket that an instant falls in; both in epoch milliseconds."""
    return at_ms - at_ms % GRAINS[step].bucket_ms


def partition(at_ms: int, step: Step) -> str:
    """Return the part of a series, an hour, month or year of UTC, that an instant falls in."""
    return _utc(at_ms).strftime(GRAINS[step].partition)


def partitions(from_ms: int, to_ms: int, step: Step) -> list[str]:
    """Return the partitions of a half-open period in the order of time."""
    stride = HOUR_MS if step is Step.RAW else DAY_MS
    named = [partition(at, step) for at in range(from_ms, to_ms, stride)]
    return list(dict.fromkeys([*named, partition(to_ms - 1, step)]))


def _utc(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)


# -- summaries ---------------------------------------------------------------------------------


def summary(values: Sequence[float]) -> Summary | None:
    """Return what the values of one bucket, in the order of their time, come to; None of none.

    The sum is rounded once (`math.fsum`), so that no order of addition changes it. Of more
    than `MOST_SUMMED` values the first so many are summed up.
    """
    if not values:
        return None
    cut = values[:MOST_SUMMED]
    truncated = len(values) > MOST_SUMMED
    return Summary(len(cut), math.fsum(cut), min(cut), max(cut), cut[-1], truncated)


def joined(parts: Iterable[Summary]) -> Summary | None:
    """Return what the summaries of following buckets come to together; None of none."""
    found = list(parts)
    if not found:
        return None
    return Summary(
        n=sum(one.n for one in found),
        sum=math.fsum(one.sum for one in found),
        min=min(one.min for one in found),
        max=max(one.max for one in found),
        last=found[-1].last,
        truncated=any(one.truncated for one in found),
    )
