"""Where things stand in an estate's part of the tree, for the domains that put things there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.core.errors import NotFound
from chalicelib.core.paths import within
from chalicelib.core.reading import Wish
from chalicelib.core.table import tenant_key
from chalicelib.identity.service import organisation
from chalicelib.identity.service.visibility import existing, is_shown
from chalicelib.identity.tables.organisation import Node, Unit

Spot = tuple[str, str, str]
"""Building, entrance and room as people name them; empty from where it stands higher up."""


@dataclass(frozen=True)
class Home:
    """A flat: its node's path, its room's number, and the zone that its days are counted in."""

    unit_id: str
    path: str
    room: str
    zone: str


def home_at(community_id: str, unit_id: str) -> Home:
    """Return a flat and where it stands; two reads. Raises NotFound `no_such_unit`."""
    unit = organisation.unit(community_id, unit_id)
    zone = organisation.community(community_id).zone
    return Home(unit_id, unit.path or "", unit.room or "", zone)


def standing_at(community_id: str, path: str) -> str:
    """Return the path of a node or flat of an estate; an empty one means the estate itself.

    At most three reads. Raises NotFound `no_such_node` for one of elsewhere, or of nothing,
    and `no_such_community`.
    """
    estate = organisation.path_of(community_id)
    if path in ("", estate):
        return estate
    last = path.rpartition("/")[2]
    if within(path, estate):
        node = existing(Node.find(community_id, last))
        unit = existing(Unit.find(community_id, last)) if node is None else None
        if path in (node and node.path, unit and unit.path):
            return path
    raise NotFound(*organisation.NO_SUCH_NODE)


def paths_of(community_id: str, spots: Iterable[Spot]) -> Mapping[Spot, str]:
    """Return the paths of spots by their names; what is not there is left out.

    One read for the estate, one for each building or entrance, and one query for the rooms
    of each. Raises NotFound `no_such_community`.
    """
    estate = organisation.path_of(community_id)
    wanted = set(spots)
    found: dict[Spot, str] = {("", "", ""): estate} if ("", "", "") in wanted else {}
    for building, entrance in {spot[:2] for spot in wanted if spot[0]}:
        node_id = organisation.steps_to(estate, community_id, building, entrance)[-1].node_id
        node = existing(Node.find(community_id, node_id))
        if node is None:
            continue
        found[building, entrance, ""] = node.path
        if any(spot[:2] == (building, entrance) and spot[2] for spot in wanted):
            rooms = Unit.below.query(tenant_key(community_id, node_id))
            found |= {
                (building, entrance, unit.room): unit.path
                for unit in rooms
                if is_shown(unit) and unit.room and unit.path
            }
    return {spot: path for spot, path in found.items() if spot in wanted}


def paths_named(community_id: str, ids: Iterable[str]) -> Mapping[str, str]:
    """Return the paths of nodes and flats of an estate by their ids; two reads of up to 100."""
    wanted = {(community_id, one) for one in ids}
    nodes = {row.node_id: row.path for row in Node.batch_get(wanted) if is_shown(row)}
    rest = [key for key in wanted if key[1] not in nodes]
    units = {row.unit_id: row.path or "" for row in Unit.batch_get(rest) if is_shown(row)}
    return {**nodes, **units}


def names_at(community_id: str, paths: Iterable[str]) -> Mapping[str, str]:
    """Return what people call the places below the estate that paths lead to: 1号楼 1单元 101.

    An estate's own path, and one that leads nowhere, has no name. Two reads of up to 100 rows.
    """
    steps = {path: _below(path.split("/"), community_id) for path in set(paths)}
    wanted = {(community_id, step) for path in steps.values() for step in path}
    names = {row.node_id: row.name for row in Node.batch_get(wanted)}
    rooms = Unit.batch_get([key for key in wanted if key[1] not in names])
    names |= {row.unit_id: row.room or row.name for row in rooms}
    said = {path: [names.get(step, "") for step in ids] for path, ids in steps.items()}
    return {path: " ".join(words) for path, words in said.items() if words and all(words)}


def flat_wish(community_id: str, unit_id: str) -> Wish:
    """Return what to read of a flat, for a call that reads other rows as well."""
    return Wish(Unit, community_id, unit_id)


def flat_path(row: Unit | None) -> str | None:
    """Return where the flat is that was read by `flat_wish`; None if there is none.

    Empty for one that was registered without a place.
    """
    unit = existing(row)
    return None if unit is None else unit.path or ""


def flat_room(row: Unit | None) -> str:
    """Return the room number of the flat that was read by `flat_wish`, empty if it has none."""
    return (row.room or "") if row is not None else ""


def flats_named(community_id: str, unit_ids: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Return path and name (1号楼 1单元 101) of flats by their ids; one read of up to 100."""
    wanted = {(community_id, unit_id) for unit_id in unit_ids}
    found = [row for row in Unit.batch_get(wanted) if existing(row) is not None] if wanted else []
    return {row.unit_id: (row.path or "", _name_of(row)) for row in found}


def _name_of(row: Unit) -> str:
    return " ".join(word for word in (row.building, row.entrance, row.room) if word) or row.name


def _below(path: list[str], community_id: str) -> list[str]:
    return path[path.index(community_id) + 1 :] if community_id in path else []
