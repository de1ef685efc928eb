"""Use cases of bindings: somebody wishes to be tied to a flat, its owner or the company decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.core import clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity.events import BindingDecided, BindingRequested, ResidencyBegan
from chalicelib.identity.rules import people as rules
from chalicelib.identity.rules.people import OWNING, BindingState, Decider, Tie
from chalicelib.identity.service import organisation, people
from chalicelib.identity.tables.people import Binding, Residency

_MESSAGES: Final = {**people.GUARDIAN_MESSAGES, "evidence_required": "请上传产权证或租赁合同"}


@dataclass(frozen=True)
class BindingView:
    """A wish to be tied to a flat, and what became of it."""

    binding_id: str
    unit_id: str
    person_id: str
    tie: Tie
    guardian_id: str | None
    state: BindingState
    evidence_key: str | None
    asked_at: datetime
    decided_at: datetime | None
    reason: str | None


@dataclass(frozen=True)
class Bindings:
    """One page of bindings, the newest first."""

    items: list[BindingView]
    next: str | None = None


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: a tie to a flat, with evidence and a child's guardian."""

    unit_id: str
    tie: Tie
    evidence_key: str | None = None
    guardian_id: str | None = None
    for_person: str | None = None


def request(caller: Caller, wish: Wish, *, at: datetime | None = None) -> BindingView:
    """Wish to be tied to a flat; nothing is granted before somebody else decides.

    A guardian asks `for_person`, their child, who is registered already. Raises NotFound
    `no_such_unit`, Unprocessable `evidence_required`, `guardian_required`,
    `guardian_only_for_children`, `too_many_bindings`, Conflict `already_bound`,
    `already_pending`.
    """
    at, community_id = at or clock.now(), caller.community_id
    person_id, guardian_id = _who(caller, wish)
    if reason := rules.wish_refusal(wish.tie, wish.evidence_key, guardian_id):
        raise Unprocessable(reason, _MESSAGES[reason])
    organisation.unit(community_id, wish.unit_id)
    people.refuse_if_tied(community_id, wish.unit_id, person_id)
    row = _wished(community_id, person_id, wish)
    _refuse_guessing(community_id, caller.subject_id)
    row.tie, row.guardian_id, row.evidence_key = wish.tie.value, guardian_id, wish.evidence_key
    row.asked_at = clock.epoch_ms(at)
    row.decided_at = row.decided_by = row.reason = None
    _turn(row, BindingState.PENDING)
    asked = BindingRequested(
        community_id, row.binding_id, wish.unit_id, person_id, wish.tie.value, at
    )
    shown = view(row)
    outbox.commit(row, events=(asked,), answer=shown)
    return shown


def _who(caller: Caller, wish: Wish) -> tuple[str, str | None]:
    """Return who is to live there, and their guardian: whoever asks for a child."""
    if wish.for_person in (None, caller.subject_id):
        return caller.subject_id, wish.guardian_id
    known = people.find_person(caller.community_id, str(wish.for_person))
    if known is None or wish.tie is not Tie.CHILD:
        raise NotFound("no_such_person", "没有找到该人员")
    return known.person_id, caller.subject_id


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
    waiting = [
        row
        for row in Binding.by_person.query(tenant_key(community_id, person_id), limit=100)
        if row.state == BindingState.PENDING
    ]
    if len(waiting) >= rules.MOST_WISHES:
        raise Unprocessable("too_many_bindings", "待审核的绑定申请过多")


def mine(caller: Caller) -> Bindings:
    """Return the caller's own bindings."""
    key = tenant_key(caller.community_id, caller.subject_id)
    return Bindings(_views(Binding.by_person.query(key, limit=100)))


def at_unit(caller: Caller, unit_id: str) -> Bindings:
    """Return what waits for the owner of a flat; raises NotFound unless the caller is that."""
    _own_tie(caller, unit_id)
    rows = Binding.by_unit.query(
        tenant_key(caller.community_id, unit_id),
        filter_condition=Binding.state == BindingState.PENDING.value,
        limit=100,
    )
    return Bindings(_views(rows))


