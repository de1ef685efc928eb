"""What devices are told: signed, short-lived, sent once, and settled once."""

import base64
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from chalicelib.core import clock, outbox, sweep
from chalicelib.core.config import settings
from chalicelib.core.errors import Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.table import shard_of, tenant_key
from chalicelib.core.typed import adapter
from chalicelib.devices import rules
from chalicelib.devices.drivers import DRIVERS
from chalicelib.devices.events import CommandSettled
from chalicelib.devices.rules import CommandState, Hello
from chalicelib.devices.service.registry import device_of, key_of, remembered
from chalicelib.devices.tables import (
    COMMANDS_KEPT_S,
    Command,
    CommandAck,
    Device,
    note_hello,
)

POLL_S = 0.02
GRACE = timedelta(seconds=2)
"""How long after a command's end its acknowledgement may still be on its way."""


@dataclass(frozen=True)
class Outcome:
    """Where a command is, and the device's reason if it refused."""

    state: CommandState
    reason: str = ""


@dataclass(frozen=True)
class Cause:
    """Why a command is sent: the effect it belongs to, and on whose behalf."""

    id: str
    by: str


def prepare(
    community_id: str,
    device_id: str,
    op: str,
    args: dict[str, Any],
    *,
    command_id: str,
    cause: Cause,
) -> Command:
    """Return a signed command as a row for the caller's own transaction.

    One read. The command is void after its operation's TTL; it names the session that
    the device announced last, so that a device which restarted since ignores it. Raises
    NotFound `no_such_device`, Unprocessable `wrong_device_kind`.
    """
    device = device_of(community_id, device_id)
    if device.kind != rules.OPS[op].kind:
        raise Unprocessable("wrong_device_kind", "该设备不支持此操作")
    at = clock.now()
    end = at + rules.OPS[op].ttl
    told = {
        "id": command_id,
        "op": op,
        "args": args,
        "iat": clock.epoch_ms(at),
        "exp": clock.epoch_ms(end),
        "session": device.session or "",
        "by": cause.by,
    }
    payload, signature, key_id = _signed(device, told)
    return Command(
        device_key=tenant_key(community_id, device_id),
        command_id=command_id,
        community_id=community_id,
        device_id=device_id,
        op=op,
        cause_id=cause.id,
        payload=payload,
        signature=signature,
        key_id=key_id,
        state=CommandState.SENT,
        expires_at=clock.epoch_ms(end),
        expires=int(at.timestamp()) + COMMANDS_KEPT_S,
        shard=shard_of("open", command_id),
    )


def _signed(device: Device, told: dict[str, Any]) -> tuple[str, str, str]:
    """Return payload, signature and key id under the device's newest key."""
    payload = json.dumps(told, separators=(",", ":"), sort_keys=True)
    key_id = list(device.keys)[-1]  # keys stand in the order of their making
    key = key_of(device, key_id)
    assert key is not None  # an enrolled device has at least one key
    return payload, rules.message_signature(key, device.device_id, payload), key_id


