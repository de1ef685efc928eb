"""End visits that nobody used, and notice those that overstay: once a minute."""

from typing import Any

from chalicelib.vehicles import public as vehicles


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many were ended or noticed."""
    return vehicles.lapse_visits()
