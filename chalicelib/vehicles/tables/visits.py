"""Rows of visitors' cars that were announced."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.table import Row, shard_of, shards, tenant_key
from chalicelib.vehicles.rules.visits import VisitState, due_at, may_follow


class _ByPerson(GlobalSecondaryIndex["VisitRow"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    starts = NumberAttribute(range_key=True)


class _ByState(GlobalSecondaryIndex["VisitRow"]):
    class Meta:
        index_name = "by_state"
        projection = AllProjection()

    state_key = UnicodeAttribute(hash_key=True)
    starts = NumberAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["VisitRow"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class VisitRow(Row):
    """A visitor's car that a flat expects; times are epoch ms, `plate` sealed under the host's key.

    `month` is set while the visit is taken from its flat's quota of that month.
    """

    class Meta:
        short = "visitor_plates"
        ttl = "expires"

    visit_key = UnicodeAttribute(hash_key=True)
    visit_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    person_key = UnicodeAttribute()
    state = UnicodeAttribute()
    state_key = UnicodeAttribute()
    plate = BinaryAttribute(legacy_encoding=False)
    plate_index = UnicodeAttribute()
    book_key = UnicodeAttribute()
    form = UnicodeAttribute()
    starts = NumberAttribute()
    ends = NumberAttribute()
    entries_allowed = NumberAttribute()
    entered = NumberAttribute(default=0)
    free_minutes = NumberAttribute()
    payer = UnicodeAttribute()
    note = UnicodeAttribute(null=True)
    month = UnicodeAttribute(null=True)
    asked_at = NumberAttribute()
    decided_at = NumberAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    arrived_at = NumberAttribute(null=True)
    left_at = NumberAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    by_person = _ByPerson()
    by_state = _ByState()
    due = _Due()

    @classmethod
    def of(cls, community_id: str, visit_id: str) -> Self | None:
        """Return a community's visit, or None; one consistent read."""
        return cls.find(tenant_key(community_id, visit_id))

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the keys of visits whose time is over."""
        for shard in shards("visit"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.visit_key

    def turn(self, state: VisitState) -> None:
        """Be in a state, and be found by it."""
        self.state = state.value
        self.state_key = tenant_key(self.community_id, state.value)
        due = due_at(state, clock.from_epoch_ms(int(self.ends)))
        self.due_at = clock.epoch_ms(due) if due else None
        self.shard = shard_of("visit", self.visit_id) if due else None

    def advance(self, *states: VisitState) -> None:
        """Walk through states, each by a legal arrow."""
        for state in states:
            if not may_follow(VisitState(self.state), state):
                raise ValueError(f"no arrow from {self.state} to {state}")
            self.turn(state)
