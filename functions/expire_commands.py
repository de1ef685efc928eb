"""Mark commands that nobody acknowledged as EXPIRED: once a minute."""

from typing import Any

from chalicelib.devices import public as devices


def handler(_event: dict[str, Any], _context: Any) -> int:
    """Return how many expired."""
    return devices.expire_commands()
