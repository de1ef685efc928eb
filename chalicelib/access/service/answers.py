"""Use cases of answers to a call: open once, deny, and how the gate did."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.events import OpeningClosed, OpeningGranted
from chalicelib.access.rules import calls as rules
from chalicelib.access.rules import opening as openings
from chalicelib.access.rules.calls import CallState
from chalicelib.access.rules.desk import DeskAsk, DeskKind
from chalicelib.access.service import desk
from chalicelib.access.service.calls import CallView, closed, mine, no_such_call, speaks_still, view
from chalicelib.access.tables.calls import CallRow
from chalicelib.core import clock, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Unprocessable
from chalicelib.core.paths import within
from chalicelib.core.reading import at_once
from chalicelib.core.table import Row
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled
from chalicelib.identity import public as identity

WAIT_FOR_GATE = timedelta(seconds=2)
"""How long a tap waits for the gate before it answers 202 (DEVICES.md)."""


@dataclass(frozen=True)
class Opening:
    """A granted opening: which command to which gate, and where it is.

    `guard_asked`: the gate is away, and a guard has been asked to see to the visitor.
    """

    community_id: str
    call_id: str
    gate_id: str
    command_id: str
    state: CallState
    expires_at: datetime
    guard_asked: bool = False


def open_gate(caller: Caller, call_id: str, *, at: datetime | None = None) -> Opening:
    """Let the visitor in: one command, ever, for this call; a stale tap opens nothing.

    Three DynamoDB calls: the call, the gate with its health, one transaction. A second tap by
    the same person is answered with the same opening. A gate that is away is commanded all the
    same, the command lives for seconds, and a guard is asked at once. Raises NotFound
    `no_such_call`, Conflict `already_answered`, Unprocessable `call_expired`, and
    `gate_elsewhere` if the gate has been moved to where it does not lead to the flat.
    """
    at = at or clock.now()
    row = mine(caller, call_id)
    if row.answered_by == caller.subject_id and row.command_id:
        return _opening(row, at)
    _require_answerable(row, caller, at)

    door = _door(row)
    command = devices.prepare(
        caller.community_id,
        row.gate_id,
        door.op or "gate.open",
        {},
        command_id=ids.derived("cmd", row.call_id),
        cause=devices.Cause(row.call_id, caller.subject_id),
        device=door.row,
    )
    row.advance(CallState.GRANTED, CallState.SENT)
    row.answer(caller.subject_id)
    row.command_id = command.command_id
    row.command_expires_at = command.expires_at
    row.shard = row.due_at = None  # from here on the command's own end closes the call
    row.place_id, row.path = door.place_id, door.path or None
    asked = _ask_guard(row, "gate_offline", at) if door.online is False else []
    opening, granted = _opening(row, at), _granted(row, at)
    try:
        _commit(caller, row, command, *asked, events=(granted,), answer=opening)
    except Conflict:
        row = mine(caller, call_id)
        if row.answered_by != caller.subject_id or not row.command_id:
            raise
        return _opening(row, at)  # another tap of theirs, at the same moment
    devices.dispatch(command)
    return opening


def _granted(call: CallRow, at: datetime) -> OpeningGranted:
    return OpeningGranted(
        community_id=call.community_id,
        call_id=call.call_id,
        gate_id=call.gate_id,
        command_id=call.command_id or "",
        answered_by=call.answered_by or "",
        granted_at=at,
    )


def _door(call: CallRow) -> devices.Door:
    """Return a call's gate, if it leads to the flat still; one read."""
    wishes = devices.door_wishes(call.community_id, call.gate_id)
    flat_wish = identity.flat_wish(call.community_id, call.unit_id)
    device, health, flat = at_once(*wishes, flat_wish)
    door = devices.door_of(call.community_id, device, health)
    if not within(identity.flat_path(flat) or "", door.path):
        raise Unprocessable("gate_elsewhere", "该门不通往这套房屋")
    return door


