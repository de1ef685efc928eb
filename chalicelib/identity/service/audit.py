"""Staff look at a resident, masked and on the record; residents see who looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.core import audit, clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.identity.rules.people import Tie, day_of, is_child
from chalicelib.identity.rules.privacy import FIELDS, SEES_CHILDREN, Reason, Sight, masked
from chalicelib.identity.rules.privacy import sight as sight_of
from chalicelib.identity.service import guardians, names, people, sight
from chalicelib.identity.service.profiles import Profile, profile

AGE = "under_14"
"""What a refused look at a child has told."""


@dataclass(frozen=True)
class ResidentView:
    """A resident as one member of staff may see them; what they may not see is null."""

    person_id: str
    name: str | None
    phone: str | None
    id_number: str | None
    unit_ids: list[str] | None
    view_id: str


@dataclass(frozen=True)
class TieView:
    """Who is tied to a flat, by a name that is masked for the caller's roles."""

    person_id: str
    name: str | None
    tie: Tie
    guardian_id: str | None


@dataclass(frozen=True)
class UnitResidents:
    """Who lives in a flat; `withheld` were too many people for this hour."""

    items: list[TieView]
    withheld: int


@dataclass(frozen=True)
class LookView:
    """A look that is on record, and who looked: by name, while that is kept."""

    view_id: str
    subject_id: str
    viewer_id: str
    viewer_name: str | None
    roles: list[str]
    org: str
    purpose: str
    ticket: str
    fields: list[str]
    at: datetime


@dataclass(frozen=True)
class LookPage:
    """One page of looks, the newest first."""

    items: list[LookView]
    next: str | None


def resident(
    caller: Caller, person_id: str, *, purpose: Reason | None, ticket: str
) -> ResidentView:
    """Return a resident, masked for the caller's roles, after the look is on record.

    Raises Forbidden `ticket_required`, `child_needs_manager`, NotFound `no_such_person`,
    `person_forgotten`, TooMany `too_many_subjects`, Unavailable `audit_unavailable`.
    """
    if purpose is None or not ticket:
        raise Forbidden("ticket_required", "查看个人信息须填写工单号和事由")
    found = profile(caller.community_id, person_id)
    if found is None or not sight.sees_one_of(caller, (home.unit_id for home in found.homes)):
        raise NotFound("no_such_person", "没有找到该人员")
    not_theirs = _child(found) and SEES_CHILDREN.isdisjoint(caller.roles)
    shown = {} if not_theirs else masked_for(caller.roles, found)
    view_id = audit.viewing(
        caller, person_id, purpose=purpose.value, ticket=ticket, fields=sorted(shown) or [AGE]
    )
    if not_theirs:  # which says that they are under 14, and is on record as such
        raise Forbidden("child_needs_manager", "未满14周岁人员的信息仅物业经理可查看")
    units = [home.unit_id for home in found.homes] if "units" in shown else None
    return ResidentView(
        person_id=person_id,
        name=shown.get("name"),
        phone=shown.get("phone"),
        id_number=shown.get("id_number"),
        unit_ids=units,
        view_id=view_id,
    )


def unit_residents(
    caller: Caller, unit_id: str, *, purpose: Reason | None, ticket: str
) -> UnitResidents:
    """Return who lives in a flat, after a look at each is on record; children for managers alone.

    Raises Forbidden `ticket_required`, NotFound `no_such_unit`, Unavailable `audit_unavailable`.
    """
    if purpose is None or not ticket:
        raise Forbidden("ticket_required", "查看个人信息须填写工单号和事由")
    community_id = sight.unit_in_sight(caller, unit_id).community_id
    sees_children = not SEES_CHILDREN.isdisjoint(caller.roles)
    ties = people.residencies(community_id, unit_id)
    ties = [tie for tie in ties if sees_children or tie.tie != Tie.CHILD]
    known = names.of_people((community_id, tie.person_id) for tie in ties)
    how = sight_of(caller.roles, "name")
    fields = ["units"] if how is Sight.HIDDEN else ["name", "units"]
    looks = [audit.Look(community_id, tie.person_id, purpose.value, ticket, fields) for tie in ties]
    views = audit.viewing_all(caller, looks)
    items = [
        TieView(
            tie.person_id,
            _shown("name", known.get((community_id, tie.person_id)), how),
            Tie(tie.tie),
            tie.guardian_id,
        )
        for tie, view_id in zip(ties, views, strict=True)
        if view_id
    ]
    return UnitResidents(items, len(ties) - len(items))


