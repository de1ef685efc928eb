"""Rows of visitors' calls."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from pynamodb.attributes import (
    BinaryAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.access.rules import calls as rules
from chalicelib.access.rules.calls import CallState
from chalicelib.core import clock
from chalicelib.core.table import Row, shards, tenant_key


class _ByUnit(GlobalSecondaryIndex["CallRow"]):
    class Meta:
        index_name = "by_unit"
        projection = AllProjection()

    unit_key = UnicodeAttribute(hash_key=True)
    rung_at = NumberAttribute(range_key=True)


class _ByRinger(GlobalSecondaryIndex["CallRow"]):
    class Meta:
        index_name = "by_ringer"
        projection = AllProjection()

    ringer_key = UnicodeAttribute(hash_key=True)
    rung_at = NumberAttribute(range_key=True)


class _ByAnswerer(GlobalSecondaryIndex["CallRow"]):
    class Meta:
        index_name = "by_answerer"
        projection = KeysOnlyProjection()

    answerer_key = UnicodeAttribute(hash_key=True)
    rung_at = NumberAttribute(range_key=True)


class _Open(GlobalSecondaryIndex["CallRow"]):
    class Meta:
        index_name = "open"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class CallRow(Row):
    """A visitor's call to one flat; times are epoch milliseconds, `expires` seconds.

    `rung_by` is whose phone rang, nobody's if a panel did (`panel_id`); what they call
    themselves is sealed under their own key. `place_id` and `path` are the gate's, since
    somebody answered; `desk_id` is the request by which a guard was asked.
    """

    class Meta:
        short = "calls"
        ttl = "expires"

    call_key = UnicodeAttribute(hash_key=True)
    call_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    unit_key = UnicodeAttribute()
    gate_id = UnicodeAttribute()
    panel_id = UnicodeAttribute()
    photo = UnicodeAttribute(null=True)
    rung_by = UnicodeAttribute(null=True)
    ringer_key = UnicodeAttribute(null=True)
    visitor_name = BinaryAttribute(legacy_encoding=False, null=True)
    place_id = UnicodeAttribute(null=True)
    path = UnicodeAttribute(null=True)
    desk_id = UnicodeAttribute(null=True)
    answerers = UnicodeSetAttribute(null=True)
    state = UnicodeAttribute()
    rung_at = NumberAttribute()
    expires_at = NumberAttribute()
    answered_by = UnicodeAttribute(null=True)
    answerer_key = UnicodeAttribute(null=True)
    command_id = UnicodeAttribute(null=True)
    command_expires_at = NumberAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    by_unit = _ByUnit()
    by_ringer = _ByRinger()
    by_answerer = _ByAnswerer()
    open = _Open()

    @property
    def bell(self) -> str:
        """Return which bell was pressed: the panel, and the gate that it rings for."""
        return f"{self.panel_id} {self.gate_id}"

    @classmethod
    def of(cls, community_id: str, call_id: str) -> Self | None:
        """Return a community's call, or None; one consistent read."""
        return cls.find(tenant_key(community_id, call_id))

    @classmethod
    def rung_since(cls, unit_key_: str, since: datetime, limit: int = 20) -> list[Self]:
        """Return a flat's calls since then, newest first, at most one page."""
        found = cls.by_unit.query(
            unit_key_,
            cls.rung_at >= clock.epoch_ms(since),
            scan_index_forward=False,
            limit=limit,
        )
        return list(found)  # type: ignore[arg-type]  # PynamoDB types the index by its name

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the keys of calls whose ringing or command is over and not closed."""
        for shard in shards("call"):
            for row in cls.open.query(shard, cls.due_at < clock.epoch_ms(at), limit=limit):
                yield row.call_key

    def answer(self, person_id: str) -> None:
        """Note who answered."""
        self.answered_by = person_id
        self.answerer_key = tenant_key(self.community_id, person_id)

    def facts(self) -> rules.Call:
        """Return what the rules decide on."""
        end = self.command_expires_at
        return rules.Call(
            state=CallState(self.state),
            answerers=frozenset(self.answerers or ()),
            expires_at=clock.from_epoch_ms(int(self.expires_at)),
            command_expires_at=clock.from_epoch_ms(int(end)) if end is not None else None,
        )

    def advance(self, *states: CallState) -> None:
        """Walk through states, each by a legal arrow; an end leaves the list of open calls."""
        for state in states:
            if not rules.may_follow(CallState(self.state), state):
                raise ValueError(f"no arrow from {self.state} to {state}")
            self.state = state.value
        if not rules.ARROWS[CallState(self.state)]:
            self.shard = self.due_at = None
