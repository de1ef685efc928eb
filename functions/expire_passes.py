"""Close the passes whose window is over: once a minute."""

from typing import Any

from chalicelib.access import public as access


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many were closed."""
    return access.expire_passes()
