"""Use cases of a visitor's call: ring, show, open, deny, finish."""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.access import rules
from chalicelib.access.events import CallClosed, CallRung, OpeningGranted
from chalicelib.access.rules import CallState
from chalicelib.access.tables import KEPT_S, CallRow
from chalicelib.core import clock, ids, outbox, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.table import shard_of, tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled, DeviceEventRecorded
from chalicelib.identity import public as identity

WAIT_FOR_GATE = timedelta(seconds=2)
"""How long a tap waits for the gate before it answers 202 (DEVICES.md)."""

SHOWN_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class CallView:
    """A call as the flat sees it."""

    call_id: str
    unit_id: str
    gate_id: str
    state: CallState
    rung_at: datetime
    expires_at: datetime
    answered_by: str | None
    command_id: str | None


@dataclass(frozen=True)
class Opening:
    """A granted opening: which command to which gate, and where it is."""

    community_id: str
    call_id: str
    gate_id: str
    command_id: str
    state: CallState
    expires_at: datetime


def ring(event: DeviceEventRecorded) -> None:
    """Let a panel's event ring a flat: one call per event, only while it is fresh.

    A panel that names no flat of its community, or a gate that does not stand where the
    panel stands, rings nobody: a stolen panel opens no other door.
    """
    if not event.live:
        logger().info("stale ring", extra={"device": event.device_id, "event": event.event_id})
        return
    unit_id, gate_id = (rules.named(event.data.get(name)) for name in ("unit_id", "gate_id"))
    adults = identity.answerers(event.community_id, unit_id)
    if not adults or not devices.stands_at(
        event.community_id, gate_id, devices.Kind.GATE, event.place_id
    ):
        logger().warning("ring for nobody", extra={"device": event.device_id})
        return
    call, rung = _new_call(event, unit_id, gate_id, adults)
    if not outbox.commit_once(call, events=(rung,)):
        logger().info("ring repeated", extra={"call": rung.call_id})


def _new_call(
    event: DeviceEventRecorded, unit_id: str, gate_id: str, adults: list[str]
) -> tuple[CallRow, CallRung]:
    call_id = ids.derived("call", event.device_id, event.event_id)
    end = event.received_at + rules.RINGS_FOR
    photo = event.data.get("photo")
    own = f"{event.community_id}/stills/{event.device_id}/"
    call = CallRow(
        call_key=tenant_key(event.community_id, call_id),
        call_id=call_id,
        community_id=event.community_id,
        unit_id=unit_id,
        unit_key=tenant_key(event.community_id, unit_id),
        gate_id=gate_id,
        panel_id=event.device_id,
        photo=photo
        if isinstance(photo, str)
        and photo.startswith(own)
        and rules.named(photo.removeprefix(own).rpartition(".")[0]) != "-"
        else None,
        answerers=set(adults),
        state=CallState.RINGING.value,
        rung_at=clock.epoch_ms(event.received_at),
        expires_at=clock.epoch_ms(end),
        shard=shard_of("call", call_id),
        due_at=clock.epoch_ms(end),
        expires=int(event.received_at.timestamp()) + KEPT_S,
    )
    rung = CallRung(
        community_id=event.community_id,
        call_id=call_id,
        unit_id=unit_id,
        gate_id=gate_id,
        panel_id=event.device_id,
        answerers=tuple(sorted(adults)),
        rung_at=event.received_at,
        expires_at=end,
    )
    return call, rung


def calls(caller: Caller, *, at: datetime | None = None) -> list[CallView]:
    """Return the last ten minutes' calls of the caller's flats, newest first."""
    at = at or clock.now()
    found = [
        row
        for unit_id in identity.units_of(caller.community_id, caller.subject_id)
        for row in CallRow.rung_since(tenant_key(caller.community_id, unit_id), at - SHOWN_FOR)
    ]
    found.sort(key=lambda row: row.rung_at, reverse=True)
    return [
        _view(row, at)
        for row in found
        if row.is_live() and caller.subject_id in (row.answerers or ())
    ]


def call(caller: Caller, call_id: str, *, at: datetime | None = None) -> CallView:
    """Return one call of the caller's flats; anybody else's counts as none (404)."""
    return _view(_mine(caller, call_id), at or clock.now())


