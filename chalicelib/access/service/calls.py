"""Use cases of a visitor's call: it rings, the flat sees it, it ends by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access import rules
from chalicelib.access.events import CallClosed, CallRung
from chalicelib.access.rules import CallState
from chalicelib.access.tables import CallRow
from chalicelib.core import clock, ids, outbox, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.core.logs import logger
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import shard_of, tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.identity import public as identity

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
        expires=kept_until(Kept.PASSAGE, event.received_at),
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
        view(row, at)
        for row in found
        if row.is_live() and caller.subject_id in (row.answerers or ())
    ]


def call(caller: Caller, call_id: str, *, at: datetime | None = None) -> CallView:
    """Return one call of the caller's flats; anybody else's counts as none (404)."""
    row = mine(caller, call_id)
    if not speaks_still(caller, row):
        raise no_such_call()
    return view(row, at or clock.now())


def expire_calls(*, at: datetime | None = None, limit: int = 200) -> int:
    """Close the calls that nobody answered in time; return how many."""
    at = at or clock.now()
    return sweep.each(list(CallRow.overdue(at, limit)), lambda key: _expire(key, at))


def _expire(key: str, at: datetime) -> bool:
    row = CallRow.find(key)
    if row is None or row.state != CallState.RINGING:
        return False
    row.advance(CallState.EXPIRED)
    outbox.commit(row, events=(closed(row, at),))
    return True


def mine(caller: Caller, call_id: str) -> CallRow:
    """Return a call that rang for the caller; raises NotFound `no_such_call`."""
    row = CallRow.of(caller.community_id, call_id)
    if row is None or caller.subject_id not in (row.answerers or ()):
        raise no_such_call()
    return row


def view(row: CallRow, at: datetime) -> CallView:
    """Return a call as the flat sees it at an instant."""
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


def closed(row: CallRow, at: datetime) -> CallClosed:
    """Return the fact that a call is over."""
    return CallClosed(row.community_id, row.call_id, row.state, at)


def speaks_still(caller: Caller, row: CallRow) -> bool:
    """Return whether the caller has not moved out of the flat since it rang; one read."""
    return caller.subject_id in identity.answerers(row.community_id, row.unit_id)


def no_such_call() -> NotFound:
    """Return the refusal for a call that is not there for the caller."""
    return NotFound("no_such_call", "没有找到这次呼叫")


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the calls that rang for a person, for their export: nothing of others at home."""
    rang = CallRow.answerers.contains(person_id)
    for unit_id in identity.units_known(community_id, person_id):
        for row in CallRow.by_unit.query(tenant_key(community_id, unit_id), filter_condition=rang):
            if row.is_live():
                yield (
                    "calls",
                    {
                        "call_id": row.call_id,
                        "unit_id": row.unit_id,
                        "gate_id": row.gate_id,
                        "state": row.state,
                        "rung_at": clock.from_epoch_ms(int(row.rung_at)).isoformat(),
                        "answered": row.answered_by == person_id,
                    },
                )
