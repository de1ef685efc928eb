"""Who may report how much: signatures, the flow of each device, quarantine (DEVICES.md)."""

import base64
import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Any

from chalicelib.core import clock, outbox
from chalicelib.core.errors import BadRequest, TooLarge, TooMany, Unauthenticated
from chalicelib.core.logs import logger
from chalicelib.devices.events import DeviceQuarantined
from chalicelib.devices.rules.catalogue import URGENT
from chalicelib.devices.rules.signing import (
    ED25519,
    HMAC,
    KEY_BYTES,
    in_window,
    mac,
    message_content,
    same,
    uplink_content,
)
from chalicelib.devices.rules.uplink import (
    LONGEST_ID,
    MOST_BYTES,
    QUARANTINE_FOR,
    Admission,
    Flow,
    Verdict,
    admission,
)
from chalicelib.devices.service import replays
from chalicelib.devices.service.keys import public_key_of, speaker
from chalicelib.devices.service.registry import key_of
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.uplink import EVENTS_KEPT_S, Quarantine

MOST_SIGNATURES = 3
"""Signatures tried of one header: the old key's, the new key's, one to spare."""

NO_KEY = b"\x00" * KEY_BYTES
"""Checked against when device or key is unknown, so that both take the same time."""

MOST_FLOWS = 10_000


def authenticate(headers: Mapping[str, str], body: bytes) -> Device:
    """Return the device that signed these bytes (Standard Webhooks; DEVICES.md).

    Raises Unauthenticated: `stale_timestamp` with our time in the details, or
    `bad_signature` for whatever else is wrong; TooLarge over 256 KB, BadRequest
    `message_id_too_long`.
    """
    if len(body) > MOST_BYTES:
        raise TooLarge("batch_too_large", "事件批次不能超过 256 KB")
    stamp, message_id = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")
    if len(message_id) > LONGEST_ID:
        raise BadRequest("message_id_too_long", "webhook-id 不能超过 64 个字符")
    key_id = headers.get("x-linli-key-id", "")
    device = speaker(headers.get("x-linli-device", "")[:LONGEST_ID], key_id)
    content = uplink_content(message_id, stamp, body)
    offered = headers.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    signed = _is_signed(device, key_id, content, offered)
    if device is None or not signed or not message_id:
        raise Unauthenticated("bad_signature", "设备签名无效")
    at = clock.now()
    if not _STAMP.fullmatch(stamp) or not in_window(_instant(stamp), at):
        raise Unauthenticated(
            "stale_timestamp", "设备时间偏差过大", details={"server_time": at.isoformat()}
        )
    return device


_STAMP = re.compile(r"[0-9]{1,11}")
"""Seconds since 1970: digits, and few enough to be a date."""


def _instant(stamp: str) -> datetime:
    return datetime.fromtimestamp(int(stamp), UTC)


def said_by(device_id: str, message: str) -> tuple[Device, str] | None:
    """Return a device and the text `p` of its signed MQTT message, or None if it is not its own.

    The signature comes first: nothing of an unsigned payload is parsed.
    """
    try:
        outer = json.loads(_text(message))
        payload, offered, key_id = (str(outer[name]) for name in ("p", "s", "kid"))
        content = message_content(device_id, payload)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    device = speaker(device_id, key_id)
    signed = _is_signed(device, key_id, content, (HMAC + offered, ED25519 + offered))
    return (device, payload) if device is not None and signed else None


def _text(message: str) -> str:
    """Undo the base64 in which AWS IoT rules pass bytes on: IoT SQL has no text of a message."""
    return message if message.lstrip().startswith("{") else base64.b64decode(message).decode()


def _is_signed(device: Device | None, key_id: str, content: bytes, offered: Sequence[str]) -> bool:
    """Return whether one of the offered signatures is of this device's live key."""
    key = key_of(device, key_id) if device is not None else None
    expected = HMAC + mac(key or NO_KEY, content)
    if key is not None or device is None:
        return any(same(expected, one) for one in offered) and key is not None
    public = public_key_of(device, key_id)
    return public is not None and any(_verifies(public, content, one) for one in offered)


def _verifies(public: bytes, content: bytes, offered: str) -> bool:
    from cryptography.exceptions import InvalidSignature

    if not offered.startswith(ED25519):
        return False
    try:
        signature = base64.b64decode(offered.removeprefix(ED25519), validate=True)
        _verifier(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4_096)
def _verifier(public: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public)


_flows: OrderedDict[str, Flow] = OrderedDict()
_flowing = threading.Lock()