def names_for(caller: Caller, person_ids: Sequence[str]) -> dict[str, str | None]:
    """Return what a caller of the company may call these people: their names, masked for them.

    Who may not be named at all is left out: a child under 14, unless to a manager (LAW.md P6).
    Put the looks on record before it goes out. Two reads, and one for each person to whom
    a child is not to be shown.
    """
    how = sight_of(caller.roles, "name")
    sees_children = not SEES_CHILDREN.isdisjoint(caller.roles)
    shown = [
        one
        for one in person_ids
        if sees_children or not guardians.is_ward(caller.community_id, one)
    ]
    known = names.of_people((caller.community_id, one) for one in shown)
    return {one: _shown("name", known.get((caller.community_id, one)), how) for one in shown}


def masked_for(roles: Sequence[str], found: Profile) -> dict[str, str | None]:
    """Return the fields that these roles see, masked where they must be."""
    seen = {field: sight_of(roles, field) for field in FIELDS}
    return {
        field: _shown(field, found.fields.get(field), how)
        for field, how in seen.items()
        if how is not Sight.HIDDEN
    }


def views(caller: Caller, person_id: str | None, *, limit: int, after: str | None) -> LookPage:
    """Return who looked at the caller, or at a child of theirs, and why; the newest first."""
    subject = guardians.subject(caller, person_id)
    page = audit.views_of(caller.community_id, subject, limit=limit, after=after)
    return LookPage(told(page.items), page.next)


def views_by(
    caller: Caller, viewer_id: str, community_id: str, *, limit: int, after: str | None
) -> LookPage:
    """Return what one member of staff looked at, for the audit duty; the newest first.

    Looks that the subject does not see yet are among them. Raises NotFound
    `no_such_community`.
    """
    where = sight.community_in_sight(caller, community_id)
    page = audit.views_by(where, viewer_id, limit=limit, after=after)
    return LookPage(told(page.items), page.next)


def _child(found: Profile) -> bool:
    """Return whether somebody is tied as a child, and not known to be 14 by now."""
    born = found.fields.get("born")
    grown = bool(born) and not is_child(date.fromisoformat(str(born)), day_of(clock.now()))
    return not grown and any(home.tie == Tie.CHILD for home in found.homes)


def _shown(field: str, text: str | None, how: Sight) -> str | None:
    if text is None or how is Sight.HIDDEN:
        return None
    return masked(field, text) if how is Sight.MASKED else text


def told(rows: Sequence[audit.View]) -> list[LookView]:
    """Return looks with the names of who looked, and of the body or place they acted for."""
    staff = names.of_people((row.viewer_tenant, row.viewer_id) for row in rows)
    bodies = names.of_bodies(row.org_id for row in rows if row.org_id)
    nodes = names.of_nodes(row.node_path for row in rows if not row.org_id)
    return [
        LookView(
            view_id=row.view_id,
            subject_id=row.subject_id,
            viewer_id=row.viewer_id,
            viewer_name=staff.get((row.viewer_tenant, row.viewer_id)),
            roles=list(row.roles),
            org=bodies.get(row.org_id or "") or nodes.get(row.node_path) or row.node_path,
            purpose=row.purpose,
            ticket=row.ticket,
            fields=list(row.fields),
            at=clock.from_epoch_ms(int(row.at)),
        )
        for row in rows
    ]
