"""Use cases of bindings: what somebody wished for, its owner or the company decides on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.events import BindingDecided, ResidencyBegan
from chalicelib.identity.rules import people as rules
from chalicelib.identity.rules.people import OWNING, BindingState, Decider, Tie
from chalicelib.identity.service import moves, people, sight
from chalicelib.identity.tables.people import Binding, Residency


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


def waiting(caller: Caller, *, limit: int, after: str | None) -> Bindings:
    """Return one page of what waits in the caller's estate, or part of it, the oldest first."""
    community_id = caller.community_id
    listing = f"bindings/{community_id}/{caller.node_path}"
    rows, following = cursor.page(
        Binding.by_state.query,
        people.state_key(community_id, BindingState.PENDING),
        listing=listing,
        limit=limit,
        after=after,
    )
    items = _views(row for row in rows if sight.sees_unit(caller, row.unit_id))
    return Bindings(items, following)


def decide_as_owner(
    caller: Caller, binding_id: str, *, approve: bool, reason: str = ""
) -> BindingView:
    """Decide on who is to live in one's own flat; the register decides who owns it.

    Raises NotFound `no_such_binding` for another's flat, Forbidden `property_decides`,
    and as `_decide`.
    """
    row, own = found_by_owner(caller, binding_id)
    return _decide(row, caller, approve=approve, reason=reason, by_right_of=own)


def decide_as_property(
    caller: Caller, binding_id: str, *, approve: bool, reason: str = ""
) -> BindingView:
    """Decide on a binding for the company, on the evidence; raises as `_decide`."""
    row = found_by_property(caller, binding_id)
    return _decide(row, caller, approve=approve, reason=reason)


def found_by_owner(caller: Caller, binding_id: str) -> tuple[Binding, Residency]:
    """Return a wish that the caller decides on as an owner, and the tie that they own by."""
    row = _find(caller.community_id, binding_id)
    own = people.tie_of(caller.community_id, row.unit_id, caller.subject_id)
    if own is None or Tie(own.tie) not in OWNING:
        raise _no_such_binding()
    if not rules.may_decide(Decider.OWNER, Tie(row.tie)):
        raise Forbidden("property_decides", "产权关系由物业核验后确认")
    return row, own


def found_by_property(caller: Caller, binding_id: str) -> Binding:
    """Return a wish that the caller decides on for the company."""
    row = _find(caller.community_id, binding_id)
    if not sight.sees_unit(caller, row.unit_id):
        raise _no_such_binding()
    return row


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
    Raises Forbidden `own_binding`, Conflict `already_decided`, `lost_race`, and as
    `moves.begun`.
    """
    if caller.subject_id in (row.person_id, row.guardian_id):
        raise Forbidden("own_binding", "不能审核自己的绑定申请")
    if row.state != BindingState.PENDING:
        raise Conflict("already_decided", "该申请已处理")
    decider = Decider.PROPERTY if by_right_of is None else Decider.OWNER
    at, ties = clock.now(), _ties(row, decider) if approve else []
    row.decided_at, row.decided_by, row.reason = (
        clock.epoch_ms(at),
        caller.subject_id,
        reason or None,
    )
    turn(row, BindingState.APPROVED if approve else BindingState.REJECTED)
    where = (row.community_id, row.binding_id, row.unit_id, row.person_id)
    events: list[object] = [BindingDecided(*where, row.state, at)]
    if approve:
        events.append(ResidencyBegan(where[0], row.unit_id, row.person_id, row.tie, at))
    used = [by_right_of] if by_right_of is not None else []
    shown = view(row)
    outbox.commit(row, *ties, *used, events=events, answer=shown)
    return shown


def _ties(row: Binding, decider: Decider) -> list[Row]:
    return moves.begun(
        row.community_id,
        row.unit_id,
        row.person_id,
        Tie(row.tie),
        guardian_id=row.guardian_id,
        decider=decider,
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


def turn(row: Binding, state: BindingState) -> None:
    """Let a wish be in a state, and be found by it."""
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
