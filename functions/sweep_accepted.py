"""Queue again the accepted batches that nobody finished: once a minute."""

from typing import Any

from chalicelib.devices import public as devices


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many batches were queued again."""
    return devices.sweep_accepted()
