"""Pure rules of counted events: which of a vendor's serial numbers never came.

A terminal counts what it keeps, and sends from its memory what was not taken (`currentEvent`
false). Whoever knows which numbers are missing can ask it for them, and nobody need guess.
"""

from dataclasses import dataclass

MOST_RANGES = 50
"""Gaps that are remembered; beyond it the oldest are given up, and counted."""

MOST_MISSING = 10_000
"""A jump over more than this is no gap: the counter was set anew."""

SET_BACK = 1_000
"""A live event this far below the highest says that the counter began anew."""


@dataclass(frozen=True)
class Count:
    """How far a device has counted, and the ranges (both ends included) that are missing.

    `given_up` is how many numbers were in gaps that are not remembered any more.
    """

    highest: int | None = None
    missing: tuple[tuple[int, int], ...] = ()
    given_up: int = 0


def counted(count: Count, serial: int, *, replayed: bool = False) -> Count:
    """Return the count after an event of this number; in any order, and any number of times."""
    if count.highest is None:
        return Count(serial)
    jump = serial - count.highest
    if jump > MOST_MISSING or (jump < -SET_BACK and not replayed):
        return Count(serial, (), count.given_up + sum(_size(gap) for gap in count.missing))
    if jump <= 0:
        return Count(count.highest, _without(count.missing, serial), count.given_up)
    gaps = count.missing if jump == 1 else (*count.missing, (count.highest + 1, serial - 1))
    lost = gaps[:-MOST_RANGES]
    return Count(serial, gaps[-MOST_RANGES:], count.given_up + sum(_size(gap) for gap in lost))


def _size(gap: tuple[int, int]) -> int:
    return gap[1] - gap[0] + 1


def _without(gaps: tuple[tuple[int, int], ...], serial: int) -> tuple[tuple[int, int], ...]:
    kept: list[tuple[int, int]] = []
    for first, last in gaps:
        inside = first <= serial <= last
        parts = [(first, serial - 1), (serial + 1, last)] if inside else [(first, last)]
        kept += [part for part in parts if part[0] <= part[1]]
    return tuple(kept)
