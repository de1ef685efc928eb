"""Use cases of the organisation tree: nodes, estates, flats."""

from dataclasses import dataclass
from typing import Any, Final

from chalicelib.core import cursor, ids, outbox, paths
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules import organisation as rules
from chalicelib.identity.rules.organisation import Level
from chalicelib.identity.service.visibility import existing, is_shown
from chalicelib.identity.tables.organisation import Community, Node, Unit, key_of_path

COUNTIES: Final = "counties"
"""The parent key of what stands under nothing."""

NO_SUCH_NODE: Final = ("no_such_node", "没有找到该组织节点")


@dataclass(frozen=True)
class Place:
    """Where a flat is, and how large: names of building and entrance, area in 0.01 m²."""

    building: str
    entrance: str
    room: str
    area: int


@dataclass(frozen=True)
class Below:
    """A node or a flat as its parent's list shows it."""

    node_id: str
    level: str
    name: str
    path: str


@dataclass(frozen=True)
class Children:
    """One page of what stands under a node."""

    items: list[Below]
    next: str | None


def plant(level: Level, name: str, *, parent: str = "", node_id: str = "") -> str:
    """Register a node above the estates and return its path; raises as `node_rows`.

    `parent` is the path of the node above, empty for a county.
    """
    if level not in rules.ABOVE_ESTATES:
        raise wrong_level()
    node, *_ = node_rows(level, name, parent=parent, node_id=node_id)
    outbox.commit(node)
    return node.path


def found_community(community_id: str, name: str, *, parent: str = "") -> None:
    """Register an estate, and its node, below a neighbourhood (社区); raises as `node_rows`."""
    outbox.commit(*node_rows(Level.ESTATE, name, parent=parent, node_id=community_id))


def node_rows(
    level: Level, name: str, *, parent: str, node_id: str = ""
) -> tuple[Node, *tuple[Community, ...]]:
    """Return the row of a new node, and that of the estate if it is one, to be committed.

    Their commit is a Conflict if the id is taken. Raises NotFound `no_such_node`,
    Unprocessable `wrong_level` for a parent, or a level, that does not fit.
    """
    above = node_at(parent) if parent else None
    if level is not Level.ESTATE:
        _check_level(level, above)
        node_id = node_id or ids.new_id("node")
        return (_node(parent.split("/", maxsplit=1)[0] or node_id, node_id, level, name, above),)
    if above is not None:
        _check_level(level, above)
    node_id = node_id or ids.new_id("com")
    node = _node(node_id, node_id, level, name, above)
    return node, Community(community_id=node_id, name=name, path=node.path)


def add_unit(community_id: str, unit_id: str, name: str, *, at: Place | None = None) -> None:
    """Register a flat, and its building and entrance if they are new.

    Raises Conflict if it exists, NotFound `no_such_community`, Unprocessable
    `area_not_positive`.
    """
    if at is None:
        outbox.commit(Unit(community_id=community_id, unit_id=unit_id, name=name))
        return
    if not 0 < at.area <= rules.MOST_AREA:
        raise Unprocessable("area_not_positive", "房屋面积必须大于零且在合理范围内")
    estate = community(community_id)
    steps = steps_to(estate.path or community_id, community_id, at.building, at.entrance)
    missing = [node for node in steps if Node.find(community_id, node.node_id) is None]
    outbox.commit(unit_row(community_id, steps[-1], at, unit_id=unit_id, name=name), *missing)


def steps_to(estate_path: str, community_id: str, building: str, entrance: str) -> list[Node]:
    """Return the nodes of a building and, if it has one, of an entrance; the lowest last."""
    estate = Node(scope=community_id, node_id=community_id, path=estate_path)
    node_id = ids.derived("bld", community_id, building)
    steps = [_node(community_id, node_id, Level.BUILDING, building, estate)]
    if entrance:
        node_id = ids.derived("ent", community_id, building, entrance)
        steps.append(_node(community_id, node_id, Level.ENTRANCE, entrance, steps[0]))
    return steps


