"""Rows of what leads to a ballot's options: slates, who stands, who bids, what was noticed."""

from datetime import date

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core.table import PlainJson, Row, tenant_key
from chalicelib.nominations.public import nominations


class Slate(Row):
    """A call for candidates or bids, until the end of `last_day` (a day of China).

    `vote_id` is set by the notice of the vote that it is put with: nothing changes after it.
    """

    class Meta:
        short = "slates"

    community_id = UnicodeAttribute(hash_key=True)
    slate_id = UnicodeAttribute(range_key=True)
    filling = UnicodeAttribute()
    title = UnicodeAttribute()
    text = UnicodeAttribute()
    seats = NumberAttribute()
    term_years = NumberAttribute(default=0)
    last_day = UnicodeAttribute()
    audience = UnicodeAttribute()
    opened_by = UnicodeAttribute()
    opened_at = NumberAttribute()
    vote_id = UnicodeAttribute(null=True)

    @property
    def slate_key(self) -> str:
        """Return the key of what belongs to this slate."""
        return tenant_key(self.community_id, self.slate_id)

    def facts(self) -> nominations.SlateFacts:
        """Return what the rules ask of a slate."""
        return nominations.SlateFacts(
            nominations.Filling(self.filling),
            date.fromisoformat(self.last_day),
            is_put=self.vote_id is not None,
        )


class _ByPerson(GlobalSecondaryIndex["Candidacy"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    slate_key = UnicodeAttribute(range_key=True)


class Candidacy(Row):
    """Somebody who stands; `name` and `statement` they want everybody to read.

    The id follows from slate and person, so nobody stands twice. Kept as long as votes are.
    """

    class Meta:
        short = "candidacies"
        ttl = "expires"

    slate_key = UnicodeAttribute(hash_key=True)
    candidacy_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    slate_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    person_key = UnicodeAttribute()
    name = UnicodeAttribute()
    statement = UnicodeAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(default="")
    stood_at = NumberAttribute()
    expires = NumberAttribute()
    by_person = _ByPerson()


class _ByFlat(GlobalSecondaryIndex["FlatNomination"]):
    class Meta:
        index_name = "by_flat"
        projection = KeysOnlyProjection()

    slate_key = UnicodeAttribute(hash_key=True)
    unit_id = UnicodeAttribute(range_key=True)


class FlatNomination(Row):
    """That an owner proposes the owners of a flat; whether one of them stands is theirs to say.

    `line` is the slate, then the flat: each owner proposes a flat once.
    """

    class Meta:
        short = "flat_nominations"
        ttl = "expires"

    person_key = UnicodeAttribute(hash_key=True)
    line = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    slate_id = UnicodeAttribute()
    slate_key = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    expires = NumberAttribute()
    by_flat = _ByFlat()


class Bid(Row):
    """A company's bid: `fee` in fen per m² and month, `documents` with hash and place.

    `company_id` is its 统一社会信用代码. A document is {title, key, sha256, bytes}.
    """

    class Meta:
        short = "bids"

    slate_key = UnicodeAttribute(hash_key=True)
    bid_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    slate_id = UnicodeAttribute()
    company_id = UnicodeAttribute()
    company = UnicodeAttribute()
    fee = NumberAttribute()
    months = NumberAttribute()
    summary = UnicodeAttribute()
    documents = PlainJson(default=list)
    state = UnicodeAttribute()
    reason = UnicodeAttribute(default="")
    entered_by = UnicodeAttribute()
    entered_at = NumberAttribute()


class OptionRow(Row):
    """An option of a noticed vote, as it was noticed: `sha256` of it stands in the terms.

    `content` is what everybody may read; `person_id` is the candidate's, and in no reply;
    `kept` maps the hashes of documents to where they are.
    """

    class Meta:
        short = "vote_options"

    vote_key = UnicodeAttribute(hash_key=True)
    option_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    item_id = UnicodeAttribute()
    content = PlainJson()
    sha256 = UnicodeAttribute()
    person_id = UnicodeAttribute(null=True)
    kept = PlainJson(default=dict)


class Committee(Row):
    """Who was elected (业主委员会), by which vote, until when; to be filed by `file_by`.

    `vote_id` and `item_id` are those of the first round. `members` are {option_id, person_id,
    name, vote_id}; `to_fill` seats have nobody yet. Kept for ever, as the result is.
    """

    class Meta:
        short = "committees"

    community_id = UnicodeAttribute(hash_key=True)
    committee_id = UnicodeAttribute(range_key=True)
    vote_id = UnicodeAttribute()
    item_id = UnicodeAttribute()
    filling = UnicodeAttribute()
    members = PlainJson(default=list)
    seats = NumberAttribute()
    to_fill = NumberAttribute()
    is_over = BooleanAttribute(default=True)
    term_years = NumberAttribute()
    legal_mode = UnicodeAttribute()
    elected_on = UnicodeAttribute()
    ends_on = UnicodeAttribute()
    file_by = UnicodeAttribute()
    filed_on = UnicodeAttribute(null=True)
    document = UnicodeAttribute(default="")
    state = UnicodeAttribute()
