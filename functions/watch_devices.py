"""Look at the devices whose look is due: who is silent, who is back, which order to remind of."""

from typing import Any

from chalicelib.devices import public as devices


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many devices had changed."""
    return devices.watch_devices()
