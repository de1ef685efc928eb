"""Use cases of the organisation tree: nodes, estates, flats, bodies at nodes, zones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.core import cursor, ids, outbox
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules import organisation as rules
from chalicelib.identity.rules.organisation import Body, Level
from chalicelib.identity.service.visibility import existing, is_shown
from chalicelib.identity.tables.organisation import (
    Attachment,
    Community,
    Node,
    Organisation,
    Unit,
    Zone,
    key_of_path,
)

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
    """Register a node above the estates and return its path.

    `parent` is the path of the node above, empty for a county. Raises NotFound
    `no_such_node`, Unprocessable `wrong_level`, Conflict if the id is taken.
    """
    node_id = node_id or ids.new_id("node")
    above = node_at(parent) if parent else None
    _check_level(level, above)
    if level not in rules.ABOVE_ESTATES:
        raise _wrong_level()
    path = f"{above.path}/{node_id}" if above else node_id
    outbox.commit(_node(path.split("/")[0], node_id, level, name, above))
    return path


def found_community(community_id: str, name: str, *, parent: str = "") -> None:
    """Register an estate, and its node; raises Conflict if it exists.

    `parent` is the path of its neighbourhood (社区). Raises NotFound `no_such_node`,
    Unprocessable `wrong_level` if that is none.
    """
    above = node_at(parent) if parent else None
    if above is not None:
        _check_level(Level.ESTATE, above)
    node = _node(community_id, community_id, Level.ESTATE, name, above)
    outbox.commit(Community(community_id=community_id, name=name, path=node.path), node)


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


def is_estate(community_id: str, path: str) -> bool:
    """Return whether there is an estate of this id at this path; one read."""
    found = Community.find(community_id)
    return found is not None and found.path == path


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


def children(node: Node, *, limit: int, after: str | None) -> Children:
    """Return one page of what stands under a node, in the order of ids."""
    key = tenant_key(node.scope, node.node_id)
    rows: type[Unit | Node] = Unit if _holds_rooms(node, key) else Node
    listing = f"below/{rows.short}/{key}"
    page = rows.below.query(
        key, limit=limit, last_evaluated_key=cursor.unseal(after, listing=listing)
    )
    items = [_below(row) for row in page if is_shown(row)]
    return Children(items, cursor.seal(page.last_evaluated_key, listing=listing))


def _holds_rooms(node: Node, key: str) -> bool:
    """Return whether rooms stand right below: of an entrance, or a building without any."""
    if node.level == Level.BUILDING:
        return not list(Node.below.query(key, limit=1))
    return node.level == Level.ENTRANCE


def attach(body: Body, name: str, *, path: str, community_id: str = "", org_id: str = "") -> str:
    """Attach an organisation to a node and return its id; raises NotFound `no_such_node`.

    With the `org_id` of one that exists it serves this node as well, under its own name.
    """
    node = node_at(path, community_id)
    known = Organisation.find(org_id) if org_id else None
    org_id = org_id or ids.new_id("org")
    serving = Attachment(
        node_key=tenant_key(node.scope, node.node_id),
        org_id=org_id,
        body=known.body if known else body.value,
        name=known.name if known else name,
        path=node.path,
    )
    new = () if known else (Organisation(org_id=org_id, body=body.value, name=name),)
    outbox.commit(serving, *new)
    return org_id


def detach(org_id: str, *, path: str, community_id: str = "") -> None:
    """End an organisation's service at a node; raises NotFound `no_such_organisation`."""
    node = node_at(path, community_id)
    serving = Attachment.find(tenant_key(node.scope, node.node_id), org_id)
    if serving is None:
        raise NotFound("no_such_organisation", "该机构不在此节点服务")
    outbox.commit(deletes=(serving,))


def bodies_at(path: str, community_id: str = "") -> list[Attachment]:
    """Return the organisations attached to a node; one read besides the node's."""
    node = node_at(path, community_id)
    return list(Attachment.query(tenant_key(node.scope, node.node_id), consistent_read=True))


def routes_to(community_id: str) -> list[rules.Answerer]:
    """Return who answers for an estate: its company, or the grid worker and the street.

    Two reads; raises NotFound `no_such_community`.
    """
    path = path_of(community_id)
    serving = Attachment.query(tenant_key(community_id, community_id), consistent_read=True)
    return rules.answerers(path, [Body(body.body) for body in serving])


def join_estates(name: str, paths: Sequence[str]) -> str:
    """Make a zone of several estates and return its id (片区共管).

    Raises NotFound `no_such_node`, Unprocessable `zone_size`, `zone_across_counties`,
    `estate_twice`, `wrong_level`.
    """
    if problem := rules.zone_problem(paths):
        raise Unprocessable(problem, "这些小区不能组成一个共管片区")
    for path in paths:
        if node_at(path).level != Level.ESTATE:
            raise _wrong_level()
    zone = Zone(
        scope=paths[0].split("/")[0], zone_id=ids.new_id("zone"), name=name, paths=list(paths)
    )
    outbox.commit(zone)
    return str(zone.zone_id)


def zone(scope: str, zone_id: str) -> Zone:
    """Return a zone of a county; raises NotFound `no_such_zone`."""
    found = Zone.find(scope, zone_id)
    if found is None:
        raise NotFound("no_such_zone", "没有找到该共管片区")
    return found


def _node(scope: str, node_id: str, level: Level, name: str, above: Node | None) -> Node:
    return Node(
        scope=scope,
        node_id=node_id,
        level=level.value,
        name=name,
        path=f"{above.path}/{node_id}" if above else node_id,
        parent_key=tenant_key(above.scope, above.node_id) if above else None,
    )


def _check_level(level: Level, above: Node | None) -> None:
    allowed = rules.PARENTS[level]
    if (above is None and allowed) or (above is not None and Level(above.level) not in allowed):
        raise _wrong_level()


def _wrong_level() -> Unprocessable:
    return Unprocessable("wrong_level", "该节点不能放在这一级")


def _below(row: Node | Unit) -> Below:
    if isinstance(row, Unit):
        return Below(row.unit_id, Level.ROOM.value, row.name, row.path or row.unit_id)
    return Below(row.node_id, row.level, row.name, row.path)
