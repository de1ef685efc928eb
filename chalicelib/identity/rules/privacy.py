"""Privacy: who sees how much of a person (LAW.md 3.3), and by when a deletion is done."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from enum import StrEnum


class Sight(StrEnum):
    """How much of a field is shown."""

    FULL = "full"
    MASKED = "masked"
    HIDDEN = "hidden"


class Reason(StrEnum):
    """Why staff may look at a resident; each comes with a ticket."""

    REPAIR = "repair"
    COMPLAINT = "complaint"
    BILLING = "billing"
    BINDING = "binding"
    EMERGENCY = "emergency"
    CARE = "care"


FIELDS = ("name", "phone", "id_number", "units")

SIGHT: Mapping[str, Mapping[str, Sight]] = {
    "property_manager": {
        "name": Sight.FULL,
        "phone": Sight.MASKED,
        "id_number": Sight.MASKED,
        "units": Sight.FULL,
    },
    "property_clerk": {"name": Sight.FULL, "phone": Sight.MASKED, "units": Sight.FULL},
    "guard": {"name": Sight.MASKED, "units": Sight.FULL},
}
"""Role × field; what is not written here is hidden."""

SEES_CHILDREN = frozenset({"property_manager"})
"""Who may see a child's data: each view is the manager's own (LAW.md P6)."""

_ORDER = (Sight.FULL, Sight.MASKED, Sight.HIDDEN)


def sight(roles: Iterable[str], field: str) -> Sight:
    """Return how much of a field these roles see together."""
    seen = [SIGHT.get(role, {}).get(field, Sight.HIDDEN) for role in roles]
    return min(seen, key=_ORDER.index, default=Sight.HIDDEN)


def masked(field: str, text: str) -> str:
    """Return a text with its middle hidden: 138****1234, 张**, 33**************3X."""
    if field == "name":
        return text[:1] + "*" * max(1, len(text) - 1)
    if field == "phone":
        return _middle(text, 3, 4)
    return _middle(text, 2, 2)


def _middle(text: str, first: int, last: int) -> str:
    """Hide all but both ends; a text too short for that is hidden whole."""
    if len(text) < first + last + 2:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]


_CHINA = timezone(timedelta(hours=8))
WORKING_DAYS = 15
"""A deletion is finished within so many working days (PIPL 50; LAW.md P7)."""


def due(asked: datetime) -> datetime:
    """Return the end of the fifteenth working day of China: weekends are left out.

    Public holidays would only move it later; we promise the earlier day.
    """
    left, day = WORKING_DAYS, asked.astimezone(_CHINA)
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5  # noqa: PLR2004 -- Monday to Friday
    return day
