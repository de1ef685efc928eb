"""Rows of the guards' queue."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.pagination import ResultIterator

from chalicelib.access.rules import desk as rules
from chalicelib.access.rules.desk import DeskAsk, DeskKind, DeskState
from chalicelib.core import clock, ids
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import Row, shard_of, shards, tenant_key


class _Queue(GlobalSecondaryIndex["DeskRow"]):
    class Meta:
        index_name = "queue"
        projection = AllProjection()

    community_id = UnicodeAttribute(hash_key=True)
    place_in_queue = UnicodeAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["DeskRow"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class DeskRow(Row):
    """Something that a guard is asked to look at; times are epoch milliseconds.

    `place_in_queue` orders the list (`rules.desk.order`). `command_id` is the one opening
    that a guard did by it. Until it is done it is on the list of what lapses (`shard`, `due_at`).
    """

    class Meta:
        short = "desk_requests"
        ttl = "expires"

    desk_key = UnicodeAttribute(hash_key=True)
    request_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    place_in_queue = UnicodeAttribute()
    kind = UnicodeAttribute()
    cause = UnicodeAttribute()
    why = UnicodeAttribute()
    place_id = UnicodeAttribute()
    path = UnicodeAttribute(null=True)
    door_id = UnicodeAttribute(null=True)
    unit_id = UnicodeAttribute(null=True)
    still = UnicodeAttribute(null=True)
    subject = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    outcome = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    asked_at = NumberAttribute()
    taken_by = UnicodeAttribute(null=True)
    taken_at = NumberAttribute(null=True)
    done_at = NumberAttribute(null=True)
    command_id = UnicodeAttribute(null=True)
    command_expires_at = NumberAttribute(null=True)
    opening = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    queue = _Queue()
    due = _Due()

    @classmethod
    def asked(cls, ask: DeskAsk) -> Self:
        """Return the row of a new request; its id comes from its kind and cause."""
        request_id = request_id_of(ask.community_id, ask.kind, ask.cause)
        at_ms = clock.epoch_ms(ask.asked_at)
        return cls(
            desk_key=tenant_key(ask.community_id, request_id),
            request_id=request_id,
            community_id=ask.community_id,
            place_in_queue=rules.order(DeskState.WAITING, at_ms),
            kind=ask.kind.value,
            cause=ask.cause,
            why=ask.why,
            place_id=ask.place_id,
            path=ask.path or None,
            door_id=ask.door_id or None,
            unit_id=ask.unit_id or None,
            still=ask.still or None,
            subject=ask.subject or None,
            state=DeskState.WAITING.value,
            asked_at=at_ms,
            shard=shard_of("desk", request_id),
            due_at=clock.epoch_ms(rules.lapses_at(ask.asked_at, opens=bool(ask.door_id))),
            expires=kept_until(Kept.PASSAGE, ask.asked_at),
        )

    @classmethod
    def of(cls, community_id: str, request_id: str) -> Self | None:
        """Return a community's request, or None; one consistent read."""
        return cls.find(tenant_key(community_id, request_id))

    @classmethod
    def in_order(cls, community_id: str, **options: Any) -> ResultIterator["DeskRow"]:
        """Return a page of a community's requests: open ones first."""
        return cls.queue.query(community_id, **options)

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the keys of requests whose time is over and that are not done."""
        for shard in shards("desk"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.desk_key

    def advance(self, state: DeskState, at_ms: int) -> None:
        """Go on by a legal arrow, to the place in the queue that comes with it."""
        if not rules.may_follow(DeskState(self.state), state):
            raise ValueError(f"no arrow from {self.state} to {state}")
        self.state = state.value
        if state is DeskState.DONE:
            self.shard = self.due_at = None
        since = at_ms if state is DeskState.DONE else int(self.asked_at)
        self.place_in_queue = rules.order(state, since)


class DoorAsked(Row):
    """The newest request of a flat's people at a door: while it is open there is no other."""

    class Meta:
        short = "desk_doors"
        ttl = "expires"

    door_key = UnicodeAttribute(hash_key=True)
    desk_key = UnicodeAttribute()
    expires = NumberAttribute()

    @classmethod
    def key_of(cls, ask: DeskAsk) -> str:
        """Return the key of the door and the flat that a request is about."""
        return tenant_key(ask.community_id, ask.door_id, ask.unit_id)


def request_id_of(community_id: str, kind: DeskKind, cause: str) -> str:
    """Return the id of the one request of a cause."""
    return ids.derived("desk", community_id, kind, cause)
