"""Use cases of a visitor's call: it rings, the flat sees it, it ends by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.events import CallClosed, CallRung
from chalicelib.access.rules import calls as rules
from chalicelib.access.rules.calls import CallState
from chalicelib.access.service import visitors
from chalicelib.access.tables.calls import CallRow
from chalicelib.access.tables.ringing import PanelRings
from chalicelib.core import clock, ids, media, outbox, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.logs import logger
from chalicelib.core.paths import within
from chalicelib.core.reading import at_once
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import shard_of, tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.identity import public as identity

SHOWN_FOR = timedelta(minutes=10)

TRIES = 4
"""How often a ring is tried that comes together with another one at the same flat."""


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
    by_phone: bool = False


@dataclass(frozen=True)
class CallDetail(CallView):
    """A call with what the flat sees of the visitor: a picture, and what they call themselves."""

    still_url: str | None = None
    visitor_name: str | None = None


STILL_SHOWN_FOR = timedelta(minutes=5)


def ring(event: DeviceEventRecorded) -> None:
    """Let a panel's event ring a flat: one call per event, only while it is fresh.

    A panel that names no flat of its community, or a gate that does not stand where the
    panel stands or does not lead to that flat, rings nobody: a stolen panel opens no other
    door. While a call of this panel rings for the gate, another one rings nobody either.
    """
    if not event.live:
        logger().info("stale ring", extra={"device": event.device_id, "event": event.event_id})
        return
    unit_id, gate_id = (rules.named(event.data.get(name)) for name in ("unit_id", "gate_id"))
    adults = identity.answerers(event.community_id, unit_id)
    if not adults or not _leads(event, gate_id, unit_id):
        logger().warning("ring for nobody", extra={"device": event.device_id})
        return
    call, rung = _new_call(event, unit_id, gate_id, adults)
    if not _commit_once(call, rung):
        logger().info("rings already", extra={"call": rung.call_id})


def _leads(event: DeviceEventRecorded, gate_id: str, unit_id: str) -> bool:
    """Return whether a gate stands where the panel stands, and leads to a flat."""
    community_id = event.community_id
    if not devices.stands_at(community_id, gate_id, devices.Kind.GATE, event.place_id):
        return False
    wishes = devices.door_wishes(community_id, gate_id)
    device, health, flat = at_once(*wishes, identity.flat_wish(community_id, unit_id))
    path = identity.flat_path(flat)
    return path is not None and within(path, devices.door_of(community_id, device, health).path)


def _commit_once(call: CallRow, rung: CallRung) -> bool:
    """Write a panel's call; False if it is there, or another one of the panel rings still.

    Two calls of one panel at once: one of them is written, the other then finds it ringing.
    """
    for left in reversed(range(TRIES)):
        rings = PanelRings.kept(call.unit_key) or PanelRings(unit_key=call.unit_key)
        if _rings_still(rings, call):
            return False
        at, panels = int(call.rung_at), dict(rings.panels)
        live = {one: said for one, said in panels.items() if said[1] > at}
        rings.panels = live | {call.bell: [call.call_id, int(call.expires_at)]}
        rings.expires = int(call.expires_at) // 1000 + 1
        try:
            outbox.commit(call, rings, events=(rung,))
        except Conflict:
            if call.has_twin():
                return False
            if not left:
                raise
        else:
            return True
    raise AssertionError("the last try returns or raises")


def _rings_still(rings: PanelRings, call: CallRow) -> bool:
    call_id, end = rings.panels.get(call.bell, ("", 0))
    if end <= int(call.rung_at):
        return False
    row = CallRow.of(call.community_id, call_id)
    return row is not None and row.state == CallState.RINGING


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


def detail(caller: Caller, call_id: str, *, at: datetime | None = None) -> CallDetail:
    """Return one call of the caller's flats with the visitor's picture, for 30 days.

    Raises NotFound `no_such_call`. The picture's address is good for five minutes.
    """
    row = mine(caller, call_id)
    if not speaks_still(caller, row):
        raise no_such_call()
    at = at or clock.now()
    kept = at.timestamp() < kept_until(Kept.STILL, clock.from_epoch_ms(int(row.rung_at)))
    shown = view(row, at)
    return CallDetail(
        **vars(shown),
        still_url=media.shown(row.photo, STILL_SHOWN_FOR) if row.photo and kept else None,
        visitor_name=visitors.name_in(row.community_id, row.rung_by or "", row.visitor_name)
        or None,
    )


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
        by_phone=row.rung_by is not None,
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


def leave(community_id: str, unit_id: str, person_id: str, until: datetime) -> None:
    """Take a person off a flat's calls that rang until they left; they see none of them now."""
    rang = CallRow.answerers.contains(person_id)
    found = CallRow.by_unit.query(
        tenant_key(community_id, unit_id),
        CallRow.rung_at <= clock.epoch_ms(until),
        filter_condition=rang,
    )
    for row in list(found):
        row.changed([CallRow.answerers.delete({person_id})], rang)


def forget(community_id: str, person_id: str) -> None:
    """Take a forgotten person out of the calls that they rang or answered."""
    key = tenant_key(community_id, person_id)
    for row in list(CallRow.by_ringer.query(key)):
        if row.photo:
            media.erase(row.photo)
        rung = CallRow.rung_by, CallRow.ringer_key, CallRow.visitor_name, CallRow.photo
        row.changed([column.remove() for column in rung], CallRow.ringer_key == key)
    for row in list(CallRow.by_answerer.query(key)):
        answered = CallRow.answered_by, CallRow.answerer_key
        row.changed([column.remove() for column in answered], CallRow.answerer_key == key)
