"""A car as a camera saw it, and what is told of its coming and going."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock
from chalicelib.core.errors import NotFound
from chalicelib.devices import public as devices
from chalicelib.vehicles.events import VehicleEntered, VehicleLeft
from chalicelib.vehicles.rules.plates import Plate
from chalicelib.vehicles.tables.stays import StayRow


@dataclass(frozen=True)
class Seen:
    """A car as a camera saw it at an instant; `index` is empty if its plate was not read.

    `cause` is the id of the event, or of the arrival that a guard decided on; `path` is where
    in the tree the camera stands, so that staff of a part see theirs.
    """

    community_id: str
    device_id: str
    place_id: str
    park_id: str
    cause: str
    at: datetime
    text: str = ""
    plate: Plate | None = None
    index: str = ""
    still: str | None = None
    late: bool = False
    path: str = ""

    @property
    def at_ms(self) -> int:
        """Return the instant in epoch milliseconds."""
        return clock.epoch_ms(self.at)


def path_of(community_id: str, device_id: str) -> str:
    """Return the node path of where a camera stands, empty if it is there no more; one read."""
    try:
        return devices.device_of(community_id, device_id).node_path or ""
    except NotFound:
        return ""


def entered(seen: Seen, stay: StayRow, by: str) -> VehicleEntered:
    """Return the fact that a car came in."""
    return VehicleEntered(
        community_id=stay.community_id,
        stay_id=stay.stay_id,
        park_id=stay.park_id,
        place_id=seen.place_id,
        device_id=seen.device_id,
        kind=stay.kind,
        unit_id=stay.unit_id or "",
        person_id=stay.person_id or "",
        admitted_by=by,
        late=seen.late,
        entered_at=seen.at,
    )


def left(seen: Seen, stay: StayRow) -> VehicleLeft:
    """Return the fact that a car went out."""
    return VehicleLeft(
        community_id=stay.community_id,
        stay_id=stay.stay_id,
        park_id=stay.park_id,
        place_id=seen.place_id,
        device_id=seen.device_id,
        kind=stay.kind,
        unit_id=stay.unit_id or "",
        person_id=stay.person_id or "",
        state=stay.state,
        late=seen.late,
        left_at=seen.at,
    )
