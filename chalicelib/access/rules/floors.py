"""Pure rules of floors: which one a room is on, and which ones a visitor of it may ask for.

Floors are numbers as a lift's panel shows them; B1 is -1. There is no floor 0.
"""

import re
from collections.abc import Collection
from typing import Final

HIGHEST: Final = 150
LOWEST: Final = -10
MOST: Final = 20
"""Floors that one pass may have."""

_ROOM = re.compile(r"([0-9]{1,3})([0-9]{2})(?:室|房|号)?")


def floor_of(room: str) -> int | None:
    """Return the floor of a room by its number (1203 is on 12), or None if that does not say."""
    found = _ROOM.fullmatch(room.strip())
    floor = int(found[1]) if found else 0
    return floor if 0 < floor <= HIGHEST else None


def granted(room: str, public: Collection[int]) -> tuple[int, ...]:
    """Return the floors that a flat may let its visitors go to: its own, and the public ones."""
    own = floor_of(room)
    return tuple(sorted({*public, *(() if own is None else (own,))}))


def refusal(wanted: Collection[int], may: Collection[int]) -> str | None:
    """Return why a pass does not get these floors, or None."""
    return None if set(wanted) <= set(may) else "floor_not_yours"
