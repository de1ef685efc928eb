"""What became of a command: read while somebody waits, believed once, settled once."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import clock, context, outbox, sweep
from chalicelib.core.logs import logger
from chalicelib.devices.events import Carried, CommandSettled
from chalicelib.devices.rules.commands import LONGEST_REASON, CommandState, may_follow
from chalicelib.devices.service import carrying, messages
from chalicelib.devices.service.registry import remembered
from chalicelib.devices.tables.commands import Command, CommandAck

POLL_S = 0.02
GRACE = timedelta(seconds=2)
"""How long after a command's end its acknowledgement may still be on its way."""

MOST_WAITERS = 8


@dataclass(frozen=True)
class Outcome:
    """Where a command is, the device's reason if it refused, and when we heard of its end."""

    state: CommandState
    reason: str = ""
    settled_at: datetime | None = None


def await_result(
    community_id: str, device_id: str, command_id: str, *, end: datetime, until: datetime
) -> Outcome:
    """Read until the device has answered; at `until` say what the command itself knows.

    An answer that came after the command's `end` is not believed here: it was too late.

    That is SENT while it is under way, and the settled state when the answer was heard
    before and its message is gone. A device whose driver answers at once has done so before
    anybody waits, so that one read tells.
    """
    device = remembered(device_id)
    at_once = device is not None and carrying.answers_at_once(device)
    with patience(command_id) as patient:
        while not at_once:
            ack = CommandAck.find(device_id, command_id)
            if ack is not None and ack.received_at <= clock.epoch_ms(end + GRACE):
                outcome = _believed(community_id, ack)
                if outcome is not None:
                    return replace(outcome, settled_at=clock.from_epoch_ms(int(ack.received_at)))
            if not patient or clock.now() >= until:
                break
            time.sleep(POLL_S)
    command = Command.of(community_id, device_id, command_id)
    if command is None:
        return Outcome(CommandState.SENT)
    at = clock.from_epoch_ms(int(command.settled_at)) if command.settled_at else None
    return Outcome(CommandState(command.state), command.reason, at)


_waiters: Counter[str] = Counter()


@contextmanager
def patience(command_id: str) -> Iterator[bool]:
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


RESULTS = (CommandState.DONE, CommandState.REJECTED, CommandState.FAILED)
"""What a device may say of a command. A tuple: `in` must not hash what a device sent."""


def _believed(community_id: str, ack: CommandAck) -> Outcome | None:
    heard = messages.said(ack.device_id, ack.payload, expect=community_id)
    outcome = _outcome(heard[1]) if heard is not None else None
    return outcome if heard is not None and heard[1].get("id") == ack.command_id else None


def _outcome(answer: dict[str, Any]) -> Outcome | None:
    if answer.get("result") not in RESULTS:
        return None
    return Outcome(CommandState(answer["result"]), str(answer.get("reason", ""))[:LONGEST_REASON])


def settle(community_id: str, device_id: str, message: str, received_at: datetime) -> None:
    """Apply a device's acknowledgement: DONE, REJECTED or FAILED in time, else LATE_ACK.

    Forged or foreign ones are logged and change nothing; a repeated one finds the command
    settled.
    """
    heard = messages.said(device_id, message, expect=community_id)
    outcome = _outcome(heard[1]) if heard is not None else None
    if heard is None or outcome is None:
        logger().warning("acknowledgement refused", extra={"device": device_id})
        return
    command = Command.of(community_id, device_id, str(heard[1].get("id"))[:64])
    if command is None:
        logger().warning("acknowledgement of nothing", extra={"device": device_id})
        return
    _apply(command, outcome, received_at)


def settle_carried(command: Command, carried: Carried) -> None:
    """Apply what a device said at once, on the connection that carried the command.

    Beside whatever is being served: the command's own transaction has spent its key.
    """
    with context.serving(context.request_id()):
        _apply(command, Outcome(CommandState(carried.state), carried.reason), clock.now())


def _apply(command: Command, outcome: Outcome, received_at: datetime) -> None:
    in_time = received_at <= clock.from_epoch_ms(int(command.expires_at)) + GRACE
    if not in_time and command.state == CommandState.SENT:
        _finish(command, CommandState.EXPIRED, "", clock.now())
    state = outcome.state if in_time else CommandState.LATE_ACK
    if may_follow(CommandState(command.state), state):
        _finish(command, state, outcome.reason[:LONGEST_REASON], received_at)


def expire_commands(*, limit: int = 200) -> int:
    """Settle commands whose time is over: by what the device said in time, else EXPIRED.

    Returns how many ended.
    """
    return sweep.each(list(Command.overdue(clock.now() - GRACE, limit)), _expire)


def _expire(key: tuple[str, str]) -> bool:
    command = Command.find(*key)
    if command is None or command.state != CommandState.SENT:
        return False
    ack = CommandAck.find(command.device_id, command.command_id)
    if ack is not None and _believed(command.community_id, ack):
        received_at = clock.from_epoch_ms(int(ack.received_at))
        settle(command.community_id, command.device_id, ack.payload, received_at)
    else:
        _finish(command, CommandState.EXPIRED, "", clock.now())
    return True


def _finish(command: Command, state: CommandState, reason: str, at: datetime) -> None:
    command.settle(state, reason, at)
    settled = CommandSettled(
        community_id=command.community_id,
        device_id=command.device_id,
        command_id=command.command_id,
        op=command.op,
        state=state.value,
        reason=reason,
        cause_id=command.cause_id,
        settled_at=at,
    )
    outbox.commit(command, events=(settled,))
