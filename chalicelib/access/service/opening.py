"""Use cases of a resident's own phone at a door: there, allowed, one command for each tap."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.access.events import OpeningClosed
from chalicelib.access.rules import opening as rules
from chalicelib.access.rules.desk import DeskAsk, DeskKind
from chalicelib.access.rules.gates import Near, Proof
from chalicelib.access.rules.opening import OpeningState
from chalicelib.access.service import desk, gates, waiting
from chalicelib.access.tables.opening import OpeningRow
from chalicelib.core import clock, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import Row, tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled
from chalicelib.identity import public as identity

TRIES = 3
"""How often an opening is tried that asks the guard while others of the flat do."""


@dataclass(frozen=True)
class PhoneOpening:
    """An opening by one's own phone: which command to which door, and where it is."""

    community_id: str
    opening_id: str
    device_id: str
    unit_id: str
    command_id: str
    state: OpeningState
    expires_at: datetime
    guard_asked: bool


def open_door(
    caller: Caller, device_id: str, unit_id: str, near: Near, *, at: datetime | None = None
) -> PhoneOpening:
    """Open a door by right of a flat that the caller speaks for, standing before it.

    Two DynamoDB calls: one read of door, settings and flat, one transaction, in which the
    caller must speak for the flat at this very moment. Raises as `gates.gate_of` and
    `gates.require_near`; a flat that is not the caller's is NotFound `no_such_unit`.
    """
    at = at or clock.now()
    gate = gates.gate_of(caller, device_id, unit_id)
    proof = gates.require_near(gate, near, at)
    opening_id = ids.new_id("open")
    command = devices.prepare(
        caller.community_id,
        device_id,
        gate.door.op or "",
        {},
        command_id=ids.derived("cmd", opening_id),
        cause=devices.Cause(opening_id, caller.subject_id),
        device=gate.door.row,
    )
    row = _row(caller, unit_id, gate.door, command, proof=proof, at=at)
    opening = _commit(row, command, away=gate.door.online is False, at=at)
    devices.dispatch(command)
    return opening


def _commit(row: OpeningRow, command: Any, *, away: bool, at: datetime) -> PhoneOpening:
    """Commit an opening, with a request to a guard if the door is away; raises NotFound.

    Others of the flat may ask the guard at the same moment: then their request is found.
    """
    speaks = identity.speaks_for(row.community_id, row.unit_id, row.person_id)
    for left in reversed(range(TRIES)):
        asked = _ask_guard(row, "gate_offline", at) if away else []
        opening = _view(row, at)
        try:
            outbox.commit(row, command, *asked, given=(speaks,), answer=opening)
        except Conflict:
            if row.person_id not in identity.answerers(row.community_id, row.unit_id):
                raise NotFound("no_such_unit", "没有找到该房屋") from None
            if not (asked and left):
                raise
        else:
            return opening
    raise AssertionError("the last try returns or raises")


def await_door(opening: PhoneOpening) -> PhoneOpening:
    """Wait, for at most two seconds, until the door has answered."""
    state = waiting.outcome(
        waiting.Sent(opening.community_id, opening.device_id, opening.command_id),
        opening.state,
        opening.expires_at,
    )
    return dataclasses.replace(opening, state=state)


def opening(caller: Caller, opening_id: str, *, at: datetime | None = None) -> PhoneOpening:
    """Return one of the caller's own openings; raises NotFound `no_such_opening`."""
    row = OpeningRow.of(caller.community_id, opening_id)
    if row is None or row.person_id != caller.subject_id:
        raise NotFound("no_such_opening", "没有找到这次开门")
    return _view(row, at or clock.now())


def finish(event: CommandSettled) -> None:
    """Carry the end of a door's command over to its opening, once; ask a guard if it failed."""
    row = OpeningRow.of(event.community_id, event.cause_id)
    state = rules.OUTCOMES.get(event.state)
    if row is None or state is None or not rules.may_follow(OpeningState(row.state), state):
        return
    row.advance(state)
    more: list[Row] = []
    if state == OpeningState.OPENED:
        more += desk.settled_itself(row.community_id, row.desk_id, event.settled_at)
    elif not row.desk_id:
        more += _ask_guard(row, rules.why_guard(state), event.settled_at)
    closed = OpeningClosed(
        community_id=row.community_id,
        opening_id=row.opening_id,
        how="phone",
        door_id=row.door_id,
        place_id=row.place_id,
        path=row.path or "",
        unit_id=row.unit_id,
        by=row.person_id,
        state=row.state,
        closed_at=event.settled_at,
    )
    outbox.commit(row, *more, events=(closed,))


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a person's own openings, for their export."""
    for row in OpeningRow.by_person.query(tenant_key(community_id, person_id)):
        if row.is_live():
            yield (
                "openings",
                {
                    "opening_id": row.opening_id,
                    "unit_id": row.unit_id,
                    "door_id": row.door_id,
                    "state": row.state,
                    "opened_at": clock.from_epoch_ms(int(row.opened_at)).isoformat(),
                },
            )


def forget(community_id: str, person_id: str) -> None:
    """Delete a forgotten person's openings; the passages at those doors are counted as before."""
    for row in list(OpeningRow.by_person.query(tenant_key(community_id, person_id))):
        row.delete()


def _row(
    caller: Caller, unit_id: str, door: devices.Door, command: Any, *, proof: Proof, at: datetime
) -> OpeningRow:
    opening_id = command.cause_id
    return OpeningRow(
        opening_key=tenant_key(caller.community_id, opening_id),
        opening_id=opening_id,
        community_id=caller.community_id,
        person_id=caller.subject_id,
        person_key=tenant_key(caller.community_id, caller.subject_id),
        unit_id=unit_id,
        door_id=door.device_id,
        place_id=door.place_id,
        path=door.path or None,
        near=proof.value,
        state=OpeningState.SENT.value,
        command_id=command.command_id,
        command_expires_at=command.expires_at,
        opened_at=clock.epoch_ms(at),
        expires=kept_until(Kept.PASSAGE, at),
    )


def _ask_guard(row: OpeningRow, why: str, at: datetime) -> list[Row]:
    """Return the request to a guard for somebody before a door that does not open.

    None to be made where a guard has been asked by the same flat's people.
    """
    ask = DeskAsk(
        row.community_id,
        DeskKind.DOOR,
        row.opening_id,
        why,
        row.place_id,
        at,
        door_id=row.door_id,
        path=row.path or "",
        unit_id=row.unit_id,
    )
    row.desk_id, asked = desk.ask_at_door(ask)
    return asked


def _view(row: OpeningRow, at: datetime) -> PhoneOpening:
    ends = clock.from_epoch_ms(int(row.command_expires_at))
    return PhoneOpening(
        community_id=row.community_id,
        opening_id=row.opening_id,
        device_id=row.door_id,
        unit_id=row.unit_id,
        command_id=row.command_id,
        state=rules.shown_state(OpeningState(row.state), ends, at),
        expires_at=ends,
        guard_asked=row.desk_id is not None,
    )
