"""Rows of consent: every record ever made, and how each person stands now."""

from collections.abc import Iterator
from datetime import datetime
from typing import Self

from pynamodb.attributes import (
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core import clock
from chalicelib.core.table import Row, shard_of, shards, tenant_key
from chalicelib.identity.rules.consent import NOTICES, Purpose, Standing, State, still_good


class Consent(Row):
    """One decision about one purpose; only its withdrawal is ever added to it."""

    class Meta:
        short = "consents"
        ttl = "expires"

    person_key = UnicodeAttribute(hash_key=True)
    consent_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    guardian_id = UnicodeAttribute(null=True)
    purpose = UnicodeAttribute()
    decision = UnicodeAttribute()
    kinds = ListAttribute[str](default=list)
    recipient = UnicodeAttribute()
    text_version = UnicodeAttribute()
    text_sha256 = UnicodeAttribute()
    channel = UnicodeAttribute()
    decided_at = NumberAttribute()
    ends_at = NumberAttribute(null=True)
    withdrawn_at = NumberAttribute(null=True)
    withdrawn_by = UnicodeAttribute(null=True)
    expires = NumberAttribute()


class _Ending(GlobalSecondaryIndex["ConsentStanding"]):
    class Meta:
        index_name = "ending"
        projection = AllProjection()

    shard = UnicodeAttribute(hash_key=True)
    ends_at = NumberAttribute(range_key=True)


class ConsentStanding(Row):
    """How a person stands towards a purpose: one small read before any use of the data."""

    class Meta:
        short = "consent_standings"

    person_key = UnicodeAttribute(hash_key=True)
    purpose = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    consent_id = UnicodeAttribute()
    state = UnicodeAttribute()
    text_sha256 = UnicodeAttribute()
    shard = UnicodeAttribute(null=True)
    ends_at = NumberAttribute(null=True)
    quiet_until = NumberAttribute(null=True)
    ending = _Ending()

    @classmethod
    def given_to(
        cls, text_sha256: str, limit: int, *, until: datetime | None = None
    ) -> Iterator["ConsentStanding"]:
        """Yield consents to a text, of which all, or those past their end, as the index knows."""
        over = cls.ends_at <= clock.epoch_ms(until) if until else None
        for shard in shards(_listing(text_sha256)):
            yield from cls.ending.query(shard, over, limit=limit)

    @property
    def standing(self) -> Standing:
        """Return the facts of this row as the rules know them."""
        return Standing(
            State(self.state),
            expires=clock.from_epoch_ms(int(self.ends_at)) if self.ends_at else None,
            quiet_until=clock.from_epoch_ms(int(self.quiet_until)) if self.quiet_until else None,
            text_sha256=self.text_sha256,
            still_good=still_good(self.text_sha256, NOTICES[Purpose(self.purpose)]),
        )

    def turn(self, standing: Standing) -> Self:
        """Take over a new standing."""
        self.state = standing.state.value
        self.ends_at = clock.epoch_ms(standing.expires) if standing.expires else None
        self.quiet_until = clock.epoch_ms(standing.quiet_until) if standing.quiet_until else None
        self.text_sha256 = standing.text_sha256
        given = standing.state is State.GIVEN
        self.shard = shard_of(_listing(self.text_sha256), self.person_key) if given else None
        return self


def _listing(text_sha256: str) -> str:
    """Return the name of the list of given consents to one text, by their end."""
    return f"consent/{text_sha256[:16]}"


def standing_of(community_id: str, person_id: str, purpose: Purpose) -> ConsentStanding | None:
    """Return how a person stands towards a purpose, or None; one read, consistent."""
    return ConsentStanding.find(tenant_key(community_id, person_id), purpose.value)


def standings_of(community_id: str, person_id: str) -> dict[Purpose, ConsentStanding]:
    """Return how a person stands towards every purpose; one read, consistent."""
    rows = ConsentStanding.query(tenant_key(community_id, person_id), consistent_read=True)
    return {Purpose(row.purpose): row for row in rows}
