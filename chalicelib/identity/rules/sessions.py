"""Pure rules of signing in: lifetimes, rotation, passwords."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RESIDENT_IDLE = timedelta(days=30)
"""A resident's session ends when nobody refreshes it for so long."""

RESIDENT_LONGEST = timedelta(days=180)
STAFF_LONGEST = timedelta(hours=12)
"""A working day: staff sign in again on the next one."""

GRACE = timedelta(seconds=30)
"""The last refresh token but one still gets the current one: its answer may have been lost."""

TICKET_LIVES = timedelta(minutes=10)
"""Between a WeChat sign-in that we do not know yet and its phone number."""

SETUP_LIVES = timedelta(days=3)
"""A set-up code, given by an administrator in person."""

RECOVERY_CODES = 10
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
MANY_KINDS = 3


class Use(StrEnum):
    """What a refresh token that is shown may get."""

    ROTATE = "ROTATE"
    AGAIN = "AGAIN"
    REUSED = "REUSED"


@dataclass(frozen=True)
class Rotation:
    """Where a session's refresh tokens are: the newest one's number, and when it was made."""

    generation: int
    rotated_at: datetime


def use_of(generation: int, now_at: Rotation, at: datetime) -> Use:
    """Return what a refresh token of this generation gets (RFC 9700 4.14.2).

    Anything but the newest one, and shortly the one before it, was copied: somebody else
    holds its successor.
    """
    if generation == now_at.generation:
        return Use.ROTATE
    if generation == now_at.generation - 1 and at - now_at.rotated_at <= GRACE:
        return Use.AGAIN
    return Use.REUSED


def ends_at(audience: str, started: datetime, at: datetime) -> datetime:
    """Return when a session that was just used will end by itself."""
    if audience == "resident":
        return min(at + RESIDENT_IDLE, started + RESIDENT_LONGEST)
    return started + STAFF_LONGEST


def weakness_of(login: str, password: str) -> str | None:
    """Return why a password is not taken, as a refusal's code, or None.

    Length first (NIST SP 800-63B); three kinds of characters below 16, as graded
    protection asks (GB/T 22239 8.1.4.1).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return "password_length"
    if login.lower() in password.lower() or len(set(password)) <= len(password) // 3:
        return "password_guessable"
    kinds = sum(bool(re.search(kind, password)) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"[\W_]"))
    if len(password) < 16 and kinds < MANY_KINDS:  # noqa: PLR2004 -- see the docstring
        return "password_too_plain"
    return None