def admit(
    device: Device,
    events: int,
    *,
    cost: int | None = None,
    alarm: bool,
    paced: bool = True,
    is_known: Callable[[], bool] = lambda: False,
) -> bool:
    """Count a device's events; raises TooMany `too_many_events`, or `quarantined`.

    The flows are this process's own: exact on one machine; on AWS each instance has its
    own, so that a storm is bounded by how many instances serve it, at no call per event.
    A device that is told 429 sends its alarms again. Rules: `devices.rules.uplink`.

    What would be refused is looked for first, if not too often: False, and nothing is
    counted, if it `is_known`, because somebody else may have sent it again.
    """
    at = clock.now()

    def offer(before: Flow) -> Admission:
        return admission(before, events, at, alarm=alarm, paced=paced, cost=cost)

    with _flowing:
        before = _flows.get(device.device_id) or Flow.new(at)
        found, looks = offer(before), before.looks.after(1, at)
        if _is_harmless(before, found, at):
            _keep(device.device_id, found.flow)
            return True
        if looks is not None:
            _keep(device.device_id, replace(before, looks=looks))
    if alarm or not before.is_held(at):
        if looks is None:
            raise TooMany(Verdict.TOO_MANY.value, _TOLD[Verdict.TOO_MANY], retry_after=1)
        if is_known():
            return False
    _count(device, offer, at)
    return True


def _count(device: Device, offer: Callable[[Flow], Admission], at: datetime) -> None:
    """Count events, whatever becomes of the device; raises TooMany if they are refused."""
    with _flowing:
        before = _flows.get(device.device_id) or Flow.new(at)
        found = offer(before)
        _keep(device.device_id, found.flow)
    if found.flow.is_held(at) and not before.is_held(at):
        _announce(device, found.flow.offered, at)
    if found.verdict is not Verdict.ADMITTED:
        raise TooMany(found.verdict.value, _TOLD[found.verdict], retry_after=found.wait_s)


def _is_harmless(before: Flow, found: Admission, at: datetime) -> bool:
    """Return whether events are admitted and hold the device no more than it was held."""
    return found.verdict is Verdict.ADMITTED and found.flow.is_held(at) == before.is_held(at)


def count_upload(device: Device, message_id: str, body: bytes) -> None:
    """Count a wish to upload as an event that is no storm; the same message again is free."""
    key = (device.device_id, f"upload {message_id}", hashlib.sha256(body).hexdigest())
    if replays.first_answer(key) is None:
        admit(device, 0, cost=1, alarm=False)
        replays.remember(key, {})


def uncount(device: Device, events: int, cost: int, *, alarm: bool) -> None:
    """Take back what was counted of events that turned out to have come before."""
    with _flowing:
        if flow := _flows.get(device.device_id):
            _keep(device.device_id, flow.without(events, cost, alarm=alarm))


def _keep(device_id: str, flow: Flow) -> None:
    _flows[device_id] = flow
    _flows.move_to_end(device_id)
    if len(_flows) > MOST_FLOWS:
        _flows.popitem(last=False)


HELD = "设备上报严重异常，已暂停接收，请检查设备"

_TOLD = {Verdict.TOO_MANY: "设备上报过于频繁，请稍后再试", Verdict.HELD: HELD}

_URGENT_WORDS = (b"\\u", *(name.encode() for name in sorted(URGENT)))
"""What a body has in it if it may hold an alarm, be it written in escapes."""


def held_s(device_id: str, body: bytes) -> int:
    """Return for how many seconds this may be turned away unread: a device in quarantine.

    Zero if it is not held, or if the body may hold an alarm. For who stands before us and
    answers in our stead: nothing is verified, and a forger only hears that it is held.
    """
    flow, at = _flows.get(device_id), clock.now()
    if flow is None or flow.held_until is None or not flow.is_held(at):
        return 0
    if any(word in body for word in _URGENT_WORDS):
        return 0
    return ceil((flow.held_until - at).total_seconds())


def _announce(device: Device, offered: int, at: datetime) -> None:
    """Say once that a device is in quarantine: in the log, and to whoever cares for devices.

    Several instances may find out: the row is keyed by the device and these five minutes.
    """
    logger().error("device quarantined", extra={"device": device.device_id, "events": offered})
    period = QUARANTINE_FOR.total_seconds()
    row = Quarantine(
        device_id=device.device_id,
        period=int(at.timestamp() // period),
        community_id=device.community_id,
        began_at=clock.epoch_ms(at),
        until=clock.epoch_ms(at + QUARANTINE_FOR),
        offered=offered,
        expires=int(at.timestamp()) + EVENTS_KEPT_S,
    )
    fact = DeviceQuarantined(
        community_id=device.community_id,
        device_id=device.device_id,
        kind=device.kind,
        place_id=device.place_id,
        offered=offered,
        began_at=at,
        until=at + QUARANTINE_FOR,
    )
    try:
        outbox.commit_once(row, events=(fact,))
    except Exception:  # noqa: BLE001 -- the quarantine holds, whether or not it could be told
        logger().exception("quarantine not announced", extra={"device": device.device_id})
