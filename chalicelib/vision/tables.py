"""Rows of vision: what was seen on each frame, or why it was not looked at."""

from typing import Self

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from chalicelib.core.table import Row, tenant_key


class Detections(Row):
    """One frame of one camera, once: the range key is the device event's own id.

    `refused` holds the reason if the picture could not be examined. A row is kept as long as
    the picture itself.
    """

    class Meta:
        short = "detections"
        ttl = "expires"

    camera_key = UnicodeAttribute(hash_key=True)
    event_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    camera_id = UnicodeAttribute()
    place_id = UnicodeAttribute()
    boot = NumberAttribute()
    sequence = NumberAttribute()
    occurred_at = NumberAttribute()
    live = BooleanAttribute()
    picture = UnicodeAttribute(default="")
    model = UnicodeAttribute(default="")
    objects = JSONAttribute(default=list)
    refused = UnicodeAttribute(null=True)
    expires = NumberAttribute()

    @classmethod
    def of(cls, community_id: str, camera_id: str, event_id: str) -> Self | None:
        """Return what was seen on one frame, or None."""
        return cls.find(tenant_key(community_id, camera_id), event_id)
