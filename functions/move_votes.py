"""Open, close, publish and end votes by the server's clock: once a minute."""

from typing import Any

from chalicelib.voting import public as voting


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many votes moved."""
    return voting.move_votes()
