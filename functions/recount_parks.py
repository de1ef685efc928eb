"""Make the counts of car parks right again, and end stays that were lost: every ten minutes."""

from typing import Any

from chalicelib.vehicles import public as vehicles


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many stays were ended and counts were wrong."""
    return vehicles.end_lost() + vehicles.recount()
