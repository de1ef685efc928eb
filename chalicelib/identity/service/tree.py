"""What a caller may see and change of the tree: their own node's subtree, and nothing beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.core import ids
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.identity.rules import organisation as rules
from chalicelib.identity.rules.organisation import Body, Level
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import organisation, people
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
class TieView:
    """Who is tied to a flat, by id."""

    person_id: str
    tie: Tie
    guardian_id: str | None


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
    ties: list[TieView]


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
    community_id = caller.community_id or _estate_of(path)
    node = organisation.node_at(path, community_id if _in_estate(path, community_id) else "")
    return organisation.children(node, limit=limit, after=after)


def plant(caller: Caller, level: Level, name: str, *, parent: str) -> str:
    """Register a node, or an estate, below the caller's; raises as `organisation.plant`."""
    _seen(caller, parent)
    if level is not Level.ESTATE:
        return organisation.plant(level, name, parent=parent)
    community_id = ids.new_id("com")
    organisation.found_community(community_id, name, parent=parent)
    return f"{parent}/{community_id}"


def join_estates(caller: Caller, name: str, paths: Sequence[str]) -> str:
    """Make a zone of estates below the caller's node; raises as `organisation.join_estates`."""
    for path in paths:
        _seen(caller, path)
    return organisation.join_estates(name, paths)


def attach(caller: Caller, body: Body, name: str, *, path: str) -> str:
    """Attach an organisation to a node below the caller's; raises as `organisation.attach`."""
    return organisation.attach(body, name, path=_seen(caller, path))


def answerers(caller: Caller, community_id: str) -> Answerers:
    """Return who answers for an estate below the caller's node; else NotFound."""
    if not caller.sees(organisation.path_of(community_id)):
        raise NotFound("no_such_community", "没有找到该小区")
    return Answerers(organisation.routes_to(community_id))


def add_unit(caller: Caller, at: organisation.Place) -> UnitView:
    """Register a flat of the caller's estate; raises as `organisation.add_unit`."""
    unit_id = organisation.unit_id_at(caller.community_id, at.building, at.entrance, at.room)
    name = f"{at.building}{at.entrance}{at.room}"
    organisation.add_unit(caller.community_id, unit_id, name, at=at)
    return _view(organisation.unit(caller.community_id, unit_id), ())


def unit(caller: Caller, unit_id: str) -> UnitView:
    """Return a flat of the caller's estate; raises NotFound `no_such_unit`.

    Staff who are appointed to a building see that building's flats.
    """
    row = organisation.unit(caller.community_id, unit_id)
    if caller.node_path and row.path and not caller.sees(row.path):
        raise NotFound("no_such_unit", "没有找到该房屋")
    ties = people.residencies(caller.community_id, unit_id)
    return _view(row, [TieView(tie.person_id, Tie(tie.tie), tie.guardian_id) for tie in ties])


def _view(row: Unit, ties: Sequence[TieView]) -> UnitView:
    area = int(row.area) if row.area is not None else None
    return UnitView(
        row.unit_id, row.name, row.path, row.building, row.entrance, row.room, area, list(ties)
    )


def _own_path(caller: Caller) -> str:
    return caller.node_path or organisation.path_of(caller.community_id)


def _seen(caller: Caller, path: str) -> str:
    """Return a path of the caller's subtree; raises NotFound `no_such_node`."""
    if not rules.within(path, _own_path(caller)):
        raise NotFound(*organisation.NO_SUCH_NODE)
    return path


def _in_estate(path: str, community_id: str) -> bool:
    return bool(community_id) and community_id in path.split("/")


def _estate_of(path: str) -> str:
    """Return the estate at or above a node, seen by an officer; empty above estates."""
    for one in reversed(rules.upward(path)):
        node_id = one.rpartition("/")[2]
        if organisation.is_estate(node_id, one):
            return node_id
    return ""