def await_gate(opening: Opening) -> Opening:
    """Wait, for at most two seconds, until the gate has answered; not if many wait already."""
    if opening.state is not CallState.SENT:
        return opening
    until = min(clock.now() + WAIT_FOR_GATE, opening.expires_at + rules.UNKNOWN_AFTER)
    outcome = devices.await_result(
        opening.community_id,
        opening.gate_id,
        opening.command_id,
        end=opening.expires_at,
        until=until,
    )
    state = rules.OUTCOMES.get(outcome.state, CallState.SENT)
    if state is CallState.SENT and clock.now() >= opening.expires_at + rules.UNKNOWN_AFTER:
        state = CallState.UNKNOWN
    return dataclasses.replace(opening, state=state)


def deny(caller: Caller, call_id: str, *, at: datetime | None = None) -> CallView:
    """Turn the visitor away; the first answer of the flat wins."""
    at = at or clock.now()
    row = mine(caller, call_id)
    if row.state == CallState.DENIED and row.answered_by == caller.subject_id:
        return view(row, at)
    _require_answerable(row, caller, at)
    row.advance(CallState.DENIED)
    row.answer(caller.subject_id)
    shown = view(row, at)
    _commit(caller, row, events=(closed(row, at),), answer=shown)
    return shown


def _commit(caller: Caller, call: CallRow, *rows: Row, events: Iterable[Any], answer: Any) -> None:
    """Commit an answer if the caller speaks for the flat at this very moment.

    Who moved out since the visitor rang is refused as a stranger (404) within the same
    transaction: no read more, and no moment between asking and opening.
    """
    speaks = identity.speaks_for(call.community_id, call.unit_id, caller.subject_id)
    try:
        outbox.commit(call, *rows, events=events, given=(speaks,), answer=answer)
    except Conflict:
        if not speaks_still(caller, call):
            raise no_such_call() from None
        raise


def finish(event: CommandSettled) -> None:
    """Carry the end of a gate's command over to its call, once; ask a guard if it failed."""
    row = CallRow.of(event.community_id, event.cause_id)
    state = rules.OUTCOMES.get(event.state)
    if row is None or state is None or not rules.may_follow(CallState(row.state), state):
        return
    row.advance(state)
    at, more = event.settled_at, list[Row]()
    if state is CallState.OPENED:
        more += desk.settled_itself(row.community_id, row.desk_id, at)
    elif not row.desk_id:
        more += _ask_guard(row, openings.why_guard(state), at)
    outbox.commit(row, *more, events=(closed(row, at), _opening_closed(row, at)))


def _ask_guard(row: CallRow, why: str, at: datetime) -> list[Row]:
    """Return the request to a guard for a visitor before a gate that does not open."""
    ask = DeskAsk(
        row.community_id,
        DeskKind.CALL,
        row.call_id,
        why,
        row.place_id or row.gate_id,
        at,
        door_id=row.gate_id,
        path=row.path or "",
        unit_id=row.unit_id,
        still=row.photo or "",
    )
    asked = desk.ask_desk(ask)
    row.desk_id = asked.request_id
    return [asked]


def _opening_closed(row: CallRow, at: datetime) -> OpeningClosed:
    return OpeningClosed(
        community_id=row.community_id,
        opening_id=row.call_id,
        how="call",
        door_id=row.gate_id,
        place_id=row.place_id or "",
        path=row.path or "",
        unit_id=row.unit_id,
        by=row.answered_by or "",
        state=row.state,
        closed_at=at,
    )


def _require_answerable(row: CallRow, caller: Caller, at: datetime) -> None:
    reason = rules.refusal(row.facts(), caller.subject_id, at)
    if reason == "not_yours":
        raise no_such_call()
    if reason == "already_answered":
        raise Conflict("already_answered", "这次呼叫已有人处理", details={"state": row.state})
    if reason == "call_expired":
        raise Unprocessable("call_expired", "呼叫已结束，请访客重新呼叫")


def _opening(row: CallRow, at: datetime) -> Opening:
    assert row.command_id is not None
    assert row.command_expires_at is not None
    return Opening(
        community_id=row.community_id,
        call_id=row.call_id,
        gate_id=row.gate_id,
        command_id=row.command_id,
        state=rules.shown_state(row.facts(), at),
        expires_at=clock.from_epoch_ms(int(row.command_expires_at)),
        guard_asked=row.desk_id is not None,
    )
