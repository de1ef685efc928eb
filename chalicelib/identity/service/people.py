"""Use cases of people and flats: who they are, where they live, what they may answer for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chalicelib.core import clock, ids, outbox, revocations, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.permissions import PERMISSIONS
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.events import ResidencyBegan, ResidencyEnded
from chalicelib.identity.rules import people as rules
from chalicelib.identity.rules.people import ANSWERING, GUARDING, BindingState, Tie
from chalicelib.identity.service import organisation
from chalicelib.identity.service.visibility import existing, shown
from chalicelib.identity.tables.people import AppointmentRow, Binding, Person, Residency

RESIDENT: Final = "resident"

GUARDIAN_MESSAGES: Final = {
    "guardian_required": "未满14周岁的儿童需要指定监护人",
    "guardian_only_for_children": "只有未满14周岁的儿童可以指定监护人",
    "unknown_guardian": "监护人必须是同一房屋的成年住户",
}


@dataclass(frozen=True)
class Me:
    """The caller as we know them, and the flats that they speak for."""

    subject_id: str
    community_id: str
    audience: str
    roles: tuple[str, ...]
    unit_ids: list[str]


@dataclass(frozen=True)
class Appointment:
    """A role at a node of the tree, for an organisation or none."""

    role: str
    node_path: str
    org_id: str | None


def me(caller: Caller) -> Me:
    """Return the caller and, for a resident, their flats."""
    home = caller.audience == RESIDENT
    units = units_of(caller.community_id, caller.subject_id) if home else []
    return Me(caller.subject_id, caller.community_id, caller.audience, caller.roles, units)


def register_person(
    community_id: str, *, name: str, phone: str = "", id_number: str = "", person_id: str = ""
) -> str:
    """Register a person and return their id; raises Conflict if the id is taken."""
    person_id = person_id or ids.new_id("per")
    outbox.commit(*new_person(community_id, person_id, name=name, phone=phone, id_number=id_number))
    return person_id


def new_person(
    community_id: str, person_id: str, *, name: str = "", phone: str = "", id_number: str = ""
) -> list[Row]:
    """Return a person's rows, to be committed: the data key, and what it seals."""
    key = sealing.new_key(community_id, person_id)
    given = {"name": name, "phone": phone, "id_number": id_number}
    sealed: dict[str, Any] = {
        field: sealing.seal(community_id, person_id, field, text, key=key)
        for field, text in given.items()
        if text
    }
    person = Person(
        community_id=community_id,
        person_id=person_id,
        phone_index=sealing.index("phone", phone) if phone else None,
        id_index=sealing.index("id_number", id_number) if id_number else None,
        **sealed,
    )
    return [key, person]


def find_person(community_id: str, person_id: str) -> Person | None:
    """Return a person of a community, or None; not one whose import is under way."""
    return existing(Person.find(community_id, person_id))


def persons_by_phone(phone_index: str) -> list[Person]:
    """Return who has a phone number, of every community: keys only, one read of an index."""
    return list(shown(Person.by_phone.query(phone_index, limit=100)))


def move_in(
    community_id: str, unit_id: str, person_id: str, tie: Tie, *, guardian_id: str | None = None
) -> None:
    """Tie a person to a flat; a child under 14 has a guardian who lives there.

    Raises NotFound `no_such_unit`, Unprocessable `guardian_required`,
    `guardian_only_for_children`, `unknown_guardian`, Conflict if they are tied.
    """
    at = clock.now()
    organisation.unit(community_id, unit_id)
    rows = residency_rows(community_id, unit_id, person_id, tie, guardian_id=guardian_id)
    outbox.commit(*rows, events=(ResidencyBegan(community_id, unit_id, person_id, tie.value, at),))


def residency_rows(
    community_id: str, unit_id: str, person_id: str, tie: Tie, *, guardian_id: str | None
) -> list[Residency]:
    """Return the rows of a new tie: a guardian's is written too, so that they cannot leave.

    Raises Unprocessable as `move_in`.
    """
    rows = [new_residency(community_id, unit_id, person_id, tie, guardian_id=guardian_id)]
    if reason := rules.guardian_refusal(tie, guardian_id):
        raise Unprocessable(reason, GUARDIAN_MESSAGES[reason])
    if guardian_id is not None:
        guardian = tie_of(community_id, unit_id, guardian_id)
        if guardian is None or Tie(guardian.tie) not in GUARDING:
            raise Unprocessable("unknown_guardian", GUARDIAN_MESSAGES["unknown_guardian"])
        rows.append(guardian)
    return rows


def new_residency(
    community_id: str, unit_id: str, person_id: str, tie: Tie, *, guardian_id: str | None
) -> Residency:
    """Return the row that ties a person to a flat."""
    return Residency(
        unit_key=tenant_key(community_id, unit_id),
        person_id=person_id,
        person_key=tenant_key(community_id, person_id),
        community_id=community_id,
        unit_id=unit_id,
        tie=tie.value,
        guardian_id=guardian_id,
    )