def unit_row(
    community_id: str, above: Node, at: Place, *, unit_id: str = "", name: str = ""
) -> Unit:
    """Return a flat's row; its id comes from where it is, unless it has one."""
    unit_id = unit_id or unit_id_at(community_id, at.building, at.entrance, at.room)
    return Unit(
        community_id=community_id,
        unit_id=unit_id,
        name=name or f"{at.building}{at.entrance}{at.room}",
        path=f"{above.path}/{unit_id}",
        parent_key=tenant_key(community_id, above.node_id),
        building=at.building,
        entrance=at.entrance,
        room=at.room,
        area=at.area,
    )


def unit_id_at(community_id: str, building: str, entrance: str, room: str) -> str:
    """Return the id that a room at this place has."""
    return ids.derived("unit", community_id, building, entrance, room)


def community(community_id: str) -> Community:
    """Return an estate; raises NotFound `no_such_community`."""
    found = Community.find(community_id)
    if found is None:
        raise NotFound("no_such_community", "没有找到该小区")
    return found


def path_of(community_id: str) -> str:
    """Return the path of an estate's node; raises NotFound `no_such_community`."""
    return community(community_id).path or community_id


def unit(community_id: str, unit_id: str) -> Unit:
    """Return a flat; raises NotFound `no_such_unit`, also while its import is under way."""
    found = existing(Unit.find(community_id, unit_id))
    if found is None:
        raise NotFound("no_such_unit", "没有找到该房屋")
    return found


def node_at(path: str, community_id: str = "") -> Node:
    """Return the node that a path ends in; raises NotFound `no_such_node`.

    `community_id` is the estate at or above it; an estate's own path needs none.
    """
    scope, node_id = key_of_path(path, community_id)
    found = existing(Node.find(scope, node_id))
    if found is None and not community_id:
        found = Node.find(node_id, node_id)  # an estate stands under its own key
    if found is None or found.path != path:
        raise NotFound(*NO_SUCH_NODE)
    return found


def node_of(path: str) -> Node:
    """Return the node that a path from the county down ends in; raises as `node_at`."""
    return node_at(path, paths.community_in(path))


def children(node: Node | None, *, limit: int, after: str | None) -> Children:
    """Return one page of what stands under a node, in the order of ids; of None, the counties."""
    key = tenant_key(node.scope, node.node_id) if node else COUNTIES
    kind: Any = Unit if node and _holds_rooms(node, key) else Node
    listing = f"below/{kind.short}/{key}"
    rows, following = cursor.page(kind.below.query, key, listing=listing, limit=limit, after=after)
    items = [_below(row) for row in rows if is_shown(row)]
    return Children(items, following)


def _holds_rooms(node: Node, key: str) -> bool:
    """Return whether rooms stand right below: of an entrance, or a building without any."""
    if node.level == Level.BUILDING:
        return not list(Node.below.query(key, limit=1))
    return node.level == Level.ENTRANCE


def _node(scope: str, node_id: str, level: Level, name: str, above: Node | None) -> Node:
    return Node(
        scope=scope,
        node_id=node_id,
        level=level.value,
        name=name,
        path=f"{above.path}/{node_id}" if above else node_id,
        parent_key=tenant_key(above.scope, above.node_id) if above else _no_parent(level),
    )


def _no_parent(level: Level) -> str | None:
    return COUNTIES if level is Level.COUNTY else None


def _check_level(level: Level, above: Node | None) -> None:
    allowed = rules.PARENTS[level]
    if level not in rules.ABOVE_ESTATES | {Level.ESTATE}:
        raise wrong_level()
    if (above is None and allowed) or (above is not None and Level(above.level) not in allowed):
        raise wrong_level()


def wrong_level() -> Unprocessable:
    """Return the refusal of a node that stands where its level does not."""
    return Unprocessable("wrong_level", "该节点不能放在这一级")


def _below(row: Node | Unit) -> Below:
    if isinstance(row, Unit):
        return Below(row.unit_id, Level.ROOM.value, row.name, row.path or row.unit_id)
    return Below(row.node_id, row.level, row.name, row.path)
