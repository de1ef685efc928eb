"""What a caller may see and change of the tree: their own node's subtree, and nothing beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.core import outbox, paths
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.identity.rules import organisation as rules
from chalicelib.identity.rules.acts import Act
from chalicelib.identity.rules.organisation import Body, Level
from chalicelib.identity.service import acts, bodies, organisation, sight, zones
from chalicelib.identity.tables.organisation import Unit


@dataclass(frozen=True)
class Estate:
    """An estate (小区) and the time zone that its days are counted in."""

    community_id: str
    name: str
    zone: str


@dataclass(frozen=True)
class Answerers:
    """Who answers for an estate."""

    items: list[rules.Answerer]


@dataclass(frozen=True)
class Planted:
    """A node that was made."""

    path: str


@dataclass(frozen=True)
class Bodies:
    """The bodies that serve a node."""

    items: list[bodies.Serving]


@dataclass(frozen=True)
class UnitView:
    """A flat; `area` in 0.01 m²."""

    unit_id: str
    name: str
    path: str | None
    building: str | None
    entrance: str | None
    room: str | None
    area: int | None


def estate(caller: Caller) -> Estate:
    """Return the caller's estate; raises NotFound `no_such_community`."""
    found = organisation.community(caller.community_id)
    return Estate(found.community_id, found.name, found.zone)


def children(
    caller: Caller, under: str | None, *, limit: int, after: str | None
) -> organisation.Children:
    """Return one page of what stands under a node of the caller's subtree.

    Raises NotFound `no_such_node` for what is beside it (404, as if it were not there).
    """
    path = _seen(caller, under or _own_path(caller))
    node = organisation.node_at(path, paths.community_in(path) or caller.community_id)
    return organisation.children(node, limit=limit, after=after)


def estates(under: str | None, *, limit: int, after: str | None) -> organisation.Children:
    """Return one page of counties, or of what stands under one, down to the estates.

    For whoever is to choose their estate and is nobody yet: public names, and no building.
    Raises NotFound `no_such_node`.
    """
    node = organisation.node_of(under) if under else None
    if node is not None and Level(node.level) not in rules.ABOVE_ESTATES:
        raise NotFound(*organisation.NO_SUCH_NODE)
    return organisation.children(node, limit=limit, after=after)


def plant(caller: Caller, level: Level, name: str, *, parent: str) -> Planted:
    """Register a node or an estate below the caller's; raises as `organisation.node_rows`."""
    node, *more = organisation.node_rows(level, name, parent=_seen(caller, parent))
    planted = Planted(node.path)
    act = acts.of(caller, Act.PLANTED, node.path)
    outbox.commit(node, *more, act, answer=planted)
    return planted


def join_estates(caller: Caller, name: str, paths: Sequence[str]) -> zones.ZoneView:
    """Make a zone of estates below the caller's node; raises as `zones.join`."""
    for path in paths:
        _seen(caller, path)
    act = acts.of(caller, Act.JOINED, caller.node_path)
    return zones.join(name, paths, also=(act,))


def attach(
    caller: Caller, body: Body, name: str, *, path: str, org_id: str | None
) -> bodies.Serving:
    """Attach a new body, or one that serves elsewhere, to a node below the caller's.

    Raises NotFound `no_such_organisation` and as `bodies.attach`.
    """
    _seen(caller, path)
    if org_id and not bodies.exists(org_id):
        raise NotFound("no_such_organisation", "没有找到该机构")
    act = acts.of(caller, Act.ATTACHED, path, org_id=org_id or "")
    return bodies.attach(body, name, path=path, org_id=org_id or "", also=(act,))


def detach(caller: Caller, org_id: str, *, path: str) -> bodies.Serving:
    """End a body's service at a node below the caller's; raises as `bodies.detach`."""
    act = acts.of(caller, Act.DETACHED, _seen(caller, path), org_id=org_id)
    return bodies.detach(org_id, path=path, also=(act,))


def bodies_at(caller: Caller, path: str) -> Bodies:
    """Return the bodies that are attached to a node of the caller's subtree."""
    return Bodies(bodies.at(_seen(caller, path)))


def answerers(caller: Caller, community_id: str) -> Answerers:
    """Return who answers for an estate below the caller's node; else NotFound."""
    return Answerers(bodies.routes_to(sight.community_in_sight(caller, community_id)))


def add_unit(caller: Caller, at: organisation.Place) -> UnitView:
    """Register a flat of the caller's estate; raises as `organisation.add_unit`."""
    community_id = sight.require_whole_estate(caller)
    unit_id = organisation.unit_id_at(community_id, at.building, at.entrance, at.room)
    name = f"{at.building}{at.entrance}{at.room}"
    organisation.add_unit(community_id, unit_id, name, at=at)
    return _view(organisation.unit(community_id, unit_id))


def unit(caller: Caller, unit_id: str) -> UnitView:
    """Return a flat in the caller's sight; raises NotFound `no_such_unit`.

    Who lives there is a look at personal data: `audit.unit_residents`.
    """
    return _view(sight.unit_in_sight(caller, unit_id))


def _view(row: Unit) -> UnitView:
    area = int(row.area) if row.area is not None else None
    return UnitView(row.unit_id, row.name, row.path, row.building, row.entrance, row.room, area)


def _own_path(caller: Caller) -> str:
    return caller.node_path or organisation.path_of(caller.community_id)


def _seen(caller: Caller, path: str) -> str:
    """Return a path of the caller's subtree; raises NotFound `no_such_node`."""
    if not paths.within(path, _own_path(caller)):
        raise NotFound(*organisation.NO_SUCH_NODE)
    return path
