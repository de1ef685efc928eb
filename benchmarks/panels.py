"""More panels than the demo estate has: each device may report ten events a second."""

from __future__ import annotations

from chalicelib.devices import public as devices
from tools.simulate.estate import Device, Estate
from tools.simulate.panel import Panel
from tools.simulate.signing import DeviceKey


def enrolled(estate: Estate, count: int) -> list[Panel]:
    """Enrol so many panels at the estate's entrance, and return them ready to ring."""
    return [_panel(estate, number) for number in range(count)]


def _panel(estate: Estate, number: int) -> Panel:
    made = devices.enrol(
        estate.community_id,
        devices.Kind.PANEL,
        place_id="bench-entrance",
        name=f"bench {number}",
    )
    key = DeviceKey.from_text(made.device_id, made.key_id, made.key)
    device = Device("panel", estate.community_id, key, mqtt_user="", mqtt_password="")
    return Panel(device, estate.base_url)
