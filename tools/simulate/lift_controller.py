"""A simulated lift controller: holds the door on `lift.hold`, and always frees it by itself."""

from __future__ import annotations

import time

from tools.simulate.mqtt_device import MqttDevice
from tools.simulate.signing import Json

HOLD_LIMIT_S = 120  # DEVICES.md: auto-release, whatever the cloud says.


class LiftController(MqttDevice):
    """Holds the door until released or `max_s` has passed; `holds` counts the holds."""

    holds: int = 0
    releases: int = 0
    fire_mode: bool = False
    held_until: float = 0.0

    def act(self, op: str, args: Json) -> tuple[str, str]:
        """Hold or release; fire mode outranks every hold (FLOWS.md 11)."""
        if op == "lift.release":
            self.releases += 1
            self.held_until = 0.0
            return "DONE", ""
        if op != "lift.hold":
            return super().act(op, args)
        if self.fire_mode:
            return "REJECTED", "fire_mode"
        self.holds += 1
        self.held_until = time.monotonic() + min(
            float(args.get("max_s", HOLD_LIMIT_S)), HOLD_LIMIT_S
        )
        return "DONE", ""

    @property
    def held(self) -> bool:
        """Whether the door is held right now."""
        return time.monotonic() < self.held_until
