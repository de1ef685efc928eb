"""A flat with two adults and a child, a panel at its gate, and a ring."""

import dataclasses
import uuid
from datetime import timedelta

import pytest

from chalicelib.access import public as access
from chalicelib.access.service import calls
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie


@dataclasses.dataclass
class Flat:
    community: str
    gate: devices.Enrolment
    panel: devices.Enrolment

    def resident(self, person: str = "per_1", community: str = "") -> Caller:
        return Caller(person, community or self.community, "resident", ("resident",), 2**40)

    def event(self, *, late_s: float = 0, **data) -> DeviceEventRecorded:
        at = clock.now()
        given = {"unit_id": "u1", "gate_id": self.gate.device_id, **data}
        return DeviceEventRecorded(
            community_id=self.community,
            device_id=self.panel.device_id,
            kind="panel",
            place_id="east",
            event_id=f"e_{uuid.uuid4().hex}",
            type="panel.call",
            data=given,
            boot=1,
            sequence=1,
            occurred_at=at - timedelta(seconds=late_s),
            received_at=at,
            live=late_s < 300,
        )

    def ring(self) -> str:
        """Ring the flat; return the call's id."""
        access.ring(self.event())
        return calls.calls(self.resident())[0].call_id


@pytest.fixture
def flat(cloud: None, community: str) -> Flat:
    identity.found_community(community, "和苑")
    for unit in ("u1", "u2"):
        identity.add_unit(community, unit, unit)
    ties = {"per_1": Tie.OWNER, "per_2": Tie.FAMILY, "kid": Tie.CHILD}
    for person, tie in ties.items():
        guardian = "per_1" if tie is Tie.CHILD else None
        identity.move_in(community, "u1", person, tie, guardian_id=guardian)
    identity.move_in(community, "u2", "per_9", Tie.TENANT)
    gate = devices.enrol(community, Kind.GATE, place_id="east", name="东门")
    panel = devices.enrol(community, Kind.PANEL, place_id="east", name="东门对讲")
    return Flat(community, gate, panel)
