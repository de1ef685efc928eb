"""Rows of alerts: what each camera showed last, the incidents, and who was told."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.alerts.rules.frames import Frame, Watched
from chalicelib.alerts.rules.states import State, is_over, may_follow
from chalicelib.core import clock
from chalicelib.core.table import Row, shards, tenant_key

DAY_S = 86_400
WATCHES_KEPT_S = 7 * DAY_S
ALERTS_KEPT_S = 365 * DAY_S
NOTIFICATIONS_KEPT_S = 180 * DAY_S
"""Alerts name no person; pictures end after 30 days elsewhere (LAW.md 3.2)."""


class Watch(Row):
    """What one camera showed last of one kind, and the alert that is open for it."""

    class Meta:
        short = "watches"
        ttl = "expires"

    camera_key = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    frames = JSONAttribute(default=list)
    mark_boot = NumberAttribute(default=-1)
    mark_sequence = NumberAttribute(default=-1)
    holding = BooleanAttribute(default=False)
    since = NumberAttribute(default=0)
    alert_id = UnicodeAttribute(null=True)
    expires = NumberAttribute()

    @classmethod
    def of(cls, community_id: str, camera_id: str, kind: str) -> Self:
        """Return the watch of a camera and kind, a new one if there is none or it is over.

        DynamoDB deletes late: what is over gives its version to the one that follows.
        """
        key = tenant_key(community_id, camera_id)
        kept, new = cls.kept(key, kind), cls(camera_key=key, kind=kind, community_id=community_id)
        if kept is not None and kept.is_live():
            return kept
        if kept is not None:
            new.version = kept.version
        return new

    def watched(self) -> Watched:
        """Return what the rules decide on."""
        return Watched(
            frames=tuple(_frame(said) for said in self.frames),
            mark=(int(self.mark_boot), int(self.mark_sequence)),
            holding=self.holding,
            since=clock.from_epoch_ms(int(self.since)),
        )

    def keep(self, watched: Watched, at: datetime) -> None:
        """Take over what the rules decided."""
        self.frames = [_said(frame) for frame in watched.frames]
        self.mark_boot, self.mark_sequence = watched.mark
        self.holding = watched.holding
        self.since = clock.epoch_ms(watched.since)
        self.expires = int(at.timestamp()) + WATCHES_KEPT_S


def _said(frame: Frame) -> list[Any]:
    return [
        frame.boot,
        frame.sequence,
        frame.event_id,
        frame.score,
        *(clock.epoch_ms(at) for at in (frame.occurred_at, frame.received_at, frame.heard_at)),
    ]


def _frame(said: list[Any]) -> Frame:
    boot, sequence, event_id, score, *times = said
    return Frame(boot, sequence, event_id, score, *(clock.from_epoch_ms(at) for at in times))


class _ByOpening(GlobalSecondaryIndex["Alert"]):
    class Meta:
        index_name = "by_opening"
        projection = AllProjection()

    community_id = UnicodeAttribute(hash_key=True)
    opened_at = NumberAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["Alert"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class Alert(Row):
    """One incident; times are epoch milliseconds.

    While it has a clock running, `shard` and `due_at` put it on the list of due ones.
    `frames` are the ids of the device events that show it.
    """

    class Meta:
        short = "alerts"
        ttl = "expires"

    community_id = UnicodeAttribute(hash_key=True)
    alert_id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    state = UnicodeAttribute()
    camera_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    score = NumberAttribute()
    frames = JSONAttribute(default=list)
    opened_at = NumberAttribute()
    controller_id = UnicodeAttribute(null=True)
    hold_until = NumberAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    closed_at = NumberAttribute(null=True)
    judgement = UnicodeAttribute(null=True)
    judged_by = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    by_opening = _ByOpening()
    due = _Due()

    def advance(self, *states: State) -> None:
        """Walk through states, each by a legal arrow; an end leaves the list of due ones."""
        for state in states:
            if not may_follow(State(self.state), state):
                raise ValueError(f"no arrow from {self.state} to {state}")
            self.state = state.value
        if is_over(State(self.state)):
            self.shard = self.due_at = None

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of open alerts whose clock has run out."""
        for shard in shards("alert"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.community_id, row.alert_id


class Notification(Row):
    """One thing that staff were told; ids sort by time, so the key answers the list."""

    class Meta:
        short = "notifications"
        ttl = "expires"

    community_id = UnicodeAttribute(hash_key=True)
    notification_id = UnicodeAttribute(range_key=True)
    topic = UnicodeAttribute()
    alert_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    text = UnicodeAttribute()
    at = NumberAttribute()
    expires = NumberAttribute()
