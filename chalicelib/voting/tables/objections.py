"""Rows of objections to a roll or to a result, and what was answered."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core.table import PlainJson, Row


class _ByPerson(GlobalSecondaryIndex["Objection"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    objection_id = UnicodeAttribute(range_key=True)


class Objection(Row):
    """An owner's objection (异议); times are epoch ms. `correction` is what it changed.

    `text` is its author's own words: whoever answers reads it on the record, nobody else does.
    """

    class Meta:
        short = "objections"

    vote_key = UnicodeAttribute(hash_key=True)
    objection_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    vote_id = UnicodeAttribute()
    about = UnicodeAttribute()
    person_id = UnicodeAttribute()
    person_key = UnicodeAttribute()
    unit_id = UnicodeAttribute(default="")
    text = UnicodeAttribute()
    state = UnicodeAttribute()
    raised_at = NumberAttribute()
    answer = UnicodeAttribute(default="")
    answered_by = UnicodeAttribute(null=True)
    answered_at = NumberAttribute(null=True)
    correction = PlainJson(null=True)
    by_person = _ByPerson()
