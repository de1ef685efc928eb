"""End the guards' requests that nobody dealt with in time: once a minute."""

from typing import Any

from chalicelib.access import public as access


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many were ended."""
    return access.lapse_desk()
