"""A flat with two adults and a child, a panel at its gate, and a ring."""

import base64
import dataclasses
import hashlib
import hmac
import uuid
from datetime import timedelta

import pytest

from chalicelib.access import public as access
from chalicelib.access.rules.gates import Near
from chalicelib.access.service import calls
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service.organisation import Place


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
        identity.add_unit(community, unit, unit, at=Place("1号楼", "", unit, 8000))
    ties = {"per_1": Tie.OWNER, "per_2": Tie.FAMILY, "kid": Tie.CHILD}
    for person, tie in ties.items():
        guardian = "per_1" if tie is Tie.CHILD else None
        identity.move_in(community, "u1", person, tie, guardian_id=guardian)
    identity.move_in(community, "u2", "per_9", Tie.TENANT)
    gate = devices.enrol(community, Kind.GATE, place_id="east", name="东门", node_path=community)
    panel = devices.enrol(
        community, Kind.PANEL, place_id="east", name="东门对讲", node_path=community
    )
    return Flat(community, gate, panel)


@dataclasses.dataclass
class House:
    """An estate with a street gate and two buildings, each with a door and a flat."""

    community: str
    gate: devices.Enrolment
    door: devices.Enrolment
    other_door: devices.Enrolment
    camera: devices.Enrolment

    def resident(self, person: str = "per_1", community: str = "") -> Caller:
        return Caller(person, community or self.community, "resident", ("resident",), 2**40)

    def staff(self, person: str = "per_g1", role: str = "guard", node_path: str = "") -> Caller:
        path = node_path or self.community
        return Caller(person, self.community, "property", (role,), 2**40, node_path=path)

    def code(self, device: devices.Enrolment, *, steps: int = 0) -> Near:
        """Return what the door's screen shows now, or so many steps of 30 s later."""
        step = int(clock.now().timestamp()) // 30 + steps
        content = f"LG1.{device.device_id}.{step}"
        secret = base64.b64decode(device.key)
        tag = hmac.new(secret, content.encode(), hashlib.sha256).hexdigest()[:16]
        return Near(code=f"{content}.{tag}")


@pytest.fixture
def house(cloud: None, community: str) -> House:
    identity.found_community(community, "和苑")
    estate = community
    places = {
        "u1": Place("1号楼", "1单元", "101", 8000),
        "u2": Place("2号楼", "1单元", "201", 8000),
    }
    for unit, at in places.items():
        identity.add_unit(community, unit, unit, at=at)
    for person in ("per_1", "per_2", "per_9", "visitor"):
        identity.register_person(community, name=person, person_id=person)
    identity.move_in(community, "u1", "per_1", Tie.OWNER)
    identity.move_in(community, "u1", "per_2", Tie.FAMILY)
    identity.move_in(community, "u1", "kid", Tie.CHILD, guardian_id="per_1")
    identity.move_in(community, "u2", "per_9", Tie.TENANT)
    spots = identity.paths_of(community, [("1号楼", "1单元", ""), ("2号楼", "", "")])

    def enrolled(kind: Kind, name: str, path: str) -> devices.Enrolment:
        return devices.enrol(community, kind, place_id=name, name=name, node_path=path)

    return House(
        community,
        gate=enrolled(Kind.GATE, "东门", estate),
        door=enrolled(Kind.DOOR, "1号楼门", spots["1号楼", "1单元", ""]),
        other_door=enrolled(Kind.DOOR, "2号楼门", spots["2号楼", "", ""]),
        camera=enrolled(Kind.CAMERA, "摄像机", estate),
    )
