"""Waiting for the world to become as it should, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], within_s: float = 5.0, *, every_s: float = 0.02) -> T:
    """Look again and again until something true is seen; return the last that was seen."""
    until = time.monotonic() + within_s
    while not (seen := look()) and time.monotonic() < until:
        time.sleep(every_s)
    return seen
