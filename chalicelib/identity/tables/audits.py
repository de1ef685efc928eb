"""Rows of what was asked about people: disclosures to authorities, and deletions.

The look-by-look log and the data keys are core's own (`View`, `Reader`, `PersonKey`); they
are named here so that whoever makes identity's tables makes them too.
"""

from collections.abc import Iterator

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core.audit import Reader, View
from chalicelib.core.sealing import PersonKey
from chalicelib.core.table import Row, shards

__all__ = ["Deletion", "Disclosure", "PersonKey", "Reader", "View"]


class _Listed(GlobalSecondaryIndex["Disclosure"]):
    class Meta:
        index_name = "listed"
        projection = AllProjection()

    list_key = UnicodeAttribute(hash_key=True)
    ends_at = NumberAttribute(range_key=True)


class Disclosure(Row):
    """An authority's request for named data; times are epoch milliseconds.

    `sought` says in words who was asked for, numbers masked; `subject_ids` are whom that was
    when it was asked. `list_key` is the county and whether the request still waits.
    """

    class Meta:
        short = "disclosures"
        ttl = "expires"

    community_id = UnicodeAttribute(hash_key=True)
    disclosure_id = UnicodeAttribute(range_key=True)
    node_path = UnicodeAttribute()
    list_key = UnicodeAttribute()
    state = UnicodeAttribute()
    sought = UnicodeAttribute()
    subject_ids = ListAttribute[str](default=list)
    fields = ListAttribute[str](default=list)
    case_number = UnicodeAttribute()
    document_number = UnicodeAttribute()
    document_sha256 = UnicodeAttribute()
    officer_name = UnicodeAttribute()
    officer_badge = UnicodeAttribute()
    purpose = UnicodeAttribute()
    asked_by = UnicodeAttribute()
    asked_at = NumberAttribute()
    hours = NumberAttribute()
    secret_days = NumberAttribute(default=0)
    released_by = ListAttribute[str](default=list)
    refused_by = UnicodeAttribute(null=True)
    ends_at = NumberAttribute()
    hidden_until = NumberAttribute(null=True)
    expires = NumberAttribute()
    listed = _Listed()


class _Unfinished(GlobalSecondaryIndex["Deletion"]):
    class Meta:
        index_name = "unfinished"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class Deletion(Row):
    """A person's wish to be forgotten: at once for what is sealed, by `due_at` for the rest.

    `grounds` say why name and phone stay; without any the person is forgotten whole.

    Kept without a TTL: it is the list that is replayed on a restored backup.
    """

    class Meta:
        short = "deletions"

    community_id = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)
    asked_at = NumberAttribute()
    asked_by = UnicodeAttribute()
    grounds = ListAttribute[str](default=list)
    due_at = NumberAttribute()
    finished_at = NumberAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    unfinished = _Unfinished()

    @classmethod
    def open(cls, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of deletions of which something is left to do, the oldest first."""
        for shard in shards("deletion"):
            for row in cls.unfinished.query(shard, limit=limit):
                yield row.community_id, row.person_id
