"""What devices are told: signed, short-lived, sent once."""

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.table import shard_of, tenant_key
from chalicelib.devices.drivers import DRIVERS
from chalicelib.devices.events import Order
from chalicelib.devices.rules import arguments
from chalicelib.devices.rules.catalogue import NOT_BY_HAND, OPS
from chalicelib.devices.rules.commands import CommandState
from chalicelib.devices.service import acks, carrying, messages
from chalicelib.devices.service.keys import signing_key
from chalicelib.devices.service.registry import device_of, remembered, seen_by
from chalicelib.devices.tables.commands import COMMANDS_KEPT_S, ORDERS_KEPT_S, Command
from chalicelib.devices.tables.registry import Device

WAIT_FOR_DEVICE = timedelta(seconds=2)
"""How long an order waits for the device before it answers 202 (DEVICES.md)."""


@dataclass(frozen=True)
class Cause:
    """Why a command is sent: the effect it belongs to, and on whose behalf.

    `why` is what a member of staff says who orders it by hand.
    """

    id: str
    by: str
    why: str = ""


@dataclass(frozen=True)
class CommandView:
    """A command as staff see it; who ordered it is told of orders by hand alone.

    What a resident's tap caused says only what it belongs to: a list of gates is no list of
    who came home when.
    """

    community_id: str
    device_id: str
    command_id: str
    op: str
    args: dict[str, Any]
    state: CommandState
    reason: str
    cause_id: str
    ordered_by: str | None
    why: str | None
    sent_at: datetime
    expires_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class Commands:
    """One page of a device's commands, the newest first."""

    items: list[CommandView]
    next: str | None


def prepare(
    community_id: str,
    device_id: str,
    op: str,
    args: dict[str, Any],
    *,
    command_id: str,
    cause: Cause,
    device: Device | None = None,
) -> Command:
    """Return a signed command as a row for the caller's own transaction.

    One read, none if the caller has just read the `device`. The command is void after its
    operation's TTL; it names the session that the device announced last, so that a device
    which restarted since ignores it. Raises
    NotFound `no_such_device` (also for a retired one), Unprocessable `unknown_op`,
    `wrong_device_kind`, `bad_arguments` or `no_command_key`.
    """
    device = _commanded(device or device_of(community_id, device_id), op, args)
    key_id, key = signing_key(device)
    at = clock.now()
    end = at + OPS[op].ttl
    told: dict[str, Any] = {"id": command_id, "op": op, "args": args, "by": cause.by}
    told |= {"iat": clock.epoch_ms(at), "exp": clock.epoch_ms(end), "session": device.session or ""}
    payload, signature = messages.signed(device_id, key, told)
    return Command(
        device_key=tenant_key(community_id, device_id),
        command_id=command_id,
        community_id=community_id,
        device_id=device_id,
        op=op,
        cause_id=cause.id,
        ordered_by=cause.by if cause.why else "",
        why=cause.why,
        driver=carrying.driver_name(device),
        payload=payload,
        signature=signature,
        key_id=key_id,
        state=CommandState.SENT,
        sent_at=clock.epoch_ms(at),
        expires_at=clock.epoch_ms(end),
        expires=int(at.timestamp()) + (ORDERS_KEPT_S if cause.why else COMMANDS_KEPT_S),
        shard=shard_of("open", command_id),
    )


def _commanded(device: Device, op: str, args: dict[str, Any]) -> Device:
    """Return a device that may be told this."""
    if op not in OPS:
        raise Unprocessable("unknown_op", "没有这种设备指令")
    if faults := arguments.faults(op, args):
        raise Unprocessable("bad_arguments", "指令参数不符合要求", details=faults)
    if device.kind not in OPS[op].kinds:
        raise Unprocessable("wrong_device_kind", "该设备不支持此操作")
    return device


