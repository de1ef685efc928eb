"""The use case of calling a lift: by right of a flat, to its floors, one command for each tap."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.access.rules import lifts as rules
from chalicelib.access.rules.calls import UNKNOWN_AFTER
from chalicelib.access.rules.lifts import LiftState, Trip
from chalicelib.access.service import pass_rules
from chalicelib.access.tables.passes import PassRule
from chalicelib.core import clock, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.paths import within
from chalicelib.core.reading import Wish, at_once
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity

WAIT_FOR_LIFT = timedelta(seconds=2)

REFUSALS = {
    "same_floor": "起止楼层相同",
    "floor_not_yours": "没有前往该楼层的权限",
    "not_a_lift": "该设备不是电梯",
    "lift_elsewhere": "该电梯不到这套房屋",
    "lift_offline": "电梯暂时无法远程呼叫，请按厅外按钮",
}


@dataclass(frozen=True)
class LiftCall:
    """A call of a lift, and where it is."""

    community_id: str
    device_id: str
    command_id: str
    to_floor: int
    from_floor: int | None
    state: LiftState
    expires_at: datetime


def call_lift(
    caller: Caller, device_id: str, unit_id: str, trip: Trip, *, at: datetime | None = None
) -> LiftCall:
    """Call a lift by right of a flat that the caller speaks for.

    Two DynamoDB calls: one read of lift, flat and the estate's public floors, one transaction
    in which the caller must speak for the flat at this very moment. Raises NotFound
    `no_such_device`, `no_such_unit`, Unprocessable with a code of `REFUSALS`.
    """
    community_id, at = caller.community_id, at or clock.now()
    device, health, flat, estate = at_once(
        *devices.door_wishes(community_id, device_id),
        identity.flat_wish(community_id, unit_id),
        Wish(PassRule, community_id),
    )
    lift = devices.door_of(community_id, device, health)
    path = identity.flat_path(flat)
    if path is None:
        raise _no_such_unit()
    public = pass_rules.rule_of(estate).public_floors
    _require(lift, path, rules.refusal(trip, identity.flat_room(flat), public))

    command_id = ids.new_id("cmd")
    command = devices.prepare(
        community_id,
        device_id,
        "lift.call",
        trip.args(),
        command_id=command_id,
        cause=devices.Cause(command_id, caller.subject_id),
        device=lift.row,
    )
    ends = clock.from_epoch_ms(int(command.expires_at))
    call = LiftCall(
        community_id, device_id, command_id, trip.to_floor, trip.from_floor, LiftState.SENT, ends
    )
    speaks = identity.speaks_for(community_id, unit_id, caller.subject_id)
    try:
        outbox.commit(command, given=(speaks,), answer=call)
    except Conflict:
        if caller.subject_id not in identity.answerers(community_id, unit_id):
            raise _no_such_unit() from None
        raise
    devices.dispatch(command)
    return call


def await_lift(call: LiftCall) -> LiftCall:
    """Wait, for at most two seconds, until the lift has answered."""
    outcome = devices.await_result(
        call.community_id,
        call.device_id,
        call.command_id,
        end=call.expires_at,
        until=min(clock.now() + WAIT_FOR_LIFT, call.expires_at + UNKNOWN_AFTER),
    )
    state = rules.shown_state(outcome.state, call.expires_at, clock.now())
    return dataclasses.replace(call, state=state)


def _require(lift: devices.Door, flat_path: str, reason: str | None) -> None:
    """Raise why this lift does not take somebody of this flat there."""
    if lift.kind is not devices.Kind.LIFT_CONTROLLER:
        reason = "not_a_lift"
    elif not within(flat_path, lift.path):
        reason = "lift_elsewhere"
    elif reason is None and lift.online is False:
        reason = "lift_offline"
    if reason is not None:
        raise Unprocessable(reason, REFUSALS[reason])


def _no_such_unit() -> NotFound:
    return NotFound("no_such_unit", "没有找到该房屋")
