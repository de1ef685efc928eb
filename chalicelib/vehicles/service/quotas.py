"""What a flat may have: counted within the transaction that takes it, so no race exceeds it."""

from pynamodb.expressions.update import Action

from chalicelib.core.outbox import Given
from chalicelib.core.table import tenant_key
from chalicelib.vehicles.tables.plates import PlateQuota


def take(community_id: str, unit_id: str, what: str, most: int, *, until: int = 0) -> Given:
    """Return the condition and count of one more, at most so many; `until` in epoch seconds."""
    room = PlateQuota.used.does_not_exist() | (PlateQuota.used < most)
    actions: list[Action] = [PlateQuota.used.add(1)]
    actions += [PlateQuota.expires.set(until)] if until else []
    key = tenant_key(community_id, unit_id)
    return Given(PlateQuota, key, what, room, tuple(actions))


def give_back(community_id: str, unit_id: str, what: str) -> list[Given]:
    """Return the change that gives one back, if any is taken; one read."""
    key = tenant_key(community_id, unit_id)
    if used(community_id, unit_id, what) == 0:
        return []
    return [Given(PlateQuota, key, what, PlateQuota.used >= 1, (PlateQuota.used.add(-1),))]


def has_room(community_id: str, unit_id: str, what: str, most: int) -> bool:
    """Return whether one more may be taken now; one read."""
    return used(community_id, unit_id, what) < most


def used(community_id: str, unit_id: str, what: str) -> int:
    """Return how many are taken; one consistent read."""
    row = PlateQuota.find(tenant_key(community_id, unit_id), what)
    return int(row.used or 0) if row is not None else 0
