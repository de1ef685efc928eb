"""A simulated gate: opens on `gate.open`, counts every opening, shows a code of its own."""

from __future__ import annotations

import hashlib
import hmac
import time

from tools.simulate.machine import Machine
from tools.simulate.signing import DeviceKey

CODE_S = 30
"""How long a gate shows one code."""


class Gate(Machine):
    """Opens once for each accepted command; a `jammed` one FAILS and moves nothing."""

    @property
    def openings(self) -> int:
        """How often the bolt really moved."""
        return self.done["gate.open"]


def shown_code(key: DeviceKey, at_s: float | None = None) -> str:
    """Return what the screen of a door with this key shows at a moment (epoch seconds), or now."""
    step = int(time.time() if at_s is None else at_s) // CODE_S
    content = f"LG1.{key.device_id}.{step}"
    tag = hmac.digest(key.secret, content.encode(), hashlib.sha256).hex()[:16]
    return f"{content}.{tag}"
