"""How ties to flats begin and end: each with every right that comes with it, or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.core import clock, outbox, revocations
from chalicelib.core.errors import Forbidden, NotFound, Unprocessable
from chalicelib.core.retention import DAYS, Kept
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.events import ResidencyBegan, ResidencyEnded
from chalicelib.identity.rules import people as rules
from chalicelib.identity.rules.people import GUARDING, OWNING, BindingState, Decider, Tie
from chalicelib.identity.service import organisation, people
from chalicelib.identity.tables.audits import Deletion
from chalicelib.identity.tables.people import Binding, Person, Residency

MESSAGES: Final = {
    "guardian_required": "未满14周岁的儿童需要指定监护人",
    "guardian_only_for_children": "只有未满14周岁的儿童可以指定监护人",
    "unknown_guardian": "监护人必须是同一房屋的成年住户",
    "not_a_child": "该人员不是未满14周岁的儿童",
}

HOMELESS_FOR: Final = timedelta(days=DAYS[Kept.HOMELESS])
"""Who has had no home for so long is forgotten."""


@dataclass(frozen=True)
class Ended:
    """What ends ties of a person: rows to write and to delete, and the facts to announce."""

    rows: list[Row]
    deletes: list[Row]
    events: list[ResidencyEnded]


def move_in(
    community_id: str, unit_id: str, person_id: str, tie: Tie, *, guardian_id: str | None = None
) -> None:
    """Tie a person to a flat; a child under 14 has a guardian who lives there.

    Raises NotFound `no_such_unit`, Conflict if they are tied, and as `begun`.
    """
    at = clock.now()
    organisation.unit(community_id, unit_id)
    rows = begun(community_id, unit_id, person_id, tie, guardian_id=guardian_id)
    outbox.commit(*rows, events=(ResidencyBegan(community_id, unit_id, person_id, tie.value, at),))


def begun(
    community_id: str,
    unit_id: str,
    person_id: str,
    tie: Tie,
    *,
    guardian_id: str | None,
    decider: Decider = Decider.PROPERTY,
) -> list[Row]:
    """Return the rows of a new tie: a guardian's is written too, so that they cannot leave.

    The person's row is written, so that nobody is forgotten meanwhile. Raises Unprocessable
    `guardian_required`, `guardian_only_for_children`, `unknown_guardian`, `not_a_child`,
    Forbidden `property_decides`, NotFound `no_such_person` for who was forgotten.
    """
    rows: list[Row] = [tied(community_id, unit_id, person_id, tie, guardian_id=guardian_id)]
    if reason := rules.guardian_refusal(tie, guardian_id):
        raise Unprocessable(reason, MESSAGES[reason])
    if guardian_id is not None:
        guardian = people.tie_of(community_id, unit_id, guardian_id)
        if guardian is None or Tie(guardian.tie) not in GUARDING:
            raise Unprocessable("unknown_guardian", MESSAGES["unknown_guardian"])
        rows.append(guardian)
    person = Person.find(community_id, person_id)
    if tie is Tie.CHILD:
        require_child(community_id, person_id, person, decider)
    if person is not None:
        rows.append(_arriving(person))
    return rows


def tied(
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


def require_child(
    community_id: str, person_id: str, person: Person | None, decider: Decider
) -> None:
    """Let nobody be made another one's ward who is none (PIPL 31).

    Raises Unprocessable `not_a_child`, Forbidden `property_decides`.
    """
    at = clock.now()
    born = people.born(person) if person is not None else None
    alone = person is not None and person.account_key is not None
    alone = alone or any(Tie(tie.tie) in OWNING for tie in people.ties_of(community_id, person_id))
    reason = rules.child_refusal(born, rules.day_of(at), decider, acts_alone=alone)
    if reason == "property_decides":
        raise Forbidden(reason, "请联系物业核验儿童身份")
    if reason:
        raise Unprocessable(reason, MESSAGES[reason])


def _arriving(person: Person) -> Person:
    if person.forgotten_at:
        raise NotFound("no_such_person", "没有找到该人员")
    person.leaves(None)
    return person


def move_out(
    community_id: str, unit_id: str, person_id: str, *, at: datetime | None = None
) -> None:
    """End a person's tie to a flat and every right that came with it, in one transaction.

    Their sessions as a resident end too; a tie to another flat lets them sign in again. Who
    has no home left is forgotten after a while (`HOMELESS_FOR`). Raises NotFound
    `no_such_residency`, Unprocessable `guardian_of_child`, Conflict `lost_race`.
    """
    at = at or clock.now()
    leaving = people.tie_of(community_id, unit_id, person_id)
    if leaving is None:
        raise NotFound("no_such_residency", "该人员不住在此房屋")
    last = not people.homes_of(community_id, person_id, besides=unit_id)
    over = ended(community_id, [leaving], at, last_home=last)
    person = Person.find(community_id, person_id)
    outbox.commit(
        revocations.of_person(community_id, person_id, people.RESIDENT, at),
        *([_left(person, at, last_home=last)] if person is not None else []),
        *over.rows,
        deletes=over.deletes,
        events=over.events,
    )


def ended(community_id: str, ties: Iterable[Residency], at: datetime, *, last_home: bool) -> Ended:
    """Return what ends these ties of one person; raises Unprocessable `guardian_of_child`."""
    over = Ended([], [], [])
    for tie in ties:
        unit_id, person_id = tie.unit_id, tie.person_id
        home = people.residencies(community_id, unit_id)
        if any(other.guardian_id == person_id for other in home):
            raise Unprocessable("guardian_of_child", "请先为儿童更换监护人或办理迁出")
        bound = Binding.find(community_id, people.binding_id(community_id, unit_id, person_id))
        if bound is not None:
            bound.state = BindingState.ENDED.value
            bound.state_key = people.state_key(community_id, BindingState.ENDED)
            over.rows.append(bound)
        over.deletes.append(tie)
        fact = (community_id, unit_id, person_id, at)
        over.events.append(ResidencyEnded(*fact, tie=tie.tie, last_home=last_home))
    return over


def _left(person: Person, at: datetime, *, last_home: bool) -> Person:
    """Return the row of who left: without a home they are forgotten, at once if they asked."""
    if last_home:
        asked = Deletion.find(person.community_id, person.person_id)
        person.leaves(at if asked is not None else at + HOMELESS_FOR)
    return person
