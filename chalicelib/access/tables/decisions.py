"""Rows of what was decided at doors that asked, and of what doors decided alone."""

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core.table import PlainJson, Row, tenant_key


class _ByHolder(GlobalSecondaryIndex["DecisionRow"]):
    class Meta:
        index_name = "by_holder"
        projection = AllProjection()

    holder_key = UnicodeAttribute(hash_key=True)
    at = NumberAttribute(range_key=True)


class DecisionRow(Row):
    """What one door was told, by the id of its request; or a use that it reported itself.

    Without the master key nobody reads off this table who went where (`service/trails.py`):
    `holder_key` is the blind index of the credential or pass, `who` its sealed id. `edge` marks
    what a door decided by its own list. `at` is in epoch milliseconds.
    """

    class Meta:
        short = "access_decisions"
        ttl = "expires"

    request_key = UnicodeAttribute(hash_key=True)
    decision_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    digest = UnicodeAttribute()
    method = UnicodeAttribute()
    allow = BooleanAttribute()
    reason = UnicodeAttribute()
    holder_key = UnicodeAttribute(null=True)
    who = BinaryAttribute(legacy_encoding=False, null=True)
    direction = UnicodeAttribute()
    companions = NumberAttribute(default=0)
    floors = PlainJson(default=list)
    edge = BooleanAttribute(default=False)
    at = NumberAttribute()
    expires = NumberAttribute()
    by_holder = _ByHolder()


def request_key(community_id: str, device_id: str, request_id: str) -> str:
    """Return the key of a door's request."""
    return tenant_key(community_id, device_id, request_id)