def move_out(
    community_id: str, unit_id: str, person_id: str, *, at: datetime | None = None
) -> None:
    """End a person's tie to a flat and every right that came with it, in one transaction.

    Their sessions as a resident end too; a tie to another flat lets them sign in again.
    Raises NotFound `no_such_residency`, Unprocessable `guardian_of_child`, Conflict
    `lost_race`.
    """
    at = at or clock.now()
    home = {tie.person_id: tie for tie in residencies(community_id, unit_id)}
    leaving = home.get(person_id)
    if leaving is None:
        raise NotFound("no_such_residency", "该人员不住在此房屋")
    if any(tie.guardian_id == person_id for tie in home.values()):
        raise Unprocessable("guardian_of_child", "请先为儿童更换监护人或办理迁出")
    bound = Binding.find(community_id, binding_id(community_id, unit_id, person_id))
    outbox.commit(
        revocations.of_person(community_id, person_id, RESIDENT, at),
        *([_ended(bound)] if bound else []),
        deletes=(leaving,),
        events=(ResidencyEnded(community_id, unit_id, person_id, at),),
    )


def _ended(bound: Binding) -> Binding:
    bound.state = BindingState.ENDED.value
    bound.state_key = state_key(bound.community_id, BindingState.ENDED)
    return bound


def binding_id(community_id: str, unit_id: str, person_id: str) -> str:
    """Return the id of the one binding of a person to a flat."""
    return ids.derived("bind", community_id, unit_id, person_id)


def state_key(community_id: str, state: BindingState) -> str:
    """Return the index key of a community's bindings in a state: tenant first."""
    return tenant_key(community_id, state.value)


def tie_of(community_id: str, unit_id: str, person_id: str) -> Residency | None:
    """Return a person's tie to a flat, or None; one read, consistent."""
    return existing(Residency.find(tenant_key(community_id, unit_id), person_id))


def residencies(community_id: str, unit_id: str) -> list[Residency]:
    """Return who is tied to a flat; one read, consistent."""
    return list(shown(Residency.query(tenant_key(community_id, unit_id), consistent_read=True)))


def ties_of(community_id: str, person_id: str) -> list[Residency]:
    """Return the flats that a person is tied to; one read of an index."""
    return list(shown(Residency.by_person.query(tenant_key(community_id, person_id))))


def answerers(community_id: str, unit_id: str) -> list[str]:
    """Return the adults of a flat, who may answer for it; one read, consistent."""
    ties = residencies(community_id, unit_id)
    return [tie.person_id for tie in ties if Tie(tie.tie) in ANSWERING]


def units_of(community_id: str, person_id: str) -> list[str]:
    """Return the ids of the flats that a person speaks for."""
    ties = ties_of(community_id, person_id)
    return [tie.unit_id for tie in ties if Tie(tie.tie) in ANSWERING]


def appointment_rows(
    person_id: str, role: str, paths: Sequence[str], *, org_id: str = "", zone_id: str = ""
) -> list[Row]:
    """Return the rows of a role at these nodes (several: the estates of a zone).

    Raises Unprocessable `no_such_role`.
    """
    if role not in PERMISSIONS or role == RESIDENT:
        raise Unprocessable("no_such_role", "没有这个岗位")
    return [
        AppointmentRow(
            person_id=person_id,
            post=f"{role}#{path.rpartition('/')[2]}",
            role=role,
            node_path=path,
            org_id=org_id or None,
            zone_id=zone_id or None,
        )
        for path in paths
    ]


def dismiss(person_id: str, role: str, node_path: str) -> None:
    """End a role at a node; raises NotFound `no_such_appointment`.

    The rights end with the tokens' next turn, within 15 minutes; `sessions` ends them now.
    """
    row = AppointmentRow.find(person_id, f"{role}#{node_path.rpartition('/')[2]}")
    if row is None or row.node_path != node_path:
        raise NotFound("no_such_appointment", "没有找到该任职")
    outbox.commit(deletes=(row,))


def appointments_of(person_id: str) -> list[Appointment]:
    """Return every role of a person and where it is held; one read, consistent."""
    rows = AppointmentRow.query(person_id, consistent_read=True)
    return [Appointment(row.role, row.node_path, row.org_id) for row in rows]


def holders(role: str, node_path: str) -> list[str]:
    """Return the ids of those who hold a role at a node; one read of an index."""
    posts = AppointmentRow.at_node.query(node_path, AppointmentRow.post.startswith(f"{role}#"))
    return [row.person_id for row in posts]


def refuse_if_tied(community_id: str, unit_id: str, person_id: str) -> None:
    """Raise Conflict `already_bound` if a person is tied to a flat."""
    if tie_of(community_id, unit_id, person_id) is not None:
        raise Conflict("already_bound", "您已绑定该房屋")
