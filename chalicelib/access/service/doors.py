"""Which devices may ask at all: for a decision, or for a list."""

from chalicelib.core.errors import Unprocessable
from chalicelib.devices import public as devices


def require_door(speaker: devices.Speaker) -> None:
    """Raise Unprocessable `not_a_door` for a device that lets nobody through."""
    if speaker.kind not in devices.DOORS:
        raise Unprocessable("not_a_door", "该设备不是门禁设备")
