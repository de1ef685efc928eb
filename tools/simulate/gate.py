"""A simulated gate: opens on `gate.open`, counts every opening."""

from __future__ import annotations

from tools.simulate.machine import Machine


class Gate(Machine):
    """Opens once for each accepted command; a `jammed` one FAILS and moves nothing."""

    @property
    def openings(self) -> int:
        """How often the bolt really moved."""
        return self.done["gate.open"]
