"""Rows of votes: one for each, from its draft to its archive (LAW.md 1.3)."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import ballots, chain, export
from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shard_of, shards, tenant_key


class _Due(GlobalSecondaryIndex["VoteRow"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class VoteRow(Row):
    """A vote (业主大会表决); `*_at` and `paper_until` are epoch ms, `*_on` are days of China.

    `items` are `ballots.Item.as_json()` with `title` and `text` beside it; `terms` is
    `export.Terms.as_json()`, set at the notice, with `rules_hash` its hash; `roll_root` is that
    of the noticed roll, which no objection corrects after `h0` is set: when the vote opens.
    `paths` are the nodes whose units are affected; `node_path` is the estate's. `scrutineers`
    are people of the estate. While the clock is to move it, `shard` and `due_at` put it on the
    list of due ones. It has no end: the result is kept for ever.
    """

    class Meta:
        short = "votes"

    community_id = UnicodeAttribute(hash_key=True)
    vote_id = UnicodeAttribute(range_key=True)
    node_path = UnicodeAttribute()
    paths = PlainJson(default=list)
    title = UnicodeAttribute()
    state = UnicodeAttribute()
    legal_mode = UnicodeAttribute()
    items = PlainJson(default=list)
    deeming = UnicodeAttribute(default="STRICT")
    clause = PlainJson(null=True)
    invalid_participates = BooleanAttribute(default=False)
    named_allowed = BooleanAttribute(default=False)
    parking = UnicodeAttribute(default="INCLUDE")
    terms = PlainJson(null=True)
    record_on = UnicodeAttribute(null=True)
    roll_published_on = UnicodeAttribute(null=True)
    noticed_on = UnicodeAttribute(null=True)
    opens_on = UnicodeAttribute()
    closes_on = UnicodeAttribute()
    opens_at = NumberAttribute()
    closes_at = NumberAttribute()
    paper_until = NumberAttribute()
    rules_hash = UnicodeAttribute(null=True)
    roll_root = UnicodeAttribute(null=True)
    roll_area = NumberAttribute(default=0)
    roll_heads = NumberAttribute(default=0)
    roll_units = NumberAttribute(default=0)
    h0 = UnicodeAttribute(null=True)
    audience = UnicodeAttribute()
    convened_by = UnicodeAttribute()
    petition_id = UnicodeAttribute(null=True)
    scrutineers = PlainJson(default=list)
    drafted_at = NumberAttribute()
    noticed_at = NumberAttribute(null=True)
    closed_at = NumberAttribute(null=True)
    published_at = NumberAttribute(null=True)
    ended_at = NumberAttribute(null=True)
    result = PlainJson(null=True)
    unanswered = NumberAttribute(default=0)
    annulment = PlainJson(null=True)
    disputed_until = UnicodeAttribute(null=True)
    stuck = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    due = _Due()

    @property
    def vote_key(self) -> str:
        """Return the key of what belongs to this vote: its roll, its log, its ballots."""
        return tenant_key(self.community_id, self.vote_id)

    def stands(self) -> procedure.State:
        """Return where the vote is."""
        return procedure.State(self.state)

    def window(self) -> chain.Window:
        """Return when entries are taken."""
        return chain.Window(int(self.opens_at), int(self.closes_at), int(self.paper_until))

    def put(self) -> tuple[ballots.Item, ...]:
        """Return what is put to the owners, as the log knows it."""
        return tuple(_item(said) for said in self.items)

    def frozen_terms(self) -> export.Terms:
        """Return the terms of which `rules_hash` is the hash; the vote must be noticed."""
        assert self.terms is not None, "a draft has no terms"
        return export.Terms(
            self.put(),
            self.window(),
            self.deeming,
            self.invalid_participates,
            dict(self.terms["more"]),
        )

    def day(self, name: str) -> date:
        """Return one of the days of the timetable."""
        return date.fromisoformat(getattr(self, name))

    def wakes(self, at_ms: int | None) -> None:
        """Let the schedule look at the vote at an instant (epoch ms); None: never."""
        self.due_at = at_ms
        self.shard = None if at_ms is None else shard_of("vote", self.vote_id)

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of votes that the clock is to move."""
        for shard in shards("vote"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.community_id, row.vote_id


def _item(said: Mapping[str, Any]) -> ballots.Item:
    return ballots.Item(
        said["id"], int(said["number"]), tuple(said["candidates"]), int(said["seats"])
    )
