"""Rows of ballots that came too many at once: they wait for their place in the log."""

from collections.abc import Iterator
from datetime import datetime

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.table import Row, shards

WAITING, DONE = "WAITING#", "DONE#"


class _Due(GlobalSecondaryIndex["CastRow"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class CastRow(Row):
    """A ballot that was accepted in time and has no place yet, or what became of it.

    `place` is `WAITING#id`, sorted by the instant of coming, then `DONE#id` with the entry's
    number or the code of a refusal. `received_at` is epoch ms.
    """

    class Meta:
        short = "ballot_casts"

    vote_key = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)
    cast_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    vote_id = UnicodeAttribute()
    group = UnicodeAttribute()
    by = UnicodeAttribute()
    type = UnicodeAttribute()
    commit = UnicodeAttribute()
    area = NumberAttribute()
    legal_mode = UnicodeAttribute(default="CONSULTATIVE")
    sealed = BinaryAttribute(legacy_encoding=False, null=True)
    received_at = NumberAttribute()
    seq = NumberAttribute(null=True)
    hash = UnicodeAttribute(null=True)
    server_time = NumberAttribute(null=True)
    refusal = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    due = _Due()

    @classmethod
    def waiting(cls, vote_key: str, limit: int) -> "list[CastRow]":
        """Return the first that wait for a place in a vote's log."""
        found = cls.query(
            vote_key, cls.place.startswith(WAITING), limit=limit, consistent_read=True
        )
        return list(found)

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[str]:
        """Yield the votes, each once, in whose logs somebody has waited too long."""
        seen = set[str]()
        for shard in shards("casts"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                if row.vote_key not in seen:
                    seen.add(row.vote_key)
                    yield row.vote_key
