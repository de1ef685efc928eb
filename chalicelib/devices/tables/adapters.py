"""Rows of what vendors' devices count."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core.table import PlainJson, Row
from chalicelib.devices.rules.gaps import Count

COUNTS_KEPT_S = 400 * 86_400


class SerialCount(Row):
    """How far a device has counted its events, and which never came.

    `hardware` is which piece of hardware counted: another one begins anew.
    """

    class Meta:
        short = "serial_counts"
        ttl = "expires"

    device_id = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    hardware = NumberAttribute(default=1)
    highest = NumberAttribute()
    missing = PlainJson(default=list)
    given_up = NumberAttribute(default=0)
    counted_at = NumberAttribute()
    expires = NumberAttribute()

    def facts(self) -> Count:
        """Return the count as the rules know it."""
        gaps = tuple((int(first), int(last)) for first, last in self.missing)
        return Count(int(self.highest), gaps, int(self.given_up))
