"""Pure rules of rotating codes: what a phone shows, and for how long it is good.

A code is `LP1.<holder id>.<step>.<26 characters>`: the step counts `STEP_S` seconds since 1970,
the characters are base32 of the first 128 bits of HMAC-SHA256(secret, step). A photo of it is
worth nothing a minute later (SECURITY.md 5, ASVS 5.0 V6.6.3).
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

STEP_S: Final = 30
DRIFT: Final = 1
"""Steps that a phone's clock may be off, either way."""

SECRET_BYTES: Final = 16
GOOD_FOR_S: Final = (2 * DRIFT + 1) * STEP_S
"""How long one code is taken at the longest."""

_CODE = re.compile(r"LP1\.([A-Za-z0-9_-]{1,64})\.(\d{1,12})\.([A-Z2-7]{26})")
_TOKEN = re.compile(r"LS1\.([A-Za-z0-9_-]{1,64})\.([A-Z2-7]{26})")


@dataclass(frozen=True)
class Code:
    """What a code says: whose it is, of which step, and its proof."""

    holder: str
    step: int
    proof: str


def step_at(at: datetime) -> int:
    """Return the step that an instant falls in."""
    return int(at.timestamp()) // STEP_S


def proof(secret: bytes, step: int) -> str:
    """Return the 26 characters that prove a step."""
    return _base32(hmac.digest(secret, str(step).encode(), hashlib.sha256)[:16])


def code(holder: str, secret: bytes, step: int) -> str:
    """Return what a phone shows in a step."""
    return f"LP1.{holder}.{step}.{proof(secret, step)}"


def read(shown: str) -> Code | None:
    """Return what was shown as a code, or None if it is none of ours."""
    found = _CODE.fullmatch(shown)
    return Code(found[1], int(found[2]), found[3]) if found else None


def is_proved(shown: Code, secret: bytes) -> bool:
    """Return whether a code was made with this secret; in constant time."""
    return hmac.compare_digest(proof(secret, shown.step), shown.proof)


def is_fresh(shown: Code, at: datetime) -> bool:
    """Return whether a code's step is the present one, or next to it."""
    return abs(shown.step - step_at(at)) <= DRIFT


def token(holder: str, secret: bytes) -> str:
    """Return what the mini-program makes codes from: whoever has it has the pass."""
    return f"LS1.{holder}.{_base32(secret)}"


def opened(shared: str) -> tuple[str, bytes] | None:
    """Return holder and secret of a token, or None if it is none of ours."""
    found = _TOKEN.fullmatch(shared)
    return (found[1], base64.b32decode(found[2] + "======")) if found else None


def _base32(value: bytes) -> str:
    return base64.b32encode(value).decode().rstrip("=")
