"""Use cases of identity: the estate, its flats, and who may speak for a flat."""

from dataclasses import dataclass

from chalicelib.core import outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.core.table import tenant_key
from chalicelib.identity import rules
from chalicelib.identity.tables import Community, Residency, Unit


@dataclass(frozen=True)
class Me:
    """The caller as we know them, and the flats that they speak for."""

    subject_id: str
    community_id: str
    audience: str
    roles: tuple[str, ...]
    unit_ids: list[str]


@dataclass(frozen=True)
class Estate:
    """An estate (小区) and the time zone that its days are counted in."""

    community_id: str
    name: str
    zone: str


def found_community(community_id: str, name: str) -> None:
    """Register an estate; raises Conflict if it exists."""
    outbox.commit(Community(community_id=community_id, name=name))


def add_unit(community_id: str, unit_id: str, name: str) -> None:
    """Register a flat; raises Conflict if it exists."""
    outbox.commit(Unit(community_id=community_id, unit_id=unit_id, name=name))


def move_in(community_id: str, unit_id: str, person_id: str, tie: rules.Tie) -> None:
    """Tie a person to a flat; raises NotFound `no_such_unit`, Conflict if they are tied."""
    if Unit.find(community_id, unit_id) is None:
        raise NotFound("no_such_unit", "没有找到该房屋")
    outbox.commit(
        Residency(
            unit_key=tenant_key(community_id, unit_id),
            person_id=person_id,
            person_key=tenant_key(community_id, person_id),
            community_id=community_id,
            unit_id=unit_id,
            tie=tie.value,
        )
    )


def community(community_id: str) -> Estate:
    """Return an estate; raises NotFound `no_such_community`."""
    found = Community.find(community_id)
    if found is None:
        raise NotFound("no_such_community", "没有找到该小区")
    return Estate(found.community_id, found.name, found.zone)


def answerers(community_id: str, unit_id: str) -> list[str]:
    """Return the adults of a flat, who may answer for it; one read, consistent."""
    ties = Residency.query(tenant_key(community_id, unit_id), consistent_read=True)
    return [tie.person_id for tie in ties if rules.Tie(tie.tie) in rules.ANSWERING]


def units_of(community_id: str, person_id: str) -> list[str]:
    """Return the ids of the flats that a person speaks for."""
    ties = Residency.by_person.query(tenant_key(community_id, person_id))
    return [tie.unit_id for tie in ties if rules.Tie(tie.tie) in rules.ANSWERING]


def me(caller: Caller) -> Me:
    """Return the caller and, for a resident, their flats."""
    home = caller.audience == "resident"
    units = units_of(caller.community_id, caller.subject_id) if home else []
    return Me(caller.subject_id, caller.community_id, caller.audience, caller.roles, units)
