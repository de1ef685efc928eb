"""More panels than the demo estate has: each device may report ten events a second."""

from __future__ import annotations

from chalicelib.devices import public as devices
from tools.simulate.estate import Device, Estate
from tools.simulate.panel import Panel
from tools.simulate.signing import DeviceKey


def enrolled(estate: Estate, count: int) -> list[Panel]:
    """Enrol so many panels, each beside the gate of its number, and return them ready to ring."""
    gates = [estate.device(gate_id) for gate_id in estate.ids["gates"]]
    return [_panel(estate, gates[number % len(gates)].place_id) for number in range(count)]


def _panel(estate: Estate, place_id: str) -> Panel:
    made = devices.enrol(
        estate.community_id, devices.Kind.PANEL, place_id=place_id, name="benchmark"
    )
    key = DeviceKey.from_text(made.device_id, made.key_id, made.key)
    return Panel(Device("panel", estate.community_id, key, "", ""), estate.base_url)