def dispatch(command: Command) -> None:
    """Carry a committed command to its device, once.

    A driver that does not get through loses it, and it expires; what a device says at once,
    on the connection that carried it, settles it.
    """
    longest_ms = OPS[command.op].ttl // timedelta(milliseconds=1)  # our clock may step back
    left_ms = min(longest_ms, int(command.expires_at) - clock.epoch_ms(clock.now()))
    device = remembered(command.device_id)  # `prepare` has just read it
    if left_ms <= 0 or device is None:
        return
    try:
        carried = DRIVERS.load(command.driver).carry(_order(command, device, left_ms))
        if carried is not None:
            acks.settle_carried(command, carried)
    except Exception:  # noqa: BLE001 -- the row is committed and will expire; never send twice
        logger().exception("command not carried", extra={"command": command.command_id})


def _order(command: Command, device: Device, left_ms: int) -> Order:
    message = {"p": command.payload, "s": command.signature, "kid": command.key_id}
    return Order(
        community_id=command.community_id,
        device_id=command.device_id,
        op=command.op,
        args=json.loads(command.payload)["args"],
        message=json.dumps(message).encode(),
        connection=carrying.connection_of(device),
        left_ms=left_ms,
    )


# -- by hand -----------------------------------------------------------------------------------


def order(caller: Caller, device_id: str, op: str, args: dict[str, Any], why: str) -> CommandView:
    """Command a device by hand; who and why stay on record with it (Command.ordered_by, why).

    Raises what `prepare` raises, NotFound for a device beside the caller's own part of the
    estate, and Unprocessable `not_by_hand` for what only the system orders.
    """
    seen_by(caller, device_id)
    if op in NOT_BY_HAND:
        raise Unprocessable("not_by_hand", "该指令只能由系统发出")
    command_id = ids.new_id("cmd")
    command = prepare(
        caller.community_id,
        device_id,
        op,
        args,
        command_id=command_id,
        cause=Cause(command_id, caller.subject_id, why),
    )
    view = _view(command)
    outbox.commit(command, answer=view)
    dispatch(command)
    return view


def await_order(view: CommandView) -> CommandView:
    """Wait, for at most two seconds, until the device has answered."""
    outcome = acks.await_result(
        view.community_id,
        view.device_id,
        view.command_id,
        end=view.expires_at,
        until=min(clock.now() + WAIT_FOR_DEVICE, view.expires_at + acks.GRACE),
    )
    return dataclasses.replace(
        view, state=outcome.state, reason=outcome.reason, settled_at=outcome.settled_at
    )


def commands(caller: Caller, device_id: str, *, limit: int, after: str | None) -> Commands:
    """Return one page of a device's commands, the newest first, of a retired one's too.

    Raises NotFound `no_such_device`.
    """
    seen_by(caller, device_id)
    name = f"commands/{caller.community_id}/{device_id}"
    rows, following = cursor.page(
        Command.newest, caller.community_id, device_id, listing=name, limit=limit, after=after
    )
    return Commands([_view(row) for row in rows], following)


def command(caller: Caller, device_id: str, command_id: str) -> CommandView:
    """Return one command; raises NotFound `no_such_device` or `no_such_command`."""
    seen_by(caller, device_id)
    row = Command.of(caller.community_id, device_id, command_id)
    if row is None:
        raise NotFound("no_such_command", "没有找到该指令")
    return _view(row)


def _view(row: Command) -> CommandView:
    return CommandView(
        community_id=row.community_id,
        device_id=row.device_id,
        command_id=row.command_id,
        op=row.op,
        args=json.loads(row.payload)["args"],
        state=CommandState(row.state),
        reason=row.reason,
        cause_id=row.cause_id,
        ordered_by=row.ordered_by or None,
        why=row.why or None,
        sent_at=clock.from_epoch_ms(int(row.sent_at)),
        expires_at=clock.from_epoch_ms(int(row.expires_at)),
        settled_at=clock.from_epoch_ms(int(row.settled_at)) if row.settled_at else None,
    )
