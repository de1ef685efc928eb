"""Use cases of a guard who opens by hand: once for each request, for a reason on record."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from chalicelib.access.events import OpeningClosed
from chalicelib.access.rules import opening as openings
from chalicelib.access.rules.opening import DESK_OPENS_FOR, OpeningState
from chalicelib.access.service import desk, waiting
from chalicelib.access.tables.desk import DeskRow
from chalicelib.core import clock, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.reading import at_once
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled


@dataclass(frozen=True)
class DeskOpening:
    """The one opening of a guard by a request."""

    community_id: str
    desk_id: str
    device_id: str
    command_id: str
    state: OpeningState
    expires_at: datetime


def open_by_hand(
    caller: Caller, desk_id: str, reason: str, *, at: datetime | None = None
) -> DeskOpening:
    """Open the door of a request that one has taken on: one command, ever, with its reason.

    The reason stays on record with the command, as of every one that is ordered by hand.
    Raises NotFound `no_such_request`, `no_such_device`, Conflict `not_taken`,
    Unprocessable `nothing_to_open`, `request_old`.
    """
    at = at or clock.now()
    row = desk.takers(caller, desk_id)
    if row.command_id:
        return _opening(row, at)
    if not row.door_id:
        raise Unprocessable("nothing_to_open", "该请求没有对应的门")
    if at >= clock.from_epoch_ms(int(row.asked_at)) + DESK_OPENS_FOR:
        raise Unprocessable("request_old", "该请求已超过时限，请确认现场后另行开门")
    wishes = devices.door_wishes(row.community_id, row.door_id)
    door = devices.door_of(row.community_id, *at_once(*wishes))
    command = devices.prepare(
        row.community_id,
        door.device_id,
        door.op or "gate.open",
        {},
        command_id=ids.derived("cmd", row.request_id),
        cause=devices.Cause(row.request_id, caller.subject_id, reason),
        device=door.row,
    )
    row.command_id, row.command_expires_at = command.command_id, command.expires_at
    row.opening = OpeningState.SENT.value
    opening = _opening(row, at)
    outbox.commit(row, command, answer=opening)
    devices.dispatch(command)
    return opening


def await_door(opening: DeskOpening) -> DeskOpening:
    """Wait, for at most two seconds, until the door has answered."""
    state = waiting.outcome(
        waiting.Sent(opening.community_id, opening.device_id, opening.command_id),
        OpeningState(opening.state),
        opening.expires_at,
    )
    return dataclasses.replace(opening, state=state)


def finish(event: CommandSettled) -> None:
    """Carry the end of a door's command over to the request by which a guard opened, once."""
    row, state = DeskRow.of(event.community_id, event.cause_id), openings.OUTCOMES.get(event.state)
    if row is None or state is None or row.command_id != event.command_id:
        return
    if not row.opening or not openings.may_follow(OpeningState(row.opening), state):
        return
    row.opening = state.value
    closed = OpeningClosed(
        community_id=row.community_id,
        opening_id=row.request_id,
        how="desk",
        door_id=row.door_id or "",
        place_id=row.place_id,
        path=row.path or "",
        unit_id=row.unit_id or "",
        by=row.taken_by or "",
        state=state.value,
        closed_at=event.settled_at,
    )
    outbox.commit(row, events=(closed,))


def _opening(row: DeskRow, at: datetime) -> DeskOpening:
    assert row.command_id is not None
    assert row.command_expires_at is not None
    assert row.opening is not None
    ends = clock.from_epoch_ms(int(row.command_expires_at))
    return DeskOpening(
        community_id=row.community_id,
        desk_id=row.request_id,
        device_id=row.door_id or "",
        command_id=row.command_id,
        state=openings.shown_state(OpeningState(row.opening), ends, at),
        expires_at=ends,
    )
