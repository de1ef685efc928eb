"""A simulated entrance panel: a visitor presses the bell of a flat."""

from __future__ import annotations

from tools.simulate.http_device import HttpDevice, Picture
from tools.simulate.signing import Json


class Panel(HttpDevice):
    """Rings flats; each ring is one signed `panel.call` event."""

    def ringing(self, unit_id: str, gate_id: str, photo: Picture | None = None) -> Json:
        """Make the event of a ring without sending it."""
        facts: Json = {"unit_id": unit_id, "gate_id": gate_id}
        if photo is not None:
            facts["photo"] = photo.key
        return self.event("panel.call", facts)

    def ring(self, unit_id: str, gate_id: str, photo: Picture | None = None) -> Json:
        """Ring the flat's bell; returns the event that was accepted."""
        made = self.ringing(unit_id, gate_id, photo)
        self.send(made).raise_for_status()
        return made
