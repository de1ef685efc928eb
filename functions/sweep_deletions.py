"""Forget who has had no home for long enough, and finish deletions: once an hour."""

from typing import Any

from chalicelib.identity import public as identity


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many people were forgotten, and how many deletions finished."""
    return identity.forget_leavers() + identity.finish_deletions()
