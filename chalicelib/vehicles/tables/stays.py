"""Rows of cars: those who are or were inside, and those who wait for the guard."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.table import Row, shards, tenant_key


class _ByTime(GlobalSecondaryIndex["StayRow"]):
    class Meta:
        index_name = "by_time"
        projection = AllProjection()

    community_id = UnicodeAttribute(hash_key=True)
    began_at = NumberAttribute(range_key=True)


class _Inside(GlobalSecondaryIndex["StayRow"]):
    class Meta:
        index_name = "inside"
        projection = AllProjection()

    inside_key = UnicodeAttribute(hash_key=True)
    began_at = NumberAttribute(range_key=True)


class _ByPerson(GlobalSecondaryIndex["StayRow"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    began_at = NumberAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["StayRow"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class StayRow(Row):
    """One stay of one car: ENTERED, then EXITED, or ORPHAN where one end was never seen.

    `plate` is sealed under the key of `person_id`, who registered it; that of a car that
    nobody registered under the master key. Times are epoch ms; `began_at` is the entry, or
    the exit of a stay without one. `opened` is how the barrier took the last command, `path`
    where in the tree its first camera stands.
    """

    class Meta:
        short = "stays"
        ttl = "expires"

    stay_key = UnicodeAttribute(hash_key=True)
    stay_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    park_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    state = UnicodeAttribute()
    plate = BinaryAttribute(legacy_encoding=False, null=True)
    plate_index = UnicodeAttribute(null=True)
    book_key = UnicodeAttribute(null=True)
    person_id = UnicodeAttribute(null=True)
    person_key = UnicodeAttribute(null=True)
    unit_id = UnicodeAttribute(null=True)
    entry_id = UnicodeAttribute(null=True)
    began_at = NumberAttribute()
    entered_at = NumberAttribute(null=True)
    entry_device = UnicodeAttribute(null=True)
    entry_still = UnicodeAttribute(null=True)
    exited_at = NumberAttribute(null=True)
    exit_device = UnicodeAttribute(null=True)
    exit_still = UnicodeAttribute(null=True)
    admitted_by = UnicodeAttribute(null=True)
    orphan = UnicodeAttribute(null=True)
    late = BooleanAttribute(default=False)
    place_id = UnicodeAttribute()
    path = UnicodeAttribute(null=True)
    command_id = UnicodeAttribute(null=True)
    opened = UnicodeAttribute(null=True)
    inside_key = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)
    by_time = _ByTime()
    inside = _Inside()
    by_person = _ByPerson()
    due = _Due()

    @property
    def is_nobodys(self) -> bool:
        """Return whether the person whose plate was read has been forgotten."""
        return not self.plate and bool(self.plate_index)

    def forget(self) -> None:
        """Name nobody any more; what finds an open stay at the exit goes when it ends."""
        self.person_id = self.person_key = self.plate = self.unit_id = self.entry_id = None
        self.entry_still = self.exit_still = None
        if not self.inside_key:
            self.blank()

    def blank(self) -> None:
        """Leave out by what the car of somebody who was forgotten could be known again."""
        self.plate_index = self.book_key = None
        self.entry_still = self.exit_still = None

    @classmethod
    def of(cls, community_id: str, stay_id: str) -> Self | None:
        """Return a community's stay, or None; one consistent read."""
        return cls.find(tenant_key(community_id, stay_id))

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the keys of stays that have been open for longer than a plate may be kept."""
        for shard in shards("stay"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.stay_key


class _Waiting(GlobalSecondaryIndex["ArrivalRow"]):
    class Meta:
        index_name = "waiting"
        projection = AllProjection()

    waiting_key = UnicodeAttribute(hash_key=True)
    at = NumberAttribute(range_key=True)


class _Over(GlobalSecondaryIndex["ArrivalRow"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class ArrivalRow(Row):
    """A car that was not let through by itself: a person decides, once.

    WAITING, then ADMITTED, TURNED_AWAY or LAPSED. `reading` is what the camera read, sealed
    under the master key; `candidates` are the ids of entries that it may be.
    """

    class Meta:
        short = "arrivals"
        ttl = "expires"

    arrival_key = UnicodeAttribute(hash_key=True)
    arrival_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    waiting_key = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    side = UnicodeAttribute()
    why = UnicodeAttribute()
    reading = BinaryAttribute(legacy_encoding=False, null=True)
    book_key = UnicodeAttribute(null=True)
    candidates = ListAttribute[str](default=list)
    park_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    path = UnicodeAttribute(null=True)
    device_id = UnicodeAttribute()
    still = UnicodeAttribute(null=True)
    stay_id = UnicodeAttribute(null=True)
    at = NumberAttribute()
    decided_at = NumberAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    waiting = _Waiting()
    due = _Over()

    @classmethod
    def of(cls, community_id: str, arrival_id: str) -> Self | None:
        """Return a community's arrival, or None; one consistent read."""
        return cls.find(tenant_key(community_id, arrival_id))

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the keys of cars that nobody decided on for longer than a car waits."""
        for shard in shards("arrival"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.arrival_key
