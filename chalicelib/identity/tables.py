"""Rows of communities, flats and who lives there."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core.table import Row


class Community(Row):
    """An estate (小区): the tenant that everything belongs to."""

    class Meta:
        short = "communities"

    community_id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    zone = UnicodeAttribute(default="Asia/Shanghai")


class Unit(Row):
    """A flat (房屋) of a community."""

    class Meta:
        short = "units"

    community_id = UnicodeAttribute(hash_key=True)
    unit_id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()


class _ByPerson(GlobalSecondaryIndex["Residency"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    unit_key = UnicodeAttribute(range_key=True)


class Residency(Row):
    """A person's tie to a flat."""

    class Meta:
        short = "residencies"

    unit_key = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)
    person_key = UnicodeAttribute()
    community_id = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    tie = UnicodeAttribute()
    by_person = _ByPerson()
