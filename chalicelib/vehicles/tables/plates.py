"""Rows of registered plates: residents' own, and of vehicles on duty that the estate knows."""

from typing import Self

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core.table import Row, tenant_key


class _ByPerson(GlobalSecondaryIndex["PlateRow"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    asked_at = NumberAttribute(range_key=True)


class _ByState(GlobalSecondaryIndex["PlateRow"]):
    class Meta:
        index_name = "by_state"
        projection = AllProjection()

    state_key = UnicodeAttribute(hash_key=True)
    asked_at = NumberAttribute(range_key=True)


class PlateRow(Row):
    """A plate that passes by itself for as long as it is registered; times are epoch ms.

    `plate` is sealed under the key of its person; that of a vehicle on duty, which has none,
    under the master key. `book_key` is where it stands for the barrier.
    """

    class Meta:
        short = "plates"
        ttl = "expires"

    own_key = UnicodeAttribute(hash_key=True)
    plate_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    form = UnicodeAttribute()
    unit_id = UnicodeAttribute(null=True)
    person_id = UnicodeAttribute(null=True)
    person_key = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    state_key = UnicodeAttribute()
    plate = BinaryAttribute(legacy_encoding=False)
    plate_index = UnicodeAttribute()
    book_key = UnicodeAttribute()
    label = UnicodeAttribute(null=True)
    asked_at = NumberAttribute()
    decided_at = NumberAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    ended_at = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)
    by_person = _ByPerson()
    by_state = _ByState()

    @classmethod
    def of(cls, community_id: str, plate_id: str) -> Self | None:
        """Return a community's plate, or None; one consistent read."""
        return cls.find(tenant_key(community_id, plate_id))


class PlateQuota(Row):
    """How many of something a flat has: plates, or visits of a month. Never above its limit."""

    class Meta:
        short = "plate_quotas"
        ttl = "expires"

    unit_key = UnicodeAttribute(hash_key=True)
    what = UnicodeAttribute(range_key=True)
    used = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)