def open_gate(caller: Caller, call_id: str, *, at: datetime | None = None) -> Opening:
    """Let the visitor in: one command, ever, for this call; a stale tap opens nothing.

    Three DynamoDB calls: the call, the gate, one transaction. A second tap by the same
    person is answered with the same opening. Raises NotFound `no_such_call`, Conflict
    `already_answered`, Unprocessable `call_expired`.
    """
    at = at or clock.now()
    row = _mine(caller, call_id)
    if row.answered_by == caller.subject_id and row.command_id:
        return _opening(row, at)
    _require_answerable(row, caller, at)

    command = devices.prepare(
        caller.community_id,
        row.gate_id,
        "gate.open",
        {},
        command_id=ids.derived("cmd", row.call_id),
        cause=devices.Cause(row.call_id, caller.subject_id),
    )
    row.advance(CallState.GRANTED, CallState.SENT)
    row.answered_by, row.command_id = caller.subject_id, command.command_id
    row.command_expires_at = command.expires_at
    row.shard = row.due_at = None  # from here on the command's own end closes the call
    opening = _opening(row, at)
    granted = OpeningGranted(
        community_id=row.community_id,
        call_id=row.call_id,
        gate_id=row.gate_id,
        command_id=command.command_id,
        answered_by=caller.subject_id,
        granted_at=at,
    )
    outbox.commit(row, command, events=(granted,), answer=opening)
    devices.dispatch(command)
    return opening


def await_gate(opening: Opening) -> Opening:
    """Wait, for at most two seconds, until the gate has answered."""
    if opening.state is not CallState.SENT:
        return opening
    until = min(clock.now() + WAIT_FOR_GATE, opening.expires_at + rules.UNKNOWN_AFTER)
    with _patience(opening.command_id) as patient:
        outcome = devices.await_result(
            opening.community_id,
            opening.gate_id,
            opening.command_id,
            end=opening.expires_at,
            until=until if patient else clock.now(),
        )
    state = rules.OUTCOMES.get(outcome.state, CallState.SENT)
    if state is CallState.SENT and clock.now() >= opening.expires_at + rules.UNKNOWN_AFTER:
        state = CallState.UNKNOWN
    return dataclasses.replace(opening, state=state)


MOST_WAITERS = 8
_waiters: Counter[str] = Counter()


@contextmanager
def _patience(command_id: str) -> Iterator[bool]:
    """Yield whether this request may wait: not if many in this process wait for the command.

    Those are answered at once with the present state: one tapping person must not hold
    every thread that could serve an SOS.
    """
    _waiters[command_id] += 1
    try:
        yield _waiters[command_id] <= MOST_WAITERS
    finally:
        _waiters[command_id] -= 1
        if _waiters[command_id] <= 0:
            del _waiters[command_id]


def deny(caller: Caller, call_id: str, *, at: datetime | None = None) -> CallView:
    """Turn the visitor away; the first answer of the flat wins."""
    at = at or clock.now()
    row = _mine(caller, call_id)
    if row.state == CallState.DENIED and row.answered_by == caller.subject_id:
        return _view(row, at)
    _require_answerable(row, caller, at)
    row.advance(CallState.DENIED)
    row.answered_by = caller.subject_id
    view = _view(row, at)
    outbox.commit(row, events=(_closed(row, at),), answer=view)
    return view


def finish(event: CommandSettled) -> None:
    """Carry the end of a gate's command over to its call, once."""
    row = CallRow.of(event.community_id, event.cause_id)
    state = rules.OUTCOMES.get(event.state)
    if row is None or state is None or not rules.may_follow(CallState(row.state), state):
        return
    row.advance(state)
    outbox.commit(row, events=(_closed(row, event.settled_at),))


def expire_calls(*, at: datetime | None = None, limit: int = 200) -> int:
    """Close the calls that nobody answered in time; return how many."""
    at = at or clock.now()
    return sweep.each(list(CallRow.overdue(at, limit)), lambda key: _expire(key, at))


def _expire(key: str, at: datetime) -> bool:
    row = CallRow.find(key)
    if row is None or row.state != CallState.RINGING:
        return False
    row.advance(CallState.EXPIRED)
    outbox.commit(row, events=(_closed(row, at),))
    return True


def _mine(caller: Caller, call_id: str) -> CallRow:
    row = CallRow.of(caller.community_id, call_id)
    if row is None or caller.subject_id not in (row.answerers or ()):
        raise NotFound("no_such_call", "没有找到这次呼叫")
    return row


def _require_answerable(row: CallRow, caller: Caller, at: datetime) -> None:
    reason = rules.refusal(row.facts(), caller.subject_id, at)
    if reason == "not_yours":
        raise NotFound("no_such_call", "没有找到这次呼叫")
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
    )


def _view(row: CallRow, at: datetime) -> CallView:
    return CallView(
        call_id=row.call_id,
        unit_id=row.unit_id,
        gate_id=row.gate_id,
        state=rules.shown_state(row.facts(), at),
        rung_at=clock.from_epoch_ms(int(row.rung_at)),
        expires_at=clock.from_epoch_ms(int(row.expires_at)),
        answered_by=row.answered_by,
        command_id=row.command_id,
    )


def _closed(row: CallRow, at: datetime) -> CallClosed:
    return CallClosed(row.community_id, row.call_id, row.state, at)
