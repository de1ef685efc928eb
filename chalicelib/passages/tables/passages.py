"""Rows of passages: by place and day, by whose they are, and by what was shown."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection

from chalicelib.core import clock
from chalicelib.core.table import Row, tenant_key
from chalicelib.passages.rules.counts import Seen
from chalicelib.passages.rules.passages import (
    Direction,
    Method,
    PassageOutcome,
    Thing,
    days_between,
)
from chalicelib.passages.rules.patterns import Use


class _ByTrail(GlobalSecondaryIndex["PassageRow"]):
    class Meta:
        index_name = "by_trail"
        projection = AllProjection()

    trail_key = UnicodeAttribute(hash_key=True)
    at_id = UnicodeAttribute(range_key=True)


class _ByMark(GlobalSecondaryIndex["PassageRow"]):
    class Meta:
        index_name = "by_mark"
        projection = IncludeProjection(
            ["passage_id", "at", "trail_key", "place_id", "outcome", "companions", "expires"]
        )

    mark_key = UnicodeAttribute(hash_key=True)
    at_id = UnicodeAttribute(range_key=True)


class PassageRow(Row):
    """One passage; `at` is when it happened, in epoch milliseconds.

    Without the master key nobody reads off this table who went where (LAW.md P5): `trail_key`
    and `mark_key` are blind indices of a person, and of a card, credential or plate; `who` is
    the person's id, sealed; `said` is the flat, what was shown and the plate, sealed under that
    person's own key, or under the master key where it is nobody's.
    """

    class Meta:
        short = "passages"
        ttl = "expires"
        stream = True

    place_key = UnicodeAttribute(hash_key=True)
    at_id = UnicodeAttribute(range_key=True)
    passage_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    at = NumberAttribute()
    received_at = NumberAttribute()
    late = NumberAttribute(default=0)
    thing = UnicodeAttribute()
    outcome = UnicodeAttribute()
    method = UnicodeAttribute()
    direction = UnicodeAttribute()
    holder = UnicodeAttribute()
    companions = NumberAttribute(default=0)
    trail_key = UnicodeAttribute(null=True)
    mark_key = UnicodeAttribute(null=True)
    who = BinaryAttribute(legacy_encoding=False, null=True)
    said = BinaryAttribute(legacy_encoding=False, null=True)
    expires = NumberAttribute()
    by_trail = _ByTrail()
    by_mark = _ByMark()

    @classmethod
    def streamed(cls, image: Mapping[str, Any]) -> Self:
        """Return the row of a streamed insert (`NEW_IMAGE`).

        Lambda hands bytes over as base64 text (its event is JSON), the stream itself does not.
        """
        return cls.from_raw_data({name: _bytes(value) for name, value in image.items()})

    @classmethod
    def around(
        cls, community_id: str, place_id: str, since_ms: int, until_ms: int, most: int
    ) -> list[Seen]:
        """Return a place's passages of a half-open period as they are counted; consistent.

        Two queries where the period touches two days; at most `most` rows of each.
        """
        days = days_between(clock.from_epoch_ms(since_ms), clock.from_epoch_ms(until_ms))
        return [
            row.seen()
            for day in days
            for row in cls.query(
                place_key(community_id, place_id, day),
                cls.at_id.between(at_id(since_ms), at_id(until_ms)),
                consistent_read=True,
                limit=most,
            )
        ]

    @classmethod
    def uses_of_mark(cls, mark: str, since: datetime, most: int) -> list[Use]:
        """Return the newest uses of a card or plate since then; one page of an index."""
        lower = cls.at_id >= at_id(clock.epoch_ms(since))
        found = cls.by_mark.query(mark, lower, scan_index_forward=False, limit=most)
        return [row.use() for row in found]

    @classmethod
    def uses_of_trail(cls, trail: str, since: datetime, most: int) -> list[Use]:
        """Return the newest passages of a person since then; one page of an index."""
        lower = cls.at_id >= at_id(clock.epoch_ms(since))
        found = cls.by_trail.query(trail, lower, scan_index_forward=False, limit=most)
        return [row.use() for row in found]

    def seen(self) -> Seen:
        """Return the passage as it is counted."""
        return Seen(
            at=int(self.at),
            thing=Thing(self.thing),
            outcome=PassageOutcome(self.outcome),
            direction=Direction(self.direction),
            method=Method(self.method),
            device_id=self.device_id,
            companions=int(self.companions),
            kind=self.kind,
        )

    def use(self) -> Use:
        """Return the passage as patterns see it."""
        return Use(
            passage_id=self.passage_id,
            at=clock.from_epoch_ms(int(self.at)),
            trail=self.trail_key or "",
            place_id=self.place_id,
            outcome=PassageOutcome(self.outcome),
            companions=int(self.companions or 0),
        )


def _bytes(value: Mapping[str, Any]) -> Mapping[str, Any]:
    said = value.get("B")
    return {"B": base64.b64decode(said)} if isinstance(said, str) else value


def place_key(community_id: str, place_id: str, day: str) -> str:
    """Return the key of one place's passages of one day (UTC, 20261121)."""
    return tenant_key(community_id, place_id, day)


def at_id(at_ms: int, passage_id: str = "") -> str:
    """Return the range key of a passage; without an id, what stands before all of its instant."""
    return f"{at_ms:013d}#{passage_id}" if passage_id else f"{at_ms:013d}"


class IncidentRow(Row):
    """What a manager looks into by one ticket: a window of at most 24 hours, and no other."""

    class Meta:
        short = "passage_incidents"
        ttl = "expires"

    ticket_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    since = NumberAttribute()
    opened_by = UnicodeAttribute()
    purpose = UnicodeAttribute()
    expires = NumberAttribute()


class GatePost(Row):
    """Where a guard stands, since when and until when at the latest: all that they may see."""

    class Meta:
        short = "gate_posts"
        ttl = "expires"

    guard_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    guard_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    since = NumberAttribute()
    expires = NumberAttribute()
