"""Pure rules of telemetry: samples of SenML packs, their places in history, summaries."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.devices.rules.senml import ABSOLUTE, Measured, records

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

    `stamped` is the device's own time of it, where we did not believe that. One that `is_lost`
    stands where we received it, because nobody knows when it was: it is summed up with no
    others, and is no newest value.
    """

    quantity: str
    value: float
    at: int
    stamped: int | None = None
    is_lost: bool = False


@dataclass(frozen=True)
class Summary:
    """What samples in the order of their time come to; `truncated` if there are more of them."""

    n: int
    sum: float
    min: float
    max: float
    last: float
    truncated: bool = False


def is_personal(quantity: str) -> bool:
    """Return whether a quantity is of a person's body (PIPL 28: health is sensitive)."""
    return quantity.rpartition("/")[2] in PERSONAL


def resolve(
    kind: str,
    senml: Sequence[Mapping[str, Any]],
    occurred_ms: int,
    received_ms: int,
    *,
    replayed: bool = False,
) -> list[Sample]:
    """Return the samples of a pack that can be read; `now` in it is the event's own time."""
    found = []
    skew = 0 if replayed else occurred_ms - received_ms
    for one in records(kind, senml):
        if not isinstance(one, Measured):
            continue
        said = one.seconds * 1000 + (0 if one.seconds >= ABSOLUTE else occurred_ms)
        stamped = round(said)
        at = _placed(stamped, skew, received_ms)
        label = stamped if at != stamped else None
        place = received_ms if at is None else at
        found.append(Sample(one.quantity, one.value, place, label, is_lost=at is None))
    return found


def _placed(stamped: int, skew: int, received: int) -> int | None:
    """Return where in history a sample stands, if that can be: where its device says.

    A clock that is years wrong is corrected by how wrong it was when the event came; of what
    comes out of a buffer nobody knows that. None: what cannot have been even then
    (SECURITY.md 19).
    """
    for at in (stamped, stamped - skew):
        if received - LATEST_MS <= at <= received + AHEAD_MS:
            return at
    return None


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
