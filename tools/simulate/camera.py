"""A simulated lift camera: stores a still, then tells of it in a signed event."""

from __future__ import annotations

from tools.lift_pictures import render
from tools.simulate.http_device import HttpDevice
from tools.simulate.signing import Json


class Camera(HttpDevice):
    """Looks into a lift car; each look is one picture and one `lift.sighting` event."""

    def frame(self, kind: str, seed: int = 0) -> Json:
        """Upload a drawn picture of this kind and make its event without sending it."""
        return self.frame_of(render(kind, seed))

    def frame_of(self, picture: bytes) -> Json:
        """Upload these bytes and make their event without sending it."""
        stored = self.upload(picture)
        return self.event(
            "lift.sighting", {"picture": {"key": stored.key, "sha256": stored.sha256}}
        )

    def look(self, kind: str, seed: int = 0) -> Json:
        """Upload a picture and report it; returns the event that was accepted."""
        made = self.frame(kind, seed)
        self.send(made).raise_for_status()
        return made
