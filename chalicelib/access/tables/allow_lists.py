"""Rows of allow-lists: an estate's entries, the log of their changes, and what each door has."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from pynamodb.attributes import (
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.paths import within
from chalicelib.core.table import PlainJson, Row, shards


class ListHead(Row):
    """The newest version of an estate's list; each change is one more."""

    class Meta:
        short = "list_heads"

    community_id = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(default=0)
    life_s = NumberAttribute(null=True)


class ListEntry(Row):
    """One entry of an estate's list, by the path of its flat: a door's list is one prefix.

    `entry_key` is `path/#id`. `doors` are the only ones that it opens, if any are named. Doors
    below the node `inside` have `inner_uses` of it, whatever the entry says.
    """

    class Meta:
        short = "list_entries"
        ttl = "expires"

    community_id = UnicodeAttribute(hash_key=True)
    entry_key = UnicodeAttribute(range_key=True)
    entry_id = UnicodeAttribute()
    entry = PlainJson()
    doors = ListAttribute[str](default=list)
    inside = UnicodeAttribute(null=True)
    inner_uses = NumberAttribute(null=True)
    until = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)


class ListChange(Row):
    """That an entry was written or removed, in the version that this made."""

    class Meta:
        short = "list_changes"
        ttl = "expires"

    community_id = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    entry_key = UnicodeAttribute()
    expires = NumberAttribute()


class _Due(GlobalSecondaryIndex["DoorList"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class _ByCommunity(GlobalSecondaryIndex["DoorList"]):
    class Meta:
        index_name = "by_community"
        projection = IncludeProjection(["paths"])

    community_id = UnicodeAttribute(hash_key=True)
    door_key = UnicodeAttribute(range_key=True)


class DoorList(Row):
    """What one door was told of, fetched and applied; versions, and epoch ms.

    It is on the list of what is due until `applied` reaches `wanted`. `path` is the node of its
    last fetch, `paths` those whose lists it may hold still: a door that was moved holds the old
    one until it says that it has applied another.
    """

    class Meta:
        short = "door_lists"

    door_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    wanted = NumberAttribute(default=0)
    fetched = NumberAttribute(default=0)
    applied = NumberAttribute(default=0)
    since = NumberAttribute(null=True)
    fetched_at = NumberAttribute(null=True)
    applied_at = NumberAttribute(null=True)
    tellings = NumberAttribute(default=0)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    path = UnicodeAttribute(null=True)
    paths = UnicodeSetAttribute(null=True)
    due = _Due()
    by_community = _ByCommunity()

    @classmethod
    def holders(cls, community_id: str, flat_path: str) -> list[Self]:
        """Return the doors, wherever they stand now, that fetched a list with this flat on it.

        One query of all of an estate's doors, and one consistent read of those that may.
        """
        hits = cls.by_community.query(community_id)
        keys = [hit.door_key for hit in hits if _covers(hit.paths, flat_path)]
        return list(cls.batch_get(keys, consistent_read=True)) if keys else []

    def apply(self, version: int, at_ms: int) -> None:
        """Hold a version; with the newest that was fetched, that of no earlier node."""
        self.applied, self.applied_at = version, at_ms
        if version >= self.fetched and self.path:
            self.paths = {self.path}
        if version >= self.wanted:
            self.shard = self.due_at = self.since = None
            self.tellings = 0

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the keys of doors that are to be told again by an instant."""
        for shard in shards("door-list"):
            for row in cls.due.query(shard, cls.due_at < clock.epoch_ms(at), limit=limit):
                yield row.door_key

    @classmethod
    def of(cls, key: str) -> Self | None:
        """Return a door's row, or None; one consistent read."""
        return cls.find(key)


def _covers(paths: set[str] | None, flat_path: str) -> bool:
    return any(within(flat_path, path) for path in paths or ())
