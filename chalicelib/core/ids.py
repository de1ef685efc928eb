"""Identifiers: time-sortable when new, deterministic when derived from a cause."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chalicelib.core import clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U

_bits: ContextVar[Callable[[int], int]] = ContextVar("bits", default=secrets.randbits)


def new_id(prefix: str) -> str:
    """Return `prefix_` and 26 characters: 48 bits of milliseconds, 80 random bits (ULID).

    Ids of one prefix sort by the time of their making, to the millisecond.
    """
    value = (clock.epoch_ms(clock.now()) << 80) | _bits.get()(80)
    return f"{prefix}_{_encode(value)}"


def derived(prefix: str, *causes: str) -> str:
    """Return the id that this effect of these causes always has.

    A redelivered cause meets the row it wrote before instead of writing a second one.
    """
    digest = hashlib.sha256("\x1f".join((prefix, *causes)).encode()).digest()
    return f"{prefix}_{_encode(int.from_bytes(digest[:16], 'big'))}"


@contextmanager
def drawing(bits: Callable[[int], int]) -> Iterator[None]:
    """Let `bits(n)` draw the random part within the block, so that a seed repeats a run."""
    token = _bits.set(bits)
    try:
        yield
    finally:
        _bits.reset(token)


def _encode(value: int) -> str:
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
