"""Rows of what was asked about people: disclosures to authorities, and deletions.

The look-by-look log and the data keys are core's own (`View`, `Reader`, `PersonKey`); they
are named here so that whoever makes identity's tables makes them too.
"""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.core.audit import Reader, View
from chalicelib.core.sealing import PersonKey
from chalicelib.core.table import Row

__all__ = ["Deletion", "Disclosure", "PersonKey", "Reader", "View"]


class Disclosure(Row):
    """An authority's request for named data of one person; times are epoch milliseconds."""

    class Meta:
        short = "disclosures"
        ttl = "expires"

    community_id = UnicodeAttribute(hash_key=True)
    disclosure_id = UnicodeAttribute(range_key=True)
    state = UnicodeAttribute()
    subject_id = UnicodeAttribute()
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
    released_by = ListAttribute[str](default=list)
    refused_by = UnicodeAttribute(null=True)
    ends_at = NumberAttribute()
    hidden_until = NumberAttribute(null=True)
    expires = NumberAttribute()


class Deletion(Row):
    """A person's wish to be forgotten: at once for what is sealed, by `due_at` for the rest.

    Kept without a TTL: it is the list that is replayed on a restored backup.
    """

    class Meta:
        short = "deletions"

    community_id = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)
    asked_at = NumberAttribute()
    asked_by = UnicodeAttribute()
    due_at = NumberAttribute()
