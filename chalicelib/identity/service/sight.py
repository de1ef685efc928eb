"""What lies in a caller's sight: the subtree of the node that they act at, and nothing beside it.

Everything in an estate that has a place is asked for here, so that staff of one building
never meet another building's people: what is out of sight is 404.
"""

from collections.abc import Iterable

from chalicelib.core.auth import Caller
from chalicelib.core.errors import BadRequest, NotFound
from chalicelib.identity.service import organisation
from chalicelib.identity.tables.organisation import Community, Unit


def community_in_sight(caller: Caller, community_id: str | None) -> str:
    """Return the estate that is named, or else the caller's own.

    Raises NotFound `no_such_community` for one outside the caller's subtree, BadRequest
    `community_required`: officers above estates name one, others have one in their token.
    """
    meant = community_id or caller.community_id
    if not meant:
        raise BadRequest("community_required", "请指明小区（community_id）")
    if meant == caller.community_id:
        return meant
    estate = Community.find(meant)
    if estate is None or not caller.sees(estate.path or ""):
        raise NotFound("no_such_community", "没有找到该小区")
    return meant


def require_whole_estate(caller: Caller) -> str:
    """Return the caller's estate; raises NotFound `no_such_community` for staff of a part."""
    if not caller.has_whole_estate:
        raise NotFound("no_such_community", "没有找到该小区")
    return caller.community_id


def unit_in_sight(caller: Caller, unit_id: str) -> Unit:
    """Return a flat of the caller's estate and part of it; raises NotFound `no_such_unit`."""
    row = organisation.unit(caller.community_id, unit_id)
    if not (caller.has_whole_estate or caller.sees(row.path or "")):
        raise NotFound("no_such_unit", "没有找到该房屋")
    return row


def sees_unit(caller: Caller, unit_id: str) -> bool:
    """Return whether a flat lies in the caller's sight; no read for who has the whole estate."""
    if caller.has_whole_estate:
        return True
    try:
        return bool(unit_in_sight(caller, unit_id))
    except NotFound:
        return False


def require_unit(caller: Caller, unit_id: str) -> None:
    """Raise NotFound `no_such_unit` for a flat out of the caller's sight."""
    if not sees_unit(caller, unit_id):
        raise NotFound("no_such_unit", "没有找到该房屋")


def sees_one_of(caller: Caller, unit_ids: Iterable[str]) -> bool:
    """Return whether somebody who lives in these flats lives in the caller's sight."""
    return caller.has_whole_estate or any(sees_unit(caller, one) for one in unit_ids)
