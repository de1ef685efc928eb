"""Hear a device that came online: keep its session, tell it the time."""

from typing import Any

from chalicelib.core import clock
from chalicelib.devices import public as devices


def handler(event: dict[str, Any], _context: Any) -> None:
    """Handle one `hello` of the topic rule; the topic's device is the broker's word."""
    device_id = event["topic"].split("/")[3]
    devices.hear_hello(device_id, event["payload"], clock.from_epoch_ms(event["received_at"]))