def dispatch(command: Command) -> None:
    """Publish a committed command, once. A broker that does not answer loses it: it expires."""
    message = {"p": command.payload, "s": command.signature, "kid": command.key_id}
    longest_ms = rules.OPS[command.op].ttl // timedelta(milliseconds=1)  # our clock may step back
    left_ms = min(longest_ms, int(command.expires_at) - clock.epoch_ms(clock.now()))
    if left_ms <= 0:
        return
    topic = f"linli/v1/{command.community_id}/{command.device_id}/cmd"
    try:
        DRIVERS.load(settings().command_bus).publish(
            topic, json.dumps(message).encode(), expiry_s=-(-left_ms // 1000)
        )
    except Exception:  # noqa: BLE001 -- the row is committed and will expire; never send twice
        logger().exception("command not published", extra={"command": command.command_id})


def await_result(
    community_id: str, device_id: str, command_id: str, *, end: datetime, until: datetime
) -> Outcome:
    """Read until the device has answered; at `until` say what the command itself knows.

    An answer that came after the command's `end` is not believed here: it was too late.

    That is SENT while it is under way, and the settled state when the answer was heard
    before and its message is gone.
    """
    while True:
        ack = CommandAck.find(device_id, command_id)
        if ack is not None and ack.received_at <= clock.epoch_ms(end + GRACE):
            outcome = _believed(community_id, ack)
            if outcome is not None:
                return outcome
        if clock.now() >= until:
            command = Command.of(community_id, device_id, command_id)
            return Outcome(CommandState(command.state) if command else CommandState.SENT)
        time.sleep(POLL_S)


def _believed(community_id: str, ack: CommandAck) -> Outcome | None:
    answer = _verified(ack.device_id, ack.payload, expect=community_id)
    if answer is None or answer.get("id") != ack.command_id or answer.get("result") not in RESULTS:
        return None
    return Outcome(CommandState(answer["result"]), str(answer.get("reason", ""))[:100])


RESULTS = (CommandState.DONE, CommandState.REJECTED, CommandState.FAILED)
"""What a device may say of a command. A tuple: `in` must not hash what a device sent."""


def _verified(device_id: str, message: str, *, expect: str | None = None) -> dict[str, Any] | None:
    """Return the payload of a device's signed message, or None if it is not the device's.

    The signature comes first: nothing of an unsigned payload is parsed.
    """
    device = remembered(device_id)
    if device is None or (expect is not None and device.community_id != expect):
        return None
    try:
        outer = json.loads(_text(message))
        payload, offered = str(outer["p"]), str(outer["s"])
        key = key_of(device, str(outer["kid"]))
        signed = key and rules.same(rules.message_signature(key, device_id, payload), offered)
        said = json.loads(payload) if signed else None
        json.dumps(said, ensure_ascii=False).encode()  # half a surrogate can be stored nowhere
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _text(message: str) -> str:
    """Undo the base64 in which AWS IoT rules pass bytes on: IoT SQL has no text of a message."""
    return message if message.lstrip().startswith("{") else base64.b64decode(message).decode()


def settle(community_id: str, device_id: str, message: str, received_at: datetime) -> None:
    """Apply a device's acknowledgement: DONE, REJECTED or FAILED in time, else LATE_ACK.

    Forged or foreign ones are logged and change nothing; a repeated one finds the command
    settled.
    """
    answer = _verified(device_id, message, expect=community_id)
    if answer is None or answer.get("result") not in RESULTS:
        logger().warning("acknowledgement refused", extra={"device": device_id})
        return
    command = Command.of(community_id, device_id, str(answer.get("id"))[:64])
    if command is None:
        logger().warning("acknowledgement of nothing", extra={"device": device_id})
        return
    in_time = received_at <= clock.from_epoch_ms(int(command.expires_at)) + GRACE
    if not in_time and command.state == CommandState.SENT:
        _finish(command, CommandState.EXPIRED, "")
    state = CommandState(answer["result"]) if in_time else CommandState.LATE_ACK
    if rules.may_follow(CommandState(command.state), state):
        _finish(command, state, str(answer.get("reason", ""))[:100])


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
        _finish(command, CommandState.EXPIRED, "")
    return True


def _finish(command: Command, state: CommandState, reason: str) -> None:
    command.settle(state, reason)
    settled = CommandSettled(
        community_id=command.community_id,
        device_id=command.device_id,
        command_id=command.command_id,
        op=command.op,
        state=state.value,
        reason=reason,
        cause_id=command.cause_id,
        settled_at=clock.now(),
    )
    outbox.commit(command, events=(settled,))


def hear_hello(device_id: str, message: str, received_at: datetime) -> None:
    """Keep the session that a device announces, and tell it our time.

    The device's clock is its monotonic one plus the offset learnt here, never its own
    calendar.
    """
    device = remembered(device_id)
    try:
        hello = adapter(Hello).validate_python(_verified(device_id, message))
    except ValidationError:
        hello = None
    if (
        device is None
        or hello is None
        or len(hello.session) > rules.LONGEST_ID
        or not (0 <= hello.boot <= rules.MOST_BOOT)
    ):
        logger().warning("hello refused", extra={"device": device_id})
        return
    if not note_hello(device_id, hello.session, hello.boot, clock.epoch_ms(received_at)):
        return
    told = {
        "cloud": clock.epoch_ms(clock.now()),
        "monotonic": hello.monotonic,
        "session": hello.session,
    }
    topic = f"linli/v1/{device.community_id}/{device_id}/time"
    DRIVERS.load(settings().command_bus).publish(topic, json.dumps(told).encode(), expiry_s=5)
