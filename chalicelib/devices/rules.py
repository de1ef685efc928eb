"""Pure rules of devices: signatures, freshness, commands and their states (DEVICES.md)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

KEY_BYTES = 32
WINDOW = timedelta(seconds=300)
"""How far a signed timestamp may lie from our clock, either way (Standard Webhooks)."""

LIVE_FOR = timedelta(minutes=5)
"""An event older than this is history: it starts no live action."""

RATE, BURST = 10.0, 50.0
"""Events a second that one device may report, and how many at once (DEVICES.md)."""

ALARM_BURST = 200.0
"""The same for alarms, which have a bucket of their own: one mad sensor must not drown an SOS."""

LONGEST_ID = 64
FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_DEPTH = 32
INT64 = 2**63
MOST_BOOT = 2**53
MOST_EVENTS = 100
MOST_BYTES = 256 * 1024


class Kind(StrEnum):
    """What a device is."""

    PANEL = "panel"
    GATE = "gate"
    LIFT_CAMERA = "lift_camera"
    LIFT_CONTROLLER = "lift_controller"
    SMOKE_SENSOR = "smoke_sensor"
    GAS_SENSOR = "gas_sensor"
    WRISTBAND = "wristband"


EVENTS: Mapping[str, Kind] = {
    "panel.call": Kind.PANEL,
    "lift.sighting": Kind.LIFT_CAMERA,
    "smoke.detected": Kind.SMOKE_SENSOR,
    "gas.detected": Kind.GAS_SENSOR,
    "sos.pressed": Kind.WRISTBAND,
}
"""What each kind of device may report; anything else is refused item by item."""

URGENT = frozenset({"sos.pressed", "smoke.detected", "gas.detected"})
"""Event types with a queue and reserved concurrency of their own (SECURITY.md 18)."""


@dataclass(frozen=True)
class Op:
    """A command that a kind of device understands; it is void `ttl` after its sending."""

    name: str
    kind: Kind
    ttl: timedelta


OPS: Mapping[str, Op] = {
    op.name: op
    for op in (
        Op("gate.open", Kind.GATE, timedelta(seconds=5)),
        Op("lift.hold", Kind.LIFT_CONTROLLER, timedelta(seconds=10)),
        Op("lift.release", Kind.LIFT_CONTROLLER, timedelta(seconds=10)),
    )
}


@dataclass(frozen=True)
class Reported:
    """One event as a device sent it; `boot` and `sequence` order a device's own events."""

    id: str
    type: str
    occurred_at: datetime
    boot: int
    sequence: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Hello:
    """What a device announces when it connects; `monotonic` is its own milliseconds."""

    session: str
    boot: int
    monotonic: int


class CommandState(StrEnum):
    """Where a command is."""

    SENT = "SENT"
    DONE = "DONE"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    LATE_ACK = "LATE_ACK"


ARROWS: Mapping[CommandState, frozenset[CommandState]] = {
    CommandState.SENT: frozenset(
        {
            CommandState.DONE,
            CommandState.REJECTED,
            CommandState.FAILED,
            CommandState.EXPIRED,
        }
    ),
    CommandState.EXPIRED: frozenset({CommandState.LATE_ACK}),
    CommandState.DONE: frozenset(),
    CommandState.REJECTED: frozenset(),
    CommandState.FAILED: frozenset(),
    CommandState.LATE_ACK: frozenset(),
}
"""The only legal transitions. A late acknowledgement is recorded and never counts as DONE."""


def event_refusal(kind: str, event_type: str) -> str | None:
    """Return why a device of this kind may not report this, or None.

    `unknown_event_type` for what nobody declared, `not_of_this_kind` for a gate that rings.
    """
    if event_type not in EVENTS:
        return "unknown_event_type"
    return None if EVENTS[event_type] == kind else "not_of_this_kind"


def may_follow(state: CommandState, following: CommandState) -> bool:
    """Return whether a command may go from one state to the other."""
    return following in ARROWS[state]


def uplink_signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Return `v1,<base64>` over `id.timestamp.body` (Standard Webhooks, HMAC-SHA256)."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def message_signature(key: bytes, device_id: str, payload: str) -> str:
    """Return the base64 HMAC-SHA256 over `device_id.payload` of an MQTT message."""
    signed = f"{device_id}.{payload}".encode()
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def mqtt_password(key: bytes) -> str:
    """Return a device's password at a broker, which shows nobody the key it signs with."""
    return base64.b64encode(hmac.digest(key, b"mqtt", hashlib.sha256)).decode()


def same(one: str, other: str) -> bool:
    """Compare two signatures in constant time (SECURITY.md 16)."""
    return hmac.compare_digest(one.encode(), other.encode())


def in_window(timestamp: datetime, at: datetime) -> bool:
    """Return whether a signed timestamp is near enough to our clock."""
    return abs(at - timestamp) <= WINDOW


def timely(text: str) -> datetime:
    """Return the UTC instant of an RFC 3339 text; raises ValueError outside 2000 to 2100.

    A device's clock may be years wrong and its events still count, but a date that our
    arithmetic cannot hold would harm every reader of the row.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ValueError("time must have an offset and lie between 2000 and 2100")
    return moment.astimezone(UTC)


def travels(data: object, depth: int = MOST_DEPTH) -> bool:
    """Return whether JSON is shallow enough for every parser and its integers fit 64 bits."""
    if isinstance(data, int):
        return abs(data) < INT64
    if not isinstance(data, dict | list):
        return True
    inside = data.values() if isinstance(data, dict) else data
    return depth > 0 and all(travels(one, depth - 1) for one in inside)


@dataclass(frozen=True)
class Bucket:
    """A token bucket: `level` tokens at an instant; it fills at `RATE` up to its burst."""

    level: float
    at: datetime

    def after(self, wanted: int, at: datetime, *, burst: float = BURST) -> "Bucket | None":
        """Return the bucket with `wanted` tokens taken, or None if it has too few.

        A batch larger than the burst needs a full bucket and leaves a debt.
        """
        filled = min(burst, self.level + RATE * max(0.0, (at - self.at).total_seconds()))
        if filled < min(wanted, burst):
            return None
        return Bucket(filled - wanted, at)


def is_live(occurred_at: datetime, received_at: datetime) -> bool:
    """Return whether an event is fresh enough to act on.

    The device's clock is only a label: a stamp in the future says that the clock is
    wrong, not that the event is old.
    """
    return received_at - occurred_at <= LIVE_FOR
