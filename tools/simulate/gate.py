"""A simulated gate: opens on `gate.open`, counts every opening."""

from __future__ import annotations

from tools.simulate.mqtt_device import MqttDevice
from tools.simulate.signing import Json


class Gate(MqttDevice):
    """Opens once for each accepted command; `openings` counts how often the bolt really moved."""

    openings: int = 0
    jammed: bool = False

    def act(self, op: str, args: Json) -> tuple[str, str]:
        """Move the bolt; a jammed one FAILS and moves nothing."""
        if op != "gate.open":
            return super().act(op, args)
        if self.jammed:
            return "FAILED", "jammed"
        self.openings += 1
        return "DONE", ""
