"""Pure rules of rings by a visitor's phone: how often, and when a flat is left in peace."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=10)
MOST_OF_ONE: Final = 4
"""Rings of one person at one flat within the window."""

MOST_AT_FLAT: Final = 12
"""Rings of all phones at one flat within the window; the panel at the door always rings."""


def refusal(rung_by: Iterable[str], person_id: str) -> str | None:
    """Return why a phone may not ring a flat again now, or None.

    `rung_by` are whose phones rang the flat within the window.
    """
    phones = list(rung_by)
    if phones.count(person_id) >= MOST_OF_ONE:
        return "rung_too_often"
    return "flat_rung_too_often" if len(phones) >= MOST_AT_FLAT else None
