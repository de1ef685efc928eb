"""The one pure decision at a door, online and at the edge: over entries, at an instant.

It knows of no debts: who owes the company money passes like everybody else (SECURITY.md I10,
Civil Code 944). The same entries give the same decision wherever it is made.
"""

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.access.rules import pins, qr
from chalicelib.access.rules.allow_lists import Entry
from chalicelib.core.paths import within

LIFT: Final = "lift_controller"

PASS: Final = "pass"  # noqa: S105 -- a kind of entry, no secret
"""The kind of an entry that is a visitor's: others bring whom they like."""

VALID_FOR_S: Final = 5
"""How long a door may act on a decision (SECURITY.md I9)."""


class Method(StrEnum):
    """How somebody shows who they are, where we are asked."""

    QR = "qr"
    PIN = "pin"
    CARD = "card"


class Direction(StrEnum):
    """Which way somebody goes."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a door opens or not; stable, for programs."""

    OK = "ok"
    UNREADABLE = "unreadable"
    UNKNOWN_CODE = "unknown_code"
    STALE_CODE = "stale_code"
    CODE_USED = "code_used"
    WRONG_PIN = "wrong_pin"
    PIN_LOCKED = "pin_locked"
    UNKNOWN_CARD = "unknown_card"
    WRONG_DOOR = "wrong_door"
    TOO_EARLY = "too_early"
    EXPIRED = "expired"
    SPENT = "spent"
    REVOKED = "revoked"
    NOT_APPROVED = "not_approved"
    TOO_MANY_COMPANIONS = "too_many_companions"
    PASSBACK = "passback"
    HOST_LEFT = "host_left"


@dataclass(frozen=True)
class Door:
    """A door: its node in the tree, empty if it has none, and its kind."""

    device_id: str
    path: str
    kind: str


@dataclass(frozen=True)
class Shown:
    """What somebody shows at a door; `unit_id` goes with a PIN.

    Of a card `shown` is the keyed hash of its number, never the number itself.
    """

    method: Method
    shown: str
    unit_id: str = ""
    direction: Direction = Direction.IN
    companions: int = 0


@dataclass(frozen=True)
class Decision:
    """Whether a door opens, why, for whom, and to which floors a lift may go."""

    allow: bool
    reason: Reason
    holder: str = ""
    floors: tuple[int, ...] = ()


def decide(
    entries: Iterable[Entry], shown: Shown, door: Door, at: datetime, *, pin_key: bytes
) -> Decision:
    """Return what a door does that holds these entries, at an instant."""
    entry, refused = _FOUND[shown.method](entries, shown, at, pin_key)
    if entry is None or refused is not Reason.OK:
        return Decision(allow=False, reason=refused)
    refused = _refusal(entry, shown, door, at)
    if refused is not Reason.OK:
        return Decision(allow=False, reason=refused, holder=entry.id)
    return Decision(allow=True, reason=Reason.OK, holder=entry.id, floors=tuple(entry.floors))


def spends(direction: Direction, kind: str) -> bool:
    """Return whether letting somebody through may take one of a pass's uses.

    Going out never does, nor does a lift: who is inside may always leave.
    """
    return direction is not Direction.OUT and kind != LIFT


def reaches(door_path: str, unit_path: str) -> bool:
    """Return whether a door serves a flat: the flat lies at or below the door's node.

    A door or flat without a place serves, or is served by, nobody.
    """
    return within(unit_path, door_path)


def _refusal(entry: Entry, shown: Shown, door: Door, at: datetime) -> Reason:
    now_ms = round(at.timestamp() * 1000)
    if entry.start is not None and now_ms < entry.start:
        return Reason.TOO_EARLY
    if entry.end is not None and now_ms >= entry.end:
        return Reason.EXPIRED
    if entry.kind == PASS and shown.companions > entry.companions:
        return Reason.TOO_MANY_COMPANIONS
    if entry.uses is not None and entry.uses <= 0 and spends(shown.direction, door.kind):
        return Reason.SPENT
    return Reason.OK


Found = tuple[Entry | None, Reason]


def _by_code(entries: Iterable[Entry], shown: Shown, at: datetime, _key: bytes) -> Found:
    code = qr.read(shown.shown)
    if code is None:
        return None, Reason.UNREADABLE
    entry = next((one for one in entries if one.id == code.holder and one.qr_key), None)
    if entry is None or not qr.is_proved(code, base64.b64decode(entry.qr_key)):
        return None, Reason.UNKNOWN_CODE
    return entry, Reason.OK if qr.is_fresh(code, at) else Reason.STALE_CODE


def _by_pin(entries: Iterable[Entry], shown: Shown, _at: datetime, pin_key: bytes) -> Found:
    if not pins.is_pin(shown.shown) or not shown.unit_id:
        return None, Reason.UNREADABLE
    wanted = pins.hashed(pin_key, shown.unit_id, shown.shown)
    found = [one for one in entries if one.pin_hash and hmac.compare_digest(one.pin_hash, wanted)]
    return (found[0], Reason.OK) if found else (None, Reason.WRONG_PIN)


def _by_card(entries: Iterable[Entry], shown: Shown, _at: datetime, _key: bytes) -> Found:
    found = [one for one in entries if one.card and hmac.compare_digest(one.card, shown.shown)]
    return (found[0], Reason.OK) if found else (None, Reason.UNKNOWN_CARD)


_FOUND = {Method.QR: _by_code, Method.PIN: _by_pin, Method.CARD: _by_card}


def is_code(method: Method) -> bool:
    """Return whether what is shown is a rotating code: such a one is good once, by any method."""
    return _FOUND[method] is _by_code
