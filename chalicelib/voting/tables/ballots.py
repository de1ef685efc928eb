"""Rows of ballots: what stands for each group, who may cast for it, what came on paper."""

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from chalicelib.ballot_log.public import chain
from chalicelib.core.table import PlainJson, Row


class BallotRow(Row):
    """A group's ballot that stands; `type` is null where it was taken out.

    `sealed` is the opening {choice, nonce} under the vote's key: only the count opens it. What
    was replaced is overwritten, so that a choice that counts no more can be shown to nobody.
    """

    class Meta:
        short = "ballots"

    vote_key = UnicodeAttribute(hash_key=True)
    group = UnicodeAttribute(range_key=True)
    type = UnicodeAttribute(null=True)
    channel = UnicodeAttribute()
    seq = NumberAttribute()
    hash = UnicodeAttribute()
    commit = UnicodeAttribute()
    server_time = NumberAttribute()
    area = NumberAttribute()
    by = UnicodeAttribute()
    sealed = BinaryAttribute(legacy_encoding=False)

    def standing(self) -> chain.Type | None:
        """Return what stands for the group."""
        return chain.Type(self.type) if self.type else None


class ProxyRow(Row):
    """Whom a group has given its voice in writing, until it is withdrawn (条例 12)."""

    class Meta:
        short = "ballot_proxies"

    vote_key = UnicodeAttribute(hash_key=True)
    group = UnicodeAttribute(range_key=True)
    holder_id = UnicodeAttribute()
    document = UnicodeAttribute()
    document_sha256 = UnicodeAttribute()
    given_by = UnicodeAttribute()
    given_at = NumberAttribute()
    is_withdrawn = BooleanAttribute(default=False)


class HolderRow(Row):
    """For which groups somebody holds a proxy: counted with the proxy itself, for the cap."""

    class Meta:
        short = "ballot_holders"

    vote_key = UnicodeAttribute(hash_key=True)
    holder_id = UnicodeAttribute(range_key=True)
    groups = PlainJson(default=list)


class PaperRow(Row):
    """A paper ballot as scrutineers enter it: {who: sealed choice} until two entries agree."""

    class Meta:
        short = "ballot_papers"

    vote_key = UnicodeAttribute(hash_key=True)
    group = UnicodeAttribute(range_key=True)
    state = UnicodeAttribute()
    scan_key = UnicodeAttribute()
    scan_sha256 = UnicodeAttribute()
    entries = PlainJson(default=dict)
    disputes = NumberAttribute(default=0)
    seq = NumberAttribute(null=True)


class RemovalRow(Row):
    """That a scrutineer wants a ballot taken out, and why; another one has to agree."""

    class Meta:
        short = "ballot_removals"

    vote_key = UnicodeAttribute(hash_key=True)
    group = UnicodeAttribute(range_key=True)
    of_seq = NumberAttribute()
    reason = UnicodeAttribute()
    nonce = UnicodeAttribute()
    asked_by = UnicodeAttribute()
    asked_at = NumberAttribute()
    agreed_by = UnicodeAttribute(null=True)
    seq = NumberAttribute(null=True)
