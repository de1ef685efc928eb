"""Rows of suggested reviews, and from which figures on an estate wants them."""

from typing import Any, Self

from pynamodb.attributes import BinaryAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core.table import Row, tenant_key
from chalicelib.passages.rules.patterns import ReviewState, Thresholds


class _Listed(GlobalSecondaryIndex["Review"]):
    class Meta:
        index_name = "listed"
        projection = AllProjection()

    list_key = UnicodeAttribute(hash_key=True)
    at_id = UnicodeAttribute(range_key=True)


class _OfTrail(GlobalSecondaryIndex["Review"]):
    class Meta:
        index_name = "of_trail"
        projection = KeysOnlyProjection()

    trail_key = UnicodeAttribute(hash_key=True)
    at_id = UnicodeAttribute(range_key=True)


class Review(Row):
    """A pattern that a person is to look at; `who` is sealed, as in a passage."""

    class Meta:
        short = "passage_reviews"
        ttl = "expires"

    review_key = UnicodeAttribute(hash_key=True)
    review_id = UnicodeAttribute()
    community_id = UnicodeAttribute()
    list_key = UnicodeAttribute()
    at_id = UnicodeAttribute()
    pattern = UnicodeAttribute()
    numbers = JSONAttribute(default=dict)
    state = UnicodeAttribute()
    place_id = UnicodeAttribute()
    at = NumberAttribute()
    trail_key = UnicodeAttribute(null=True)
    who = BinaryAttribute(legacy_encoding=False, null=True)
    passage_id = UnicodeAttribute()
    finding = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    closed_by = UnicodeAttribute(null=True)
    closed_at = NumberAttribute(null=True)
    expires = NumberAttribute()
    listed = _Listed()
    of_trail = _OfTrail()

    @classmethod
    def of(cls, community_id: str, review_id: str) -> Self | None:
        """Return a community's review, or None; one consistent read."""
        return cls.find(tenant_key(community_id, review_id))


def list_key(community_id: str, state: ReviewState) -> str:
    """Return the key of a community's reviews in a state."""
    return tenant_key(community_id, state.value)


class ThresholdRow(Row):
    """From which figures on an estate wants a review; without the row, our own."""

    class Meta:
        short = "passage_thresholds"

    community_id = UnicodeAttribute(hash_key=True)
    figures = JSONAttribute(default=dict)
    set_by = UnicodeAttribute()

    @classmethod
    def known(cls, community_id: str) -> Thresholds:
        """Return an estate's thresholds; one read."""
        row = cls.find(community_id, consistent=False)
        figures: dict[str, Any] = dict(row.figures) if row else {}
        return Thresholds(**figures)
