"""Pure rules of PINs: eight digits that open for one flat's visitors, and how often one may guess.

A PIN is asked for with its flat. 5 live ones of 10^8, and 5 guesses in ten minutes at a door for
a flat, leave 0.004 % a day to who guesses without rest (SECURITY.md 5).
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DIGITS: Final = 8
MOST_LIVE: Final = 5
"""Live PINs of one flat."""

FREE_TRIES: Final = 5
DOOR_TRIES: Final = 20
"""Wrong PINs of all flats together at one door: who tries flat after flat gets no further."""

WINDOW: Final = timedelta(minutes=10)
LOCK: Final = timedelta(minutes=10)
"""How long nobody may try after the last of the free tries."""

_PIN = re.compile(rf"[0-9]{{{DIGITS}}}")


@dataclass(frozen=True)
class Guesses:
    """Wrong PINs of late, and until when nobody may try."""

    failed_at: tuple[datetime, ...] = ()
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Live:
    """A live PIN of a flat: whose, its keyed hash, and its end if it has one."""

    holder: str
    pin_hash: str
    ends: datetime | None


def pin_of(key: bytes, secret: bytes) -> str:
    """Return the PIN that goes with a secret, so that it need not be kept to be shown again.

    Under a key of the server's alone: doors and phones have the secret, and learn no PIN by it.
    """
    drawn = int.from_bytes(hmac.digest(key, b"pin" + secret, hashlib.sha256)[:16], "big")
    return f"{drawn % 10**DIGITS:0{DIGITS}d}"


def is_pin(shown: str) -> bool:
    """Return whether something is eight digits."""
    return _PIN.fullmatch(shown) is not None


def hashed(key: bytes, unit_id: str, pin: str) -> str:
    """Return the keyed hash of a flat's PIN, in hex: what is kept instead of it."""
    return hmac.digest(key, f"{unit_id}:{pin}".encode(), hashlib.sha256).hex()


def is_locked(guesses: Guesses, at: datetime) -> bool:
    """Return whether nobody may try now."""
    return guesses.locked_until is not None and at < guesses.locked_until


def failed(guesses: Guesses, at: datetime, free: int = FREE_TRIES) -> Guesses:
    """Return the guesses after a wrong PIN; the last of the `free` ones within a window locks.

    One that was counted meanwhile may be younger than this one, and counts all the same.
    """
    late = (*(then for then in guesses.failed_at if then > at - WINDOW), at)
    if len(late) >= free:
        return Guesses((), at + LOCK)
    return Guesses(late, None)


def claim_refusal(live: Sequence[Live], pin_hash: str, at: datetime) -> str | None:
    """Return why a flat gets no such further PIN, or None."""
    others = [one for one in live if one.ends is None or at < one.ends]
    if any(hmac.compare_digest(one.pin_hash, pin_hash) for one in others):
        return "pin_taken"
    return "too_many_pins" if len(others) >= MOST_LIVE else None
