"""Messages between us and a device over the broker: signed by both, read only when they are."""

import json
from typing import Any

from chalicelib.core.config import settings
from chalicelib.devices.drivers import DRIVERS
from chalicelib.devices.events import topic
from chalicelib.devices.rules.signing import message_signature
from chalicelib.devices.service.admission import said_by
from chalicelib.devices.tables.registry import Device


def said(
    device_id: str, message: str, *, expect: str | None = None
) -> tuple[Device, dict[str, Any]] | None:
    """Return a device and the object that it signed, or None if it is not its own.

    `expect` is the community that the device must belong to.
    """
    known = said_by(device_id, message)
    if known is None or (expect is not None and known[0].community_id != expect):
        return None
    try:
        words = json.loads(known[1])
        json.dumps(words, ensure_ascii=False).encode()  # half a surrogate can be stored nowhere
    except (ValueError, RecursionError):
        return None
    return (known[0], words) if isinstance(words, dict) else None


def signed(device_id: str, key: bytes, told: dict[str, Any]) -> tuple[str, str]:
    """Return the text of what a device is told, and its signature."""
    payload = json.dumps(told, separators=(",", ":"), sort_keys=True)
    return payload, message_signature(key, device_id, payload)


def tell(device: Device, leaf: str, message: bytes, *, expiry_s: int) -> None:
    """Publish to a device of our own protocol, once; raises what the bus raises."""
    DRIVERS.load(settings().command_bus).publish(
        topic(device.community_id, device.device_id, leaf), message, expiry_s=expiry_s
    )
