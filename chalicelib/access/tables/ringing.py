"""Rows of whom a flat does not want to be rung by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock, ids
from chalicelib.core.table import PlainJson, Row, tenant_key


class _ByPerson(GlobalSecondaryIndex["RingBlock"]):
    class Meta:
        index_name = "by_person"
        projection = KeysOnlyProjection()

    person_key = UnicodeAttribute(hash_key=True)
    blocked_at = NumberAttribute(range_key=True)


class RingBlock(Row):
    """A flat does not hear one person's phone; the flat knows them by a call and its name only.

    `visitor_name` is sealed under the blocked person's key, as in their call. Who of the flat
    blocked them is not kept: it is the flat's, and any adult of it lifts it.
    """

    class Meta:
        short = "ring_blocks"
        ttl = "expires"

    unit_key = UnicodeAttribute(hash_key=True)
    block_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    unit_id = UnicodeAttribute()
    person_id = UnicodeAttribute()
    person_key = UnicodeAttribute()
    visitor_name = BinaryAttribute(legacy_encoding=False, null=True)
    blocked_at = NumberAttribute()
    expires = NumberAttribute()
    by_person = _ByPerson()


class RingTimes(Row):
    """When phones rang one flat of late: written with each ring, so that no burst passes it.

    `rings` are (epoch ms, an id made of flat and person that nobody reads either from).
    """

    class Meta:
        short = "ring_times"
        ttl = "expires"

    unit_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    rings = PlainJson(default=list)
    expires = NumberAttribute()

    def since(self, at: datetime) -> list[tuple[int, str]]:
        """Return the rings after an instant, the oldest first."""
        said: Sequence[Any] = self.rings
        return [(int(ms), who) for ms, who in said if int(ms) >= clock.epoch_ms(at)]


def block_key(community_id: str, unit_id: str, person_id: str) -> tuple[str, str]:
    """Return the key of a flat's block of a person: nobody reads from it who that is."""
    return tenant_key(community_id, unit_id), ids.derived("block", community_id, unit_id, person_id)


class PanelRings(Row):
    """Which call each panel rang last at one flat, by gate: while it rings, no other does.

    `panels` is, by a call's bell, `[call_id, end in epoch ms]`.
    """

    class Meta:
        short = "panel_rings"
        ttl = "expires"

    unit_key = UnicodeAttribute(hash_key=True)
    panels = PlainJson(default=dict)
    expires = NumberAttribute()
