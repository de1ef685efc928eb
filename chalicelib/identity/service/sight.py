"""Which estate an officer means, and whether it lies in their sight."""

from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.identity.tables.organisation import Community


def community_in_sight(caller: Caller, community_id: str | None) -> str:
    """Return the estate that is named, or else the caller's own.

    Raises NotFound `no_such_community` for one outside the caller's subtree: officers
    above estates name one, all others have one in their token.
    """
    meant = community_id or caller.community_id
    if meant and meant == caller.community_id:
        return meant
    estate = Community.find(meant) if meant else None
    if estate is None or not caller.sees(estate.path or ""):
        raise NotFound("no_such_community", "没有找到该小区")
    return meant
