"""Rows of devices, what they reported, and the commands sent to them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from pynamodb.attributes import (
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shards, tenant_key
from chalicelib.devices.rules import CommandState

DAY_S = 86_400
BOOT_FORGOTTEN_MS = 60_000
EVENTS_KEPT_S = 30 * DAY_S
COMMANDS_KEPT_S = 90 * DAY_S
BATCHES_KEPT_S = 14 * DAY_S
"""Longer than any outage we mean to survive: an accepted batch is a job until it is done."""


class _ByCommunity(GlobalSecondaryIndex["Device"]):
    class Meta:
        index_name = "by_community"
        projection = AllProjection()

    community_id = UnicodeAttribute(hash_key=True)
    device_id = UnicodeAttribute(range_key=True)


class _ByPlace(GlobalSecondaryIndex["Device"]):
    class Meta:
        index_name = "by_place"
        projection = AllProjection()

    place_key = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(range_key=True)


class Device(Row):
    """A device: found by its id alone, because a signed request names nothing else.

    `session`, `boot` and `hello_at` are what it last announced on the broker, in one item
    with its keys so that one read is enough to command it.
    """

    class Meta:
        short = "devices"

    device_id = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    place_id = UnicodeAttribute()
    place_key = UnicodeAttribute()
    name = UnicodeAttribute()
    keys = PlainJson()
    session = UnicodeAttribute(null=True)
    boot = NumberAttribute(default=0)
    hello_at = NumberAttribute(default=0)
    by_community = _ByCommunity()
    by_place = _ByPlace()


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
    def waiting(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield (device, message) of batches that are not done and due to be queued again."""
        for shard in shards("batch"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.device_id, row.message_id

    @classmethod
    def finish(cls, device_id: str, message_id: str) -> None:
        """Take the batch off the list of waiting ones."""
        done = cls(device_id=device_id, message_id=message_id)
        done.changed([cls.shard.remove()], cls.device_id.exists())


class DeviceEvent(Row):
    """One event of one device, once: the range key is the event's own id."""

    class Meta:
        short = "device_events"
        ttl = "expires"

    device_id = UnicodeAttribute(hash_key=True)
    event_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    type = UnicodeAttribute()
    data = PlainJson()
    boot = NumberAttribute()
    sequence = NumberAttribute()
    occurred_at = NumberAttribute()
    received_at = NumberAttribute()
    expires = NumberAttribute()


class _OpenCommands(GlobalSecondaryIndex["Command"]):
    class Meta:
        index_name = "open"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    expires_at = NumberAttribute(range_key=True)


class Command(Row):
    """One command to one device; `payload` and `signature` are the very bytes sent."""

    class Meta:
        short = "commands"
        ttl = "expires"

    device_key = UnicodeAttribute(hash_key=True)
    command_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    op = UnicodeAttribute()
    cause_id = UnicodeAttribute()
    payload = UnicodeAttribute()
    signature = UnicodeAttribute()
    key_id = UnicodeAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(default="")
    expires_at = NumberAttribute()
    expires = NumberAttribute()
    shard = UnicodeAttribute(null=True)
    open = _OpenCommands()

    @classmethod
    def of(cls, community_id: str, device_id: str, command_id: str) -> Self | None:
        """Return this device's command, or None."""
        return cls.find(tenant_key(community_id, device_id), command_id)

    @classmethod
    def overdue(cls, before: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of commands that were still SENT after their end."""
        for shard in shards("open"):
            for row in cls.open.query(shard, cls.expires_at < clock.epoch_ms(before), limit=limit):
                yield row.device_key, row.command_id

    def settle(self, state: CommandState, reason: str) -> None:
        """Note the end of a command and take it off the list of open ones."""
        self.state, self.reason, self.shard = state, reason, None


class CommandAck(Row):
    """What a device answered, written by the broker's rule as it came, not yet believed."""

    class Meta:
        short = "command_acks"
        ttl = "expires"

    device_id = UnicodeAttribute(hash_key=True)
    command_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    payload = UnicodeAttribute()
    received_at = NumberAttribute()
    expires = NumberAttribute()


def note_hello(device_id: str, session: str, boot: int, at_ms: int) -> bool:
    """Keep a device's newest session; False if a newer boot announced itself just now.

    A device that was reset may count its boots from the beginning: after a minute of
    silence a lower one is believed.
    """
    announced = [Device.session.set(session), Device.boot.set(boot), Device.hello_at.set(at_ms)]
    forgotten = Device.hello_at < at_ms - BOOT_FORGOTTEN_MS
    newest = Device.device_id.exists() & ((Device.boot <= boot) | forgotten)
    return Device(device_id=device_id).changed(announced, newest)
