"""Announce the consents that are past their end: once an hour."""

from typing import Any

from chalicelib.identity import public as identity


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many were announced."""
    return identity.expire_consents()
