"""Rows of deliveries: how the ballot reached each unit, as far as that can be shown."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core.table import Row


class DeliveryRow(Row):
    """One proof for one unit (`proof`: unit, then kind); `at` is epoch ms.

    `evidence_sha256` is the hash of the signed slip's scan (签收单); `person_id` is who opened it
    in the app, or the member of staff who recorded it.
    """

    class Meta:
        short = "deliveries"

    vote_key = UnicodeAttribute(hash_key=True)
    proof = UnicodeAttribute(range_key=True)
    unit_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    evidence_sha256 = UnicodeAttribute(default="")
    note = UnicodeAttribute(default="")
    person_id = UnicodeAttribute()
    at = NumberAttribute()
