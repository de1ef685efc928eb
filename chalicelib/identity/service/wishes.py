"""Use case of a wish: somebody asks to be tied to a flat, by name and with evidence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.core import clock, media, outbox, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity.events import BindingRequested
from chalicelib.identity.rules import people as rules
from chalicelib.identity.rules.people import BindingState, Decider, Tie
from chalicelib.identity.service import bindings, moves, organisation, people
from chalicelib.identity.service.bindings import BindingView
from chalicelib.identity.tables.people import Binding, Person

WISHES: Final = Budget(10, 600)
"""Of one who asks, for themselves or a child."""

_MESSAGES: Final = {**moves.MESSAGES, "evidence_required": "请上传产权证或租赁合同"}


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: a tie to a flat, with evidence and a child's guardian.

    `name` is who is to live there, needed of whom nobody knows by name yet.
    """

    unit_id: str
    tie: Tie
    name: str | None = None
    evidence_key: str | None = None
    guardian_id: str | None = None
    for_person: str | None = None


def request(caller: Caller, wish: Wish, *, at: datetime | None = None) -> BindingView:
    """Wish to be tied to a flat; nothing is granted before somebody else decides.

    A guardian asks `for_person`, their child, who is registered already. Raises NotFound
    `no_such_unit`, `no_such_person`, Unprocessable `evidence_required`, `evidence_missing`,
    `guardian_required`, `guardian_only_for_children`, `not_a_child`, `name_required`,
    `name_differs`, `too_many_bindings`, TooMany, Conflict `already_bound`, `already_pending`.
    """
    at, community_id = at or clock.now(), caller.community_id
    person, guardian_id = _who(caller, wish)
    person_id = person.person_id
    if reason := rules.wish_refusal(wish.tie, wish.evidence_key, guardian_id):
        raise Unprocessable(reason, _MESSAGES[reason])
    _require_uploaded(caller, wish.evidence_key)
    organisation.unit(community_id, wish.unit_id)
    people.refuse_if_tied(community_id, wish.unit_id, person_id)
    row = _wished(community_id, person_id, wish)
    _refuse_guessing(community_id, caller.subject_id)
    row.tie, row.guardian_id, row.evidence_key = wish.tie.value, guardian_id, wish.evidence_key
    row.asked_at = clock.epoch_ms(at)
    row.decided_at = row.decided_by = row.reason = None
    bindings.turn(row, BindingState.PENDING)
    asked = BindingRequested(
        community_id, row.binding_id, wish.unit_id, person_id, wish.tie.value, at
    )
    shown = bindings.view(row)
    outbox.commit(row, *_named(person, wish.name), events=(asked,), answer=shown)
    return shown


def _who(caller: Caller, wish: Wish) -> tuple[Person, str | None]:
    """Return who is to live there, and their guardian: whoever asks for a child."""
    own = wish.for_person in (None, caller.subject_id)
    person = people.person_of(caller.community_id, wish.for_person or caller.subject_id)
    if not own and wish.tie is not Tie.CHILD:
        raise NotFound("no_such_person", "没有找到该人员")
    if wish.tie is Tie.CHILD:
        moves.require_child(person.community_id, person.person_id, person, Decider.PROPERTY)
    return person, wish.guardian_id if own else caller.subject_id


def _require_uploaded(caller: Caller, key: str | None) -> None:
    """Refuse evidence that the caller did not upload, or that is gone already."""
    own = key is None or rules.is_evidence_of(caller.subject_id, caller.community_id, key)
    if key is not None and not (own and media.is_there(key)):
        raise Unprocessable("evidence_missing", "没有找到已上传的证明材料，请重新上传")


def _named(person: Person, name: str | None) -> list[Person]:
    """Return the row to write of who had no name yet; a name that is known stands."""
    known = people.opened(person, "name")
    if known and name not in (None, known):
        raise Unprocessable("name_differs", "姓名与登记不一致，如需更正请联系物业")
    if not (known or name):
        raise Unprocessable("name_required", "请填写入住人的真实姓名")
    if known or name is None:
        return []
    people.seal(person, {"name": name}, sealing.key_of(person.community_id, person.person_id))
    return [person]


def _wished(community_id: str, person_id: str, wish: Wish) -> Binding:
    binding_id = people.binding_id(community_id, wish.unit_id, person_id)
    row = Binding.find(community_id, binding_id)
    if row is not None and row.state == BindingState.PENDING:
        raise Conflict("already_pending", "您的绑定申请正在审核中")
    return row or Binding(
        community_id=community_id,
        binding_id=binding_id,
        unit_id=wish.unit_id,
        unit_key=tenant_key(community_id, wish.unit_id),
        person_id=person_id,
    )


def _refuse_guessing(community_id: str, person_id: str) -> None:
    """Let nobody try flat after flat; the budget counts those who are asked for at one time."""
    key = tenant_key(community_id, person_id)
    WISHES.charge(key)
    waiting = Binding.by_person.count(key, filter_condition=Binding.state == BindingState.PENDING)
    if waiting >= rules.MOST_WISHES:
        raise Unprocessable("too_many_bindings", "待审核的绑定申请过多")
