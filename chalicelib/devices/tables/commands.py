"""Rows of commands and of what devices answered."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from pynamodb.attributes import (
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.pagination import ResultIterator

from chalicelib.core import clock
from chalicelib.core.table import Row, shards, tenant_key
from chalicelib.devices.rules.commands import CommandState

COMMANDS_KEPT_S = 90 * 86_400
"""What residents cause: it says who went where (LAW.md 3.2, gate events naming a person)."""

ORDERS_KEPT_S = 366 * 86_400
"""What staff ordered by hand, with their reason: an audit log, over its 180 days (LAW.md 3.2)."""


class _OpenCommands(GlobalSecondaryIndex["Command"]):
    class Meta:
        index_name = "open"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    expires_at = NumberAttribute(range_key=True)


class _BySending(GlobalSecondaryIndex["Command"]):
    class Meta:
        index_name = "by_sending"
        projection = AllProjection()

    device_key = UnicodeAttribute(hash_key=True)
    sent_at = NumberAttribute(range_key=True)


class Command(Row):
    """One command to one device; `payload` and `signature` are the very bytes sent.

    `why` is what a member of staff said who ordered it by hand, and `ordered_by` who that
    was; both are empty for what a domain caused. `driver` is what carried it.
    """

    class Meta:
        short = "commands"
        ttl = "expires"

    device_key = UnicodeAttribute(hash_key=True)
    command_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    op = UnicodeAttribute()
    cause_id = UnicodeAttribute()
    ordered_by = UnicodeAttribute(default="")
    why = UnicodeAttribute(default="")
    driver = UnicodeAttribute(default="")
    payload = UnicodeAttribute()
    signature = UnicodeAttribute()
    key_id = UnicodeAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(default="")
    sent_at = NumberAttribute()
    expires_at = NumberAttribute()
    settled_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    shard = UnicodeAttribute(null=True)
    open = _OpenCommands()
    by_sending = _BySending()

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

    @classmethod
    def newest(
        cls,
        community_id: str,
        device_id: str,
        *,
        limit: int,
        last_evaluated_key: dict[str, Any] | None,
    ) -> ResultIterator["Command"]:
        """Return a page of a device's commands, the newest first."""
        return cls.by_sending.query(
            tenant_key(community_id, device_id),
            filter_condition=cls.expires > int(clock.now().timestamp()),
            limit=limit,
            scan_index_forward=False,
            last_evaluated_key=last_evaluated_key,
        )

    def settle(self, state: CommandState, reason: str, at: datetime | None = None) -> None:
        """Note the end of a command, heard of now or then, and take it off the open ones."""
        self.state, self.reason, self.shard = state, reason, None
        self.settled_at = clock.epoch_ms(at or clock.now())


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
