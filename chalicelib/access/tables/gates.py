"""Rows of gates' settings: where they stand, and which proof of being there suffices."""

from typing import Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.access.rules.gates import RADIUS_M, Proof, Setting
from chalicelib.core.table import Row

ESTATE: Final = "*"
"""Stands for the gate's id in the row of what holds for gates without a setting of their own."""


class GateSetting(Row):
    """What staff said of a gate, or of all gates of an estate (`ESTATE`); degrees in GCJ-02.

    `path` is where in the tree the gate stood when it was set; what holds for all has none.
    """

    class Meta:
        short = "gate_settings"

    community_id = UnicodeAttribute(hash_key=True)
    device_id = UnicodeAttribute(range_key=True)
    path = UnicodeAttribute(null=True)
    latitude = NumberAttribute(null=True)
    longitude = NumberAttribute(null=True)
    radius_m = NumberAttribute(default=RADIUS_M)
    suffices = UnicodeSetAttribute(null=True)
    set_by = UnicodeAttribute()
    set_at = NumberAttribute()


def effective(own: GateSetting | None, estate: GateSetting | None) -> Setting:
    """Return what holds for a gate: what was said of itself before what was said of all.

    A place is a gate's own; without any setting either proof suffices, within 100 m.
    """
    said = own or estate
    suffices = next((row.suffices for row in (own, estate) if row and row.suffices), None)
    placed = own is not None and own.latitude is not None and own.longitude is not None
    return Setting(
        latitude=float(own.latitude) if own and placed else None,
        longitude=float(own.longitude) if own and placed else None,
        radius_m=int(said.radius_m) if said else RADIUS_M,
        suffices=frozenset(Proof(one) for one in suffices) if suffices else frozenset(Proof),
    )
