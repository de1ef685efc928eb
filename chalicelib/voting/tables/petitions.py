"""Rows of petitions: owners who ask for a special meeting (条例 13), and who signed."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core.table import PlainJson, Row


class Petition(Row):
    """A petition; `area` in 0.01 m² and `heads` are those of who signed, times are epoch ms.

    It is measured against the roll of `roll_id`, by area or by heads as the bylaws say.
    """

    class Meta:
        short = "petitions"

    community_id = UnicodeAttribute(hash_key=True)
    petition_id = UnicodeAttribute(range_key=True)
    roll_id = UnicodeAttribute()
    title = UnicodeAttribute()
    reason = UnicodeAttribute()
    matters = PlainJson(default=list)
    state = UnicodeAttribute()
    convening_by = UnicodeAttribute()
    opened_by = UnicodeAttribute()
    opened_at = NumberAttribute()
    ends_at = NumberAttribute()
    area = NumberAttribute(default=0)
    heads = NumberAttribute(default=0)
    roll_area = NumberAttribute(default=0)
    roll_heads = NumberAttribute(default=0)
    reached_at = NumberAttribute(null=True)
    vote_id = UnicodeAttribute(null=True)


class _ByPerson(GlobalSecondaryIndex["Signature"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    petition_key = UnicodeAttribute(range_key=True)


class Signature(Row):
    """A head group's signature under a petition; its weight is the roll's."""

    class Meta:
        short = "signatures"

    petition_key = UnicodeAttribute(hash_key=True)
    group = UnicodeAttribute(range_key=True)
    petition_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    person_key = UnicodeAttribute()
    area = NumberAttribute()
    at = NumberAttribute()
    by_person = _ByPerson()
