"""Rows of a vote's log OV1: its head, its entries, what was sealed once, its checkpoints."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.ballot_log.public import chain
from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shards, tenant_key

OPEN, CLOSED = "OPEN", "CLOSED"


class _Witnessed(GlobalSecondaryIndex["LogHead"]):
    class Meta:
        index_name = "witnessed"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class LogHead(Row):
    """The end of a vote's log, and its turnout; times are epoch ms, areas 0.01 m².

    `sealed_key` is the vote's data key under the master key: it seals every choice until the
    count. `cast_*` is the weight of the ballots that stand. While the log is open, `shard` and
    `due_at` say when its next checkpoint is due.
    """

    class Meta:
        short = "ballot_heads"

    vote_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    vote_id = UnicodeAttribute()
    seq = NumberAttribute(default=0)
    hash = UnicodeAttribute()
    time = NumberAttribute(default=0)
    status = UnicodeAttribute(default=OPEN)
    opens_at = NumberAttribute()
    closes_at = NumberAttribute()
    paper_until = NumberAttribute()
    sealed_key = BinaryAttribute(legacy_encoding=False)
    legal_mode = UnicodeAttribute(default="CONSULTATIVE")
    roll_area = NumberAttribute()
    roll_heads = NumberAttribute()
    cast_area = NumberAttribute(default=0)
    cast_heads = NumberAttribute(default=0)
    closing = UnicodeAttribute(null=True)
    closed_at = NumberAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    witnessed = _Witnessed()

    def end(self) -> chain.Head:
        """Return the head as the rules know it."""
        return chain.Head(self.vote_id, int(self.seq), self.hash, int(self.time))

    def window(self) -> chain.Window:
        """Return when entries are taken."""
        return chain.Window(int(self.opens_at), int(self.closes_at), int(self.paper_until))

    @classmethod
    def unwitnessed(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the keys of open logs whose checkpoint is due."""
        for shard in shards("ballots"):
            for row in cls.witnessed.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.vote_key


class EntryRow(Row):
    """One entry (SEQ#n), written once: what is hashed, its hash, nothing about a person."""

    class Meta:
        short = "ballot_entries"

    vote_key = UnicodeAttribute(hash_key=True)
    seq = NumberAttribute(range_key=True)
    prev = UnicodeAttribute()
    type = UnicodeAttribute()
    group = UnicodeAttribute()
    channel = UnicodeAttribute()
    commit = UnicodeAttribute()
    server_time = NumberAttribute()
    hash = UnicodeAttribute()

    @classmethod
    def of(cls, vote_key: str, entry: chain.Entry) -> "EntryRow":
        """Return the row of an entry."""
        fields: dict[str, Any] = entry.as_json()
        return cls(vote_key=vote_key, hash=entry.hash, **fields)

    def entry(self) -> chain.Entry:
        """Return the entry as the rules know it."""
        return chain.Entry(
            int(self.seq),
            self.prev,
            chain.Type(self.type),
            self.group,
            chain.Channel(self.channel),
            self.commit,
            int(self.server_time),
        )


class CommitRow(Row):
    """That a commitment is in a vote's log: a second one is a replay, whoever sends it."""

    class Meta:
        short = "ballot_commits"

    commit_key = UnicodeAttribute(hash_key=True)

    @classmethod
    def key(cls, vote_key: str, commit: str) -> str:
        """Return the key of a vote's commitment."""
        return f"{vote_key}#{commit}"


class Checkpoint(Row):
    """What witnesses keep of a log: its head at an instant, signed (LAW.md 1.7.5)."""

    class Meta:
        short = "ballot_checkpoints"

    vote_key = UnicodeAttribute(hash_key=True)
    time = NumberAttribute(range_key=True)
    seq = NumberAttribute()
    hash = UnicodeAttribute()
    signature = UnicodeAttribute()
    is_last = BooleanAttribute(default=False)


class CountRow(Row):
    """A vote's count, and what of it was published; `result` as it stands on the sheet.

    `exports` has, by level, {key, sha256, bytes, seal} of the file in the archive, and {script,
    script_sha256} of what verifies it, beside it.
    """

    class Meta:
        short = "ballot_counts"

    vote_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    vote_id = UnicodeAttribute()
    counted_at = NumberAttribute()
    result = PlainJson()
    exports = PlainJson(default=dict)


def vote_key(community_id: str, vote_id: str) -> str:
    """Return the key of everything in a vote's log."""
    return tenant_key(community_id, vote_id)
