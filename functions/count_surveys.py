"""Count the surveys that are over: once a minute."""

from typing import Any

from chalicelib.surveys import public as surveys


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many were counted."""
    return surveys.count_due()
