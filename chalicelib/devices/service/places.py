"""What devices may serve: nodes and flats of the tree, and places where devices stand already.

An entrance of the estate, a lane or one of two lifts is no node of the tree. Such a place is
there as soon as a device stands at it, and who founds it says so: a typing error would put a
device where nobody looks for it.
"""

from collections.abc import Iterable

from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.paths import in_part
from chalicelib.core.table import tenant_key
from chalicelib.devices.rules.registry import place_of
from chalicelib.devices.service.registry import subtree_of
from chalicelib.devices.tables.registry import Device
from chalicelib.identity import public as identity


def known(caller: Caller, place_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these are places that a caller sees.

    Two reads of up to 100 ids for the tree, and a query for each that is not in it.
    """
    wanted, under = set(place_ids), subtree_of(caller)
    paths = identity.paths_named(caller.community_id, wanted)
    in_tree = {one for one, path in paths.items() if in_part(path, under)}
    taken = {one for one in wanted - paths.keys() if _stands(caller.community_id, one, under)}
    return frozenset(in_tree | taken)


def free(caller: Caller, place_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these nothing in the whole estate is called.

    Ask this before `known`: what another founds in between is then known, and not neither.
    """
    wanted = set(place_ids)
    named = identity.paths_named(caller.community_id, wanted).keys()
    return frozenset(one for one in wanted - named if not _stands(caller.community_id, one, ""))


def chosen(caller: Caller, place_id: str, node_path: str, *, is_new: bool) -> str:
    """Return the place that a device serves: what was said, or else its own node.

    Raises Unprocessable `unknown_place` for one that is not there, unless it `is_new` and
    nothing else in the estate is called so.
    """
    if not place_id:
        return place_of(node_path)
    if (is_new and free(caller, (place_id,))) or place_id in known(caller, (place_id,)):
        return place_id
    raise Unprocessable("unknown_place", "没有找到该位置；新的位置请以 new_place 注明")


def _stands(community_id: str, place_id: str, under: str) -> bool:
    """Return whether a device in service stands at a place, below a node if one is given."""
    below = Device.node_key.startswith(f"{under}/") if under else None
    key = tenant_key(community_id, place_id)
    return any(True for _ in Device.by_place.query(key, filter_condition=below, limit=1))
