"""Rows of people: who they are, where they live, what they were appointed to."""

from collections.abc import Iterator
from datetime import datetime

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.table import Row, shard_of, shards


class _Leaving(GlobalSecondaryIndex["Person"]):
    class Meta:
        index_name = "leaving"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    forget_at = NumberAttribute(range_key=True)


class _ById(GlobalSecondaryIndex["Person"]):
    class Meta:
        index_name = "by_id"
        projection = KeysOnlyProjection()

    id_index = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute(range_key=True)


class Person(Row):
    """A person of a community (officers: of their county); what names them is sealed.

    `name`, `phone`, `id_number` and `born` (a day) are `core.sealing`'s, `phone_index` and
    `id_index` its blind indexes. A person of an import that is not complete counts for none:
    find people by `service.people.find_person` and `persons_by_phone`. `login` is the sign-in
    name of a person who is staff as well, `account_key` the WeChat account that signs them
    in. Who has no home is forgotten at `forget_at`, and was at `forgotten_at` (epoch ms).

    Whatever begins or ends a tie of theirs writes this row, so that it meets a deletion.
    """

    class Meta:
        short = "people"

    community_id = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)
    name = BinaryAttribute(legacy_encoding=False, null=True)
    phone = BinaryAttribute(legacy_encoding=False, null=True)
    id_number = BinaryAttribute(legacy_encoding=False, null=True)
    born = BinaryAttribute(legacy_encoding=False, null=True)
    phone_index = UnicodeAttribute(null=True)
    id_index = UnicodeAttribute(null=True)
    import_id = UnicodeAttribute(null=True)
    login = UnicodeAttribute(null=True)
    account_key = UnicodeAttribute(null=True)
    shard = UnicodeAttribute(null=True)
    forget_at = NumberAttribute(null=True)
    forgotten_at = NumberAttribute(null=True)
    leaving = _Leaving()
    by_id = _ById()

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of those who had no home for long enough by an instant."""
        for shard in shards("leaving"):
            for row in cls.leaving.query(shard, cls.forget_at < clock.epoch_ms(at), limit=limit):
                yield row.community_id, row.person_id

    def leaves(self, at: datetime | None) -> None:
        """Let the person be forgotten at an instant unless they find a home; None: never."""
        self.forget_at = clock.epoch_ms(at) if at else None
        self.shard = shard_of("leaving", self.person_id) if at else None


class Phone(Row):
    """Whose a phone number is in a community: one person's, for its key holds no second.

    It is found before anybody knows the tenant, when somebody signs in: finding it is what
    it is for. Written and deleted with the person's own row.
    """

    class Meta:
        short = "phones"

    phone_index = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute(range_key=True)
    person_id = UnicodeAttribute()
    import_id = UnicodeAttribute(null=True)


class _ByPerson(GlobalSecondaryIndex["Residency"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    unit_key = UnicodeAttribute(range_key=True)


class Residency(Row):
    """A person's tie to a flat; a child under 14 has a guardian in the same flat."""

    class Meta:
        short = "residencies"

    unit_key = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)
    person_key = UnicodeAttribute()
    community_id = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    tie = UnicodeAttribute()
    guardian_id = UnicodeAttribute(null=True)
    import_id = UnicodeAttribute(null=True)
    by_person = _ByPerson()


class _ByState(GlobalSecondaryIndex["Binding"]):
    class Meta:
        index_name = "by_state"
        projection = AllProjection()

    state_key = UnicodeAttribute(hash_key=True)
    asked_at = NumberAttribute(range_key=True)


class _ByUnit(GlobalSecondaryIndex["Binding"]):
    class Meta:
        index_name = "by_unit"
        projection = AllProjection()

    unit_key = UnicodeAttribute(hash_key=True)
    asked_at = NumberAttribute(range_key=True)


class _WishesOf(GlobalSecondaryIndex["Binding"]):
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_key = UnicodeAttribute(hash_key=True)
    asked_at = NumberAttribute(range_key=True)


class Binding(Row):
    """A person's wish to be tied to a flat, and what became of it; times are epoch ms.

    One row for a person and a flat: its id comes from both, and a new wish after a
    refusal takes the old one's place.
    """

    class Meta:
        short = "bindings"

    community_id = UnicodeAttribute(hash_key=True)
    binding_id = UnicodeAttribute(range_key=True)
    unit_id = UnicodeAttribute()
    unit_key = UnicodeAttribute()
    person_id = UnicodeAttribute()
    person_key = UnicodeAttribute()
    tie = UnicodeAttribute()
    guardian_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    state_key = UnicodeAttribute()
    evidence_key = UnicodeAttribute(null=True)
    asked_at = NumberAttribute()
    decided_at = NumberAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    by_state = _ByState()
    by_unit = _ByUnit()
    by_person = _WishesOf()


class _AtNode(GlobalSecondaryIndex["AppointmentRow"]):
    class Meta:
        index_name = "at_node"
        projection = AllProjection()

    node_path = UnicodeAttribute(hash_key=True)
    post = UnicodeAttribute(range_key=True)


class _OfBody(GlobalSecondaryIndex["AppointmentRow"]):
    class Meta:
        index_name = "of_body"
        projection = AllProjection()

    org_id = UnicodeAttribute(hash_key=True)
    node_path = UnicodeAttribute(range_key=True)


class AppointmentRow(Row):
    """A person's role at a node of the tree; `post` is `role#node id`.

    Who is appointed to a zone has a row for each of its estates (`zone_id`). `since` is when
    the post was given, or its holder set up new credentials, in epoch ms.
    """

    class Meta:
        short = "appointments"

    person_id = UnicodeAttribute(hash_key=True)
    post = UnicodeAttribute(range_key=True)
    role = UnicodeAttribute()
    node_path = UnicodeAttribute()
    org_id = UnicodeAttribute(null=True)
    zone_id = UnicodeAttribute(null=True)
    login = UnicodeAttribute(null=True)
    since = NumberAttribute(null=True)
    at_node = _AtNode()
    of_body = _OfBody()