def waiting(community_id: str, *, limit: int, after: str | None) -> Bindings:
    """Return one page of what waits in a community, the oldest first."""
    listing = f"bindings/{community_id}"
    page = Binding.by_state.query(
        people.state_key(community_id, BindingState.PENDING),
        limit=limit,
        last_evaluated_key=cursor.unseal(after, listing=listing),
    )
    items = _views(page)
    return Bindings(items, cursor.seal(page.last_evaluated_key, listing=listing))


def decide_as_owner(
    caller: Caller, binding_id: str, *, approve: bool, reason: str = ""
) -> BindingView:
    """Decide on who is to live in one's own flat; the register decides who owns it.

    Raises NotFound `no_such_binding` for another's flat, Forbidden `property_decides`,
    and as `_decide`.
    """
    row = _find(caller.community_id, binding_id)
    own = people.tie_of(caller.community_id, row.unit_id, caller.subject_id)
    if own is None or Tie(own.tie) not in OWNING:
        raise _no_such_binding()
    if not rules.may_decide(Decider.OWNER, Tie(row.tie)):
        raise Forbidden("property_decides", "产权关系由物业核验后确认")
    return _decide(row, caller, approve=approve, reason=reason, by_right_of=own)


def decide_as_property(
    caller: Caller, binding_id: str, *, approve: bool, reason: str = ""
) -> BindingView:
    """Decide on a binding for the company, on the evidence; raises as `_decide`."""
    row = _find(caller.community_id, binding_id)
    return _decide(row, caller, approve=approve, reason=reason)


def _decide(
    row: Binding,
    caller: Caller,
    *,
    approve: bool,
    reason: str,
    by_right_of: Residency | None = None,
) -> BindingView:
    """Approve or reject; an approval ties the person to the flat in the same transaction.

    The row whose right is used is written too: an owner who has just left decides nothing.
    Raises Forbidden `own_binding`, Conflict `already_decided`, `lost_race`, Unprocessable
    as `people.move_in`.
    """
    if caller.subject_id in (row.person_id, row.guardian_id):
        raise Forbidden("own_binding", "不能审核自己的绑定申请")
    if row.state != BindingState.PENDING:
        raise Conflict("already_decided", "该申请已处理")
    at, ties = clock.now(), _ties(row) if approve else []
    row.decided_at, row.decided_by, row.reason = (
        clock.epoch_ms(at),
        caller.subject_id,
        reason or None,
    )
    _turn(row, BindingState.APPROVED if approve else BindingState.REJECTED)
    where = (row.community_id, row.binding_id, row.unit_id, row.person_id)
    events: list[object] = [BindingDecided(*where, row.state, at)]
    if approve:
        events.append(ResidencyBegan(where[0], row.unit_id, row.person_id, row.tie, at))
    used = [by_right_of] if by_right_of is not None else []
    shown = view(row)
    outbox.commit(row, *ties, *used, events=events, answer=shown)
    return shown


def _ties(row: Binding) -> list[Residency]:
    return people.residency_rows(
        row.community_id, row.unit_id, row.person_id, Tie(row.tie), guardian_id=row.guardian_id
    )


def _find(community_id: str, binding_id: str) -> Binding:
    row = Binding.find(community_id, binding_id)
    if row is None:
        raise _no_such_binding()
    return row


def _own_tie(caller: Caller, unit_id: str) -> Residency:
    own = people.tie_of(caller.community_id, unit_id, caller.subject_id)
    if own is None or Tie(own.tie) not in OWNING:
        raise NotFound("no_such_unit", "没有找到该房屋")
    return own


def _turn(row: Binding, state: BindingState) -> None:
    row.state = state.value
    row.state_key = people.state_key(row.community_id, state)
    row.person_key = tenant_key(row.community_id, row.person_id)


def _no_such_binding() -> NotFound:
    return NotFound("no_such_binding", "没有找到该绑定申请")


def _views(rows: Iterable[Binding]) -> list[BindingView]:
    return [view(row) for row in rows]


def view(row: Binding) -> BindingView:
    """Return what people see of a binding."""
    decided = row.decided_at
    return BindingView(
        row.binding_id,
        row.unit_id,
        row.person_id,
        Tie(row.tie),
        row.guardian_id,
        BindingState(row.state),
        row.evidence_key,
        clock.from_epoch_ms(int(row.asked_at)),
        clock.from_epoch_ms(int(decided)) if decided is not None else None,
        row.reason,
    )
