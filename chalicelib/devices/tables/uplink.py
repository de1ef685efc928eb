"""Rows of what devices reported."""

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.pagination import ResultIterator

from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shards

DAY_S = 86_400

EVENTS_KEPT_S = 30 * DAY_S

BATCHES_KEPT_S = 14 * DAY_S
"""Longer than any outage we mean to survive: an accepted batch is a job until it is done."""


MOST_AT_ONCE = 100
"""Batches that are due, of one shard, in one answer of the engine."""


class _DueBatches(GlobalSecondaryIndex["AcceptedBatch"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class AcceptedBatch(Row):
    """A signed upload of events that was answered with 200: a job until it is done."""

    class Meta:
        short = "accepted_batches"
        ttl = "expires"

    device_id = UnicodeAttribute(hash_key=True)
    message_id = UnicodeAttribute(range_key=True)
    digest = UnicodeAttribute()
    events = PlainJson()
    answer = PlainJson()
    queue = UnicodeAttribute()
    received_at = NumberAttribute()
    due_at = NumberAttribute()
    sendings = NumberAttribute(default=1)
    expires = NumberAttribute()
    shard = UnicodeAttribute(null=True)
    due = _DueBatches()

    @classmethod
    def waiting(cls, queue: str, at: datetime) -> Iterator[tuple[str, str]]:
        """Yield (device, message) of a queue's batches that are due again, the oldest first."""
        due = cls.due_at <= clock.epoch_ms(at)
        lists = [cls.due.query(shard, due, page_size=MOST_AT_ONCE) for shard in shards(queue)]
        for row in merge(*lists, key=lambda row: int(row.due_at)):
            yield row.device_id, row.message_id

    @classmethod
    def finish(cls, device_id: str, message_id: str) -> None:
        """Take the batch off the list of waiting ones."""
        done = cls(device_id=device_id, message_id=message_id)
        done.changed([cls.shard.remove()], cls.device_id.exists())


class _ByReceipt(GlobalSecondaryIndex["DeviceEvent"]):
    """A device's history in the order of its arrival; without the data, which may name people."""

    class Meta:
        index_name = "by_receipt"
        projection = IncludeProjection(
            ["type", "boot", "sequence", "occurred_at", "replayed", "expires"]
        )

    device_key = UnicodeAttribute(hash_key=True)
    received_at = NumberAttribute(range_key=True)


class DeviceEvent(Row):
    """One event of one device, once: the range key is the event's own id.

    `message_id` names the batch that brought it first; `replayed` is the device's own word that
    it came from its buffer. What comes all day (`rules.catalogue.QUIET`) has no `device_key`,
    and stands in no history.
    """

    class Meta:
        short = "device_events"
        ttl = "expires"

    device_id = UnicodeAttribute(hash_key=True)
    event_id = UnicodeAttribute(range_key=True)
    message_id = UnicodeAttribute(null=True)
    community_id = UnicodeAttribute()
    type = UnicodeAttribute()
    data = PlainJson()
    boot = NumberAttribute()
    sequence = NumberAttribute()
    occurred_at = NumberAttribute()
    replayed = BooleanAttribute(null=True)
    received_at = NumberAttribute()
    expires = NumberAttribute()
    device_key = UnicodeAttribute(null=True)
    by_receipt = _ByReceipt()

    @classmethod
    def history(
        cls,
        device_key: str,
        received: tuple[int, int],
        event_type: str,
        *,
        page_size: int,
        after: dict[str, Any] | None,
    ) -> ResultIterator["DeviceEvent"]:
        """Return what a device reported in a half-open period (ms), the newest first."""
        return cls.by_receipt.query(
            device_key,
            cls.received_at.between(received[0], received[1] - 1),
            filter_condition=cls.type == event_type if event_type else None,
            page_size=page_size,
            last_evaluated_key=after,
            scan_index_forward=False,
        )


class Quarantine(Row):
    """A device that sent too much; `period` counts five minutes since 1970."""

    class Meta:
        short = "quarantines"
        ttl = "expires"

    device_id = UnicodeAttribute(hash_key=True)
    period = NumberAttribute(range_key=True)
    community_id = UnicodeAttribute()
    began_at = NumberAttribute()
    until = NumberAttribute()
    offered = NumberAttribute()
    expires = NumberAttribute()
