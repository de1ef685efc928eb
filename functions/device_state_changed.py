"""Hear that a device is connected, or the broker's word that it is gone: its last will."""

from typing import Any

from chalicelib.core import clock
from chalicelib.devices import public as devices


def handler(event: dict[str, Any], _context: Any) -> None:
    """Handle one `state` of the topic rule; the topic's device is the broker's word."""
    _, _, community_id, device_id, _ = event["topic"].split("/")
    at = clock.from_epoch_ms(event["received_at"])
    devices.hear_state(community_id, device_id, event["payload"], at)
