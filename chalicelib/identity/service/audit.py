"""Staff look at a resident, masked and on the record; residents see who looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import audit, clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.privacy import FIELDS, SEES_CHILDREN, Reason, Sight, masked, sight
from chalicelib.identity.service import guardians
from chalicelib.identity.service.profiles import Profile, profile
from chalicelib.identity.service.sight import community_in_sight


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
class Look:
    """One look at the caller's data, as the caller sees it."""

    view_id: str
    subject_id: str
    viewer_id: str
    roles: list[str]
    org: str
    purpose: str
    ticket: str
    fields: list[str]
    at: datetime


@dataclass(frozen=True)
class Looks:
    """One page of looks, the newest first."""

    items: list[Look]
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
    if found is None:
        raise NotFound("no_such_person", "没有找到该人员")
    if _child(found) and SEES_CHILDREN.isdisjoint(caller.roles):
        raise Forbidden("child_needs_manager", "未满14周岁人员的信息仅物业经理可查看")
    shown = masked_for(caller.roles, found)
    view_id = audit.viewing(
        caller, person_id, purpose=purpose.value, ticket=ticket, fields=sorted(shown)
    )
    units = [home.unit_id for home in found.homes] if "units" in shown else None
    return ResidentView(
        person_id=person_id,
        name=shown.get("name"),
        phone=shown.get("phone"),
        id_number=shown.get("id_number"),
        unit_ids=units,
        view_id=view_id,
    )


def masked_for(roles: Sequence[str], found: Profile) -> dict[str, str | None]:
    """Return the fields that these roles see, masked where they must be."""
    seen = {field: sight(roles, field) for field in FIELDS}
    return {
        field: _shown(field, found.fields.get(field), how)
        for field, how in seen.items()
        if how is not Sight.HIDDEN
    }


def views(caller: Caller, person_id: str | None, *, limit: int, after: str | None) -> Looks:
    """Return who looked at the caller, or at a child of theirs, and why; the newest first."""
    subject = guardians.subject(caller, person_id)
    page = audit.views_of(caller.community_id, subject, limit=limit, after=after)
    return Looks([_look(row) for row in page.items], page.next)


def views_by(
    caller: Caller, viewer_id: str, community_id: str | None, *, limit: int, after: str | None
) -> Looks:
    """Return what one member of staff looked at, for the audit duty; the newest first.

    Looks that the subject does not see yet are among them. Raises NotFound
    `no_such_community`.
    """
    where = community_in_sight(caller, community_id)
    page = audit.views_by(where, viewer_id, limit=limit, after=after)
    return Looks([_look(row) for row in page.items], page.next)


def _child(found: Profile) -> bool:
    return any(home.tie == Tie.CHILD for home in found.homes)


def _shown(field: str, text: str | None, how: Sight) -> str | None:
    return masked(field, text) if text is not None and how is Sight.MASKED else text


def _look(row: audit.View) -> Look:
    return Look(
        view_id=row.view_id,
        subject_id=row.subject_id,
        viewer_id=row.viewer_id,
        roles=list(row.roles),
        org=row.org,
        purpose=row.purpose,
        ticket=row.ticket,
        fields=list(row.fields),
        at=clock.from_epoch_ms(int(row.at)),
    )
