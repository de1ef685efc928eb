"""Rows of openings by a resident's own phone."""

from typing import Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.access.rules import opening as rules
from chalicelib.access.rules.opening import OpeningState
from chalicelib.core.table import Row, tenant_key


class _ByPerson(GlobalSecondaryIndex["OpeningRow"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    opened_at = NumberAttribute(range_key=True)


class OpeningRow(Row):
    """One tap of a resident at a door; times are epoch milliseconds.

    `by_right_of` is the flat whose adult they are, `near` how they showed to be there.
    """

    class Meta:
        short = "openings"
        ttl = "expires"

    opening_key = UnicodeAttribute(hash_key=True)
    opening_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    person_key = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    door_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    path = UnicodeAttribute(null=True)
    near = UnicodeAttribute()
    state = UnicodeAttribute()
    command_id = UnicodeAttribute()
    command_expires_at = NumberAttribute()
    opened_at = NumberAttribute()
    desk_id = UnicodeAttribute(null=True)
    expires = NumberAttribute()
    by_person = _ByPerson()

    @classmethod
    def of(cls, community_id: str, opening_id: str) -> Self | None:
        """Return a community's opening, or None; one consistent read."""
        return cls.find(tenant_key(community_id, opening_id))

    def advance(self, state: OpeningState) -> None:
        """Go on by a legal arrow."""
        if not rules.may_follow(OpeningState(self.state), state):
            raise ValueError(f"no arrow from {self.state} to {state}")
        self.state = state.value
