"""A simulated lift controller: holds the door on `lift.hold`, and always frees it by itself."""

from __future__ import annotations

import time

from tools.simulate.machine import Machine
from tools.simulate.signing import Json

HOLD_LIMIT_S = 120  # DEVICES.md: auto-release, whatever the cloud says.


class LiftController(Machine):
    """Holds the door until released or `max_s` has passed."""

    fire_mode: bool = False
    held_until: float = 0.0

    @property
    def holds(self) -> int:
        """How often the door was held."""
        return self.done["lift.hold"]

    @property
    def releases(self) -> int:
        """How often the door was let go by command."""
        return self.done["lift.release"]

    def move(self, op: str, args: Json) -> tuple[str, str]:
        """Hold or release; fire mode outranks every hold (FLOWS.md 11)."""
        if op == "lift.release":
            self.held_until = 0.0
        if op == "lift.hold":
            if self.fire_mode:
                return "REJECTED", "fire_mode"
            self.held_until = time.monotonic() + min(float(args["max_s"]), HOLD_LIMIT_S)
        return super().move(op, args)

    @property
    def held(self) -> bool:
        """Whether the door is held right now."""
        return time.monotonic() < self.held_until
