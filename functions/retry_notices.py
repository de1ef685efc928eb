"""Send the messages that had to wait, and end those that were interrupted: once a minute."""

from typing import Any

from chalicelib.notices import public as notices


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many were looked after."""
    return notices.retry()
