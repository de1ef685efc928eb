"""Rows of visitors' passes: the pass, what a flat has of them, and an estate's rule."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Self

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.access.rules.passes import Held, PassState, Visit, Window, may_follow
from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shards, tenant_key


class _ByHost(GlobalSecondaryIndex["PassRow"]):
    class Meta:
        index_name = "by_host"
        projection = KeysOnlyProjection()

    host_key = UnicodeAttribute(hash_key=True)
    made_at = NumberAttribute(range_key=True)


class _ByState(GlobalSecondaryIndex["PassRow"]):
    class Meta:
        index_name = "by_state"
        projection = KeysOnlyProjection()

    state_key = UnicodeAttribute(hash_key=True)
    made_at = NumberAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["PassRow"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class PassRow(Row):
    """A visitor's pass; times are epoch milliseconds, `expires` seconds.

    `secret` is sealed by the master key; `visitor` and `note` under the host's own key, so that
    they go with the host. The id of a pass with a PIN comes from flat and PIN, so that the PIN
    leads to it in one read. `visit_*` say how far in the visitor is (`rules.passes.Visit`).
    The lists hold keys alone: a use rewrites none of them.
    """

    class Meta:
        short = "passes"
        ttl = "expires"

    pass_key = UnicodeAttribute(hash_key=True)
    pass_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    unit_path = UnicodeAttribute()
    host_id = UnicodeAttribute()
    host_key = UnicodeAttribute()
    state = UnicodeAttribute()
    state_key = UnicodeAttribute()
    starts = NumberAttribute()
    ends = NumberAttribute()
    zone = UnicodeAttribute()
    uses = NumberAttribute()
    uses_left = NumberAttribute()
    companions = NumberAttribute(default=0)
    passback_s = NumberAttribute(default=0)
    doors = ListAttribute[str](default=list)
    floors = PlainJson(default=list)
    visitor = BinaryAttribute(legacy_encoding=False, null=True)
    note = BinaryAttribute(legacy_encoding=False, null=True)
    secret = BinaryAttribute(legacy_encoding=False)
    has_pin = BooleanAttribute(default=False)
    visit_path = UnicodeAttribute(null=True)
    visit_entry = UnicodeAttribute(null=True)
    visit_since = NumberAttribute(null=True)
    made_at = NumberAttribute()
    decided_at = NumberAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    by_host = _ByHost()
    by_state = _ByState()
    due = _Due()

    @classmethod
    def of(cls, community_id: str, pass_id: str) -> Self | None:
        """Return a community's pass, or None; one consistent read."""
        return cls.find(tenant_key(community_id, pass_id))

    @classmethod
    def in_order(cls, hits: Sequence["PassRow"]) -> list["PassRow"]:
        """Return the live rows that an index found, in its order; one read."""
        keys = [hit.pass_key for hit in hits]
        rows = {row.pass_key: row for row in cls.batch_get(keys, consistent_read=True)}
        return [rows[key] for key in keys if key in rows and rows[key].is_live()]

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the keys of passes whose window is over and that do not say so yet."""
        for shard in shards("pass"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.pass_key

    @property
    def window(self) -> Window:
        """Return its half-open window."""
        return Window(clock.from_epoch_ms(int(self.starts)), clock.from_epoch_ms(int(self.ends)))

    @property
    def visit(self) -> Visit:
        """Return how far in its visitor is."""
        since = self.visit_since
        return Visit(
            path=self.visit_path or "",
            entry=self.visit_entry or "",
            since=None if since is None else clock.from_epoch_ms(int(since)),
        )

    def note_visit(self, visit: Visit) -> None:
        """Keep how far in the visitor is."""
        self.visit_path, self.visit_entry = visit.path or None, visit.entry or None
        self.visit_since = None if visit.since is None else clock.epoch_ms(visit.since)

    def advance(self, state: PassState) -> None:
        """Go to a state by a legal arrow; raises ValueError for any other."""
        if not may_follow(PassState(self.state), state):
            raise ValueError(f"no arrow from {self.state} to {state}")
        self.stand(state)

    def stand(self, state: PassState) -> None:
        """Be in a state, and in its list; an end leaves the list of what is due."""
        self.state, self.state_key = state.value, tenant_key(self.community_id, state.value)
        if state in (PassState.REJECTED, PassState.REVOKED, PassState.EXPIRED):
            self.shard = self.due_at = None


class FlatPasses(Row):
    """The live passes of one flat, in one row: how many, for whom, and when they overlap.

    `held` are (pass id, start and end in epoch ms, blind index of the visitor's name).
    """

    class Meta:
        short = "flat_passes"

    flat_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    held = PlainJson(default=list)

    def live(self, at: datetime) -> list[Held]:
        """Return those that are not over."""
        return [held for one in self.held if at < (held := _held(one)).window.ends]

    def keep(self, held: Sequence[Held]) -> None:
        """Hold these and no others."""
        self.held = [
            [
                one.pass_id,
                clock.epoch_ms(one.window.starts),
                clock.epoch_ms(one.window.ends),
                one.visitor,
            ]
            for one in held
        ]


class PassRule(Row):
    """An estate's rule of passes, as staff set it."""

    class Meta:
        short = "pass_rules"

    community_id = UnicodeAttribute(hash_key=True)
    approval = UnicodeAttribute()
    approval_above = NumberAttribute(null=True)
    passback_s = NumberAttribute()
    public_floors = PlainJson(default=list)
    changed_by = UnicodeAttribute()
    changed_at = NumberAttribute()


def _held(one: Sequence[str | int]) -> Held:
    pass_id, starts, ends, visitor = one
    window = Window(clock.from_epoch_ms(int(starts)), clock.from_epoch_ms(int(ends)))
    return Held(str(pass_id), window, str(visitor))
