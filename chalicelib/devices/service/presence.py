"""Devices that come and go at the broker: what they announce, and what the broker says of them."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import ValidationError

from chalicelib.core import clock
from chalicelib.core.logs import logger
from chalicelib.core.typed import adapter
from chalicelib.devices.rules.commands import MOST_UPTIME, Hello
from chalicelib.devices.rules.uplink import LONGEST_ID, most_boot
from chalicelib.devices.service import health, messages
from chalicelib.devices.service.keys import signing_key
from chalicelib.devices.service.registry import key_of, remembered
from chalicelib.devices.tables.registry import Device, note_hello

TIME_S = 5
"""How long our answer to a hello may travel: the device's clock errs by no more than that."""

HEARD_WITHIN = timedelta(seconds=3)
"""A hello that took longer (a retry of Lambda's comes minutes later) would set a clock wrong by
as much: it is dropped, and the device says hello again until it is told the time."""

Presence = Callable[[str, str, bool, datetime], None]
"""(community, device, whether it is connected, since when by our clock)."""

TOLD: tuple[Presence, ...] = (health.last_will,)
"""Who is told that a device came or went."""


def hear_hello(device_id: str, message: str, received_at: datetime) -> None:
    """Keep the session that a device announces, and tell it our time.

    The device's clock is its monotonic one plus the offset learnt here, never its own
    calendar. The answer is signed with the key that it spoke with: nobody else tells it
    the time, and so none of its commands lives longer than we said.
    """
    if clock.now() - received_at > HEARD_WITHIN:
        logger().warning("hello came late", extra={"device": device_id})
        return
    heard = messages.said(device_id, message)
    try:
        hello = adapter(Hello).validate_python(heard and heard[1])
    except ValidationError:
        hello = None
    if heard is None or hello is None or not _usable(hello, received_at):
        logger().warning("hello refused", extra={"device": device_id})
        return
    key_id, at_ms = _key_named(message), clock.epoch_ms(received_at)
    if note_hello(device_id, hello, at_ms, key_id=key_id):
        _tell_time(heard[0], key_id, hello)


def _tell_time(device: Device, key_id: str, hello: Hello) -> None:
    told = {
        "cloud": clock.epoch_ms(clock.now()),
        "monotonic": hello.monotonic,
        "session": hello.session,
    }
    key = key_of(device, key_id)
    if key is None:  # it signed with a public key's other half, which we do not have
        key_id, key = signing_key(device)
    payload, signature = messages.signed(device.device_id, key, told)
    answer = {"p": payload, "s": signature, "kid": key_id}
    messages.tell(device, "time", json.dumps(answer).encode(), expiry_s=TIME_S)


def _usable(hello: Hello, at: datetime) -> bool:
    counts = 0 <= hello.boot <= most_boot(at) and 0 <= hello.monotonic <= MOST_UPTIME
    return counts and len(hello.session) <= LONGEST_ID


def _key_named(message: str) -> str:
    """Return the key id of a message whose signature was good."""
    return str(json.loads(_text(message))["kid"])


def hear_state(
    community_id: str,
    device_id: str,
    message: str,
    received_at: datetime,
    *,
    told: tuple[Presence, ...] = TOLD,
) -> None:
    """Hear that a device is connected, or the broker's word that it is gone (its last will).

    A will is written before the device knows when it will die, so nothing in it is signed:
    the topic is, by the broker's access list, and the device must belong to the topic's
    community.
    """
    device, online = remembered(device_id), _online(message)
    if device is None or device.community_id != community_id or online is None:
        logger().warning("state refused", extra={"device": device_id})
        return
    for tell in told:
        tell(community_id, device_id, online, received_at)


def _online(message: str) -> bool | None:
    """Return what a state message says, or None for what says nothing."""
    try:
        online = json.loads(_text(message))["online"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return online if isinstance(online, bool) else None


def _text(message: str) -> str:
    """Undo the base64 in which AWS IoT rules pass bytes on: IoT SQL has no text of a message."""
    return message if message.lstrip().startswith("{") else base64.b64decode(message).decode()
