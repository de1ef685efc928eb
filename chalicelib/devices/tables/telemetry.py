"""Rows of what devices measured: single samples, and what five minutes and hours come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core.table import Row, tenant_key
from chalicelib.devices.rules.telemetry import (
    GRAINS,
    MOST_SUMMED,
    Sample,
    Step,
    Summary,
    bucket,
    partition,
)


@dataclass(frozen=True, order=True)
class Series:
    """One quantity of one device."""

    community_id: str
    device_id: str
    quantity: str

    def key(self, step: Step, part: str) -> str:
        """Return the key of one partition of the series: the tenant first."""
        return tenant_key(self.community_id, self.device_id, self.quantity, step.value, part)


class SampleRow(Row):
    """One sample as it came, by device, quantity and hour; the range is `ms#event#index`.

    The same event again is the same key. `stamped_at` is the device's own time where we did
    not believe it, and one that is `lost` stands where we received it (`rules.Sample`).
    """

    class Meta:
        short = "samples"
        ttl = "expires"
        stream = True

    series_key = UnicodeAttribute(hash_key=True)
    at_event = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    quantity = UnicodeAttribute()
    at = NumberAttribute()
    value = NumberAttribute()
    stamped_at = NumberAttribute(null=True)
    lost = BooleanAttribute(null=True)
    expires = NumberAttribute()

    @classmethod
    def made(cls, series: Series, sample: Sample, event_id: str, index: int) -> Self:
        """Return the row of one sample: the `index`-th that its event measured."""
        return cls(
            series_key=series.key(Step.RAW, partition(sample.at, Step.RAW)),
            at_event=f"{_at(sample.at)}#{event_id}#{index:04d}",
            community_id=series.community_id,
            device_id=series.device_id,
            quantity=series.quantity,
            at=sample.at,
            value=sample.value,
            stamped_at=sample.stamped,
            lost=sample.is_lost or None,
            expires=_expires(sample.at, Step.RAW),
        )

    @classmethod
    def of_five_minutes(cls, series: Series, start: int) -> list[float]:
        """Return the values of one bucket in the order of their time; strongly consistent.

        One more than are summed up shows that there are too many. The lost ones are not of
        this time.
        """
        end = start + GRAINS[Step.FIVE_MINUTES].bucket_ms
        rows = cls.query(
            series.key(Step.RAW, partition(start, Step.RAW)),
            cls.at_event.between(_at(start), _at(end)),
            cls.lost.does_not_exist(),
            consistent_read=True,
            limit=MOST_SUMMED + 1,
        )
        return [float(row.value) for row in rows if row.is_live()]

    @classmethod
    def page(cls, key: str, period: tuple[int, int], **options: Any) -> Any:
        """Query one partition for the samples of a half-open period (epoch milliseconds)."""
        return cls.query(key, cls.at_event.between(_at(period[0]), _at(period[1])), **options)

    @classmethod
    def series_of(cls, image: Mapping[str, Any]) -> tuple[Series, int]:
        """Return the series of a streamed row (`NEW_IMAGE`), and its five minutes' beginning."""
        row = cls.from_raw_data(dict(image))
        series = Series(row.community_id, row.device_id, row.quantity)
        return series, bucket(int(row.at), Step.FIVE_MINUTES)


class RollUp(Row):
    """What one bucket of a series comes to, by device, quantity and month or year."""

    class Meta:
        short = "roll_ups"
        ttl = "expires"

    series_key = UnicodeAttribute(hash_key=True)
    at = NumberAttribute(range_key=True)
    community_id = UnicodeAttribute()
    n = NumberAttribute()
    sum = NumberAttribute()
    min = NumberAttribute()
    max = NumberAttribute()
    last = NumberAttribute()
    truncated = BooleanAttribute(null=True)
    expires = NumberAttribute()

    @classmethod
    def keep(cls, series: Series, step: Step, start: int, summary: Summary) -> None:
        """Keep a bucket's summary unless one of more samples is there.

        Samples of a bucket only become more while they are summed up, so that the greatest
        count is the newest, in whatever order two readers of the stream come to write. One
        that was cut is kept once: from then on the count says nothing.
        """
        row = cls(series_key=series.key(step, partition(start, step)), at=start)
        said = {
            "community_id": series.community_id,
            "n": summary.n,
            "sum": summary.sum,
            "min": summary.min,
            "max": summary.max,
            "last": summary.last,
            "expires": _expires(start, step),
        }
        newer = cls.n.does_not_exist() | (cls.n < summary.n)
        if summary.truncated:
            said["truncated"] = True
            newer |= (cls.n <= summary.n) & cls.truncated.does_not_exist()
        actions = [getattr(cls, name).set(value) for name, value in said.items()]
        row.changed(actions, newer)

    @classmethod
    def of_hour(cls, series: Series, start: int) -> list[Summary]:
        """Return the five-minute summaries of an hour in order; strongly consistent."""
        end = start + GRAINS[Step.HOUR].bucket_ms - 1
        step = Step.FIVE_MINUTES
        key = series.key(step, partition(start, step))
        rows = cls.query(key, cls.at.between(start, end), consistent_read=True)
        return [row.summary() for row in rows if row.is_live()]

    @classmethod
    def page(cls, key: str, period: tuple[int, int], **options: Any) -> Any:
        """Query one partition for the buckets that begin in a half-open period."""
        return cls.query(key, cls.at.between(period[0], period[1] - 1), **options)

    def summary(self) -> Summary:
        """Return what the bucket comes to."""
        return Summary(
            n=int(self.n),
            sum=float(self.sum),
            min=float(self.min),
            max=float(self.max),
            last=float(self.last),
            truncated=bool(self.truncated),
        )


def _at(ms: int) -> str:
    return f"{ms:013d}"


def _expires(at: int, step: Step) -> int:
    return at // 1000 + int(GRAINS[step].kept.total_seconds())
