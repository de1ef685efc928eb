"""Rows of people: who they are, where they live, what they were appointed to."""

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection

from chalicelib.core.table import Row


class _ByPhone(GlobalSecondaryIndex["Person"]):
    class Meta:
        index_name = "by_phone"
        projection = IncludeProjection(["import_id"])

    phone_index = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)


class Person(Row):
    """A person of a community (officers: of their county); what names them is sealed.

    `name`, `phone` and `id_number` are `core.sealing`'s, `phone_index` and `id_index` its
    blind indexes. A person of an import that is not complete counts for none: find people
    by `service.people.find_person` and `persons_by_phone`.
    """

    class Meta:
        short = "people"

    community_id = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(range_key=True)
    name = BinaryAttribute(legacy_encoding=False, null=True)
    phone = BinaryAttribute(legacy_encoding=False, null=True)
    id_number = BinaryAttribute(legacy_encoding=False, null=True)
    phone_index = UnicodeAttribute(null=True)
    id_index = UnicodeAttribute(null=True)
    import_id = UnicodeAttribute(null=True)
    by_phone = _ByPhone()


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


class AppointmentRow(Row):
    """A person's role at a node of the tree; `post` is `role#node id`.

    Who is appointed to a zone has a row for each of its estates (`zone_id`).
    """

    class Meta:
        short = "appointments"

    person_id = UnicodeAttribute(hash_key=True)
    post = UnicodeAttribute(range_key=True)
    role = UnicodeAttribute()
    node_path = UnicodeAttribute()
    org_id = UnicodeAttribute(null=True)
    zone_id = UnicodeAttribute(null=True)
    at_node = _AtNode()
