"""Rows of counts at gates: five minutes, and hours that are made of them."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core.table import Row, tenant_key
from chalicelib.passages.rules.counts import BUCKET_MS, HOUR_MS, Tally

FIVE_MINUTES, HOUR = "5m", "1h"
_KEPT_S = {FIVE_MINUTES: 90 * 86_400, HOUR: 5 * 366 * 86_400}
_A_MONTH = timedelta(days=31)
_FIGURES = tuple(field.name for field in fields(Tally) if field.name != "inner")


class _ByDay(GlobalSecondaryIndex["GateCount"]):
    class Meta:
        index_name = "by_day"
        projection = AllProjection()

    day_key = UnicodeAttribute(hash_key=True)
    hour_place = UnicodeAttribute(range_key=True)


class GateCount(Row):
    """What one bucket of a place comes to; the hours of a day are also listed together.

    It names nobody, so that it outlives the passages (LAW.md 3.2: 90 days, then aggregate).
    """

    class Meta:
        short = "gate_counts"
        ttl = "expires"

    series_key = UnicodeAttribute(hash_key=True)
    at = NumberAttribute(range_key=True)
    community_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    day_key = UnicodeAttribute(null=True)
    hour_place = UnicodeAttribute(null=True)
    people_in = NumberAttribute()
    people_out = NumberAttribute()
    people_unclear = NumberAttribute()
    vehicles_in = NumberAttribute()
    vehicles_out = NumberAttribute()
    vehicles_unclear = NumberAttribute()
    refused = NumberAttribute()
    seen = NumberAttribute()
    inner = BooleanAttribute(default=False)
    made_of = NumberAttribute()
    expires = NumberAttribute()
    by_day = _ByDay()

    @classmethod
    def keep(
        cls, where: tuple[str, str], step: str, start: int, tally: Tally, *, made_of: int
    ) -> None:
        """Keep a bucket's tally of a (community, place), unless one of more rows is there.

        `made_of` is how many rows were read for it: they only become more while a bucket is
        counted, so that the greatest number is the newest, in whatever order writers come.
        """
        community_id, place_id = where
        row = cls(series_key=_series(where, step, start), at=start)
        said: dict[str, Any] = {name: getattr(tally, name) for name in _FIGURES}
        said |= {"community_id": community_id, "place_id": place_id, "inner": tally.inner}
        said |= {"made_of": made_of, "expires": start // 1000 + _KEPT_S[step]}
        if step == HOUR:
            said |= {
                "day_key": day_key(community_id, start),
                "hour_place": hour_of(start, place_id),
            }
        newer = cls.made_of.does_not_exist() | (cls.made_of < made_of)
        row.changed([getattr(cls, name).set(value) for name, value in said.items()], newer)

    @classmethod
    def hour(cls, where: tuple[str, str], start: int) -> tuple[Tally, int]:
        """Return what the five minutes of an hour come to, and of how many rows; consistent."""
        end = start + HOUR_MS - BUCKET_MS
        rows = list(
            cls.query(
                _series(where, FIVE_MINUTES, start),
                cls.at.between(start, end),
                consistent_read=True,
            )
        )
        return sum((row.tally() for row in rows), Tally()), sum(int(row.made_of) for row in rows)

    @classmethod
    def of_place(
        cls, where: tuple[str, str], since_ms: int, until_ms: int
    ) -> Iterator["GateCount"]:
        """Yield the hours of a place that begin in a half-open period, month by month."""
        month = datetime.fromtimestamp(since_ms / 1000, UTC)
        end = datetime.fromtimestamp((until_ms - 1) / 1000, UTC)
        while (month.year, month.month) <= (end.year, end.month):
            key = _series(where, HOUR, int(month.timestamp() * 1000))
            yield from cls.query(key, cls.at.between(since_ms, until_ms - 1))
            month = (month.replace(day=1, hour=0) + _A_MONTH).replace(day=1)

    def tally(self) -> Tally:
        """Return what the bucket comes to."""
        figures = {name: int(getattr(self, name)) for name in _FIGURES}
        return Tally(**figures, inner=bool(self.inner))


def day_key(community_id: str, at_ms: int) -> str:
    """Return the key of the hours of a day (UTC) of all places."""
    return tenant_key(community_id, f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y%m%d}")


def hour_of(at_ms: int, place_id: str = "") -> str:
    """Return where an hour of a place stands among those of a day."""
    return f"{at_ms:013d}#{place_id}" if place_id else f"{at_ms:013d}"


def _series(where: tuple[str, str], step: str, start: int) -> str:
    month = f"{datetime.fromtimestamp(start / 1000, UTC):%Y%m}"
    return tenant_key(*where, step, month)
