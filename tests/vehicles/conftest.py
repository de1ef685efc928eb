"""An estate with a barrier and a plate camera at each of two lanes, and people with cars."""

import dataclasses
import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.access.tables.desk import DeskRow
from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled, DeviceEventRecorded
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity import public as identity
from chalicelib.vehicles import public as vehicles
from chalicelib.vehicles.rules.visits import Payer
from chalicelib.vehicles.service import judging, parks, plates, stays, visits, waiting
from chalicelib.vehicles.tables.parks import MAIN, ParkCount
from chalicelib.vehicles.tables.stays import StayRow
from tests.identity.residents import settle

MINE, GUEST, STRANGER = "粤B12345", "粤BD12346", "京A8888C"
Sent = list[tuple[str, dict[str, Any]]]


@dataclasses.dataclass
class Estate:
    """Who lives here, and what cameras see; `sent` is what barriers were told."""

    community: str
    cameras: dict[str, str]
    barriers: dict[str, str]
    sent: Sent
    at: datetime

    def resident(self, person: str = "per_1") -> Caller:
        return Caller(person, self.community, "resident", ("resident",), 2**40)

    def guard(self, subject: str = "grd_1") -> Caller:
        return Caller(subject, self.community, "property", ("guard",), 2**40)

    def manager(self) -> Caller:
        return Caller("mgr_1", self.community, "property", ("property_manager",), 2**40)

    def event(
        self, plate: Any, lane: str = "in", *, late: bool = False, **data: Any
    ) -> DeviceEventRecorded:
        occurred = data.pop("occurred_at", self.at)
        return DeviceEventRecorded(
            community_id=self.community,
            device_id=self.cameras[lane],
            kind="plate_camera",
            place_id=f"lane-{lane}",
            event_id=data.pop("event_id", f"e_{uuid.uuid4().hex}"),
            type="vehicle.passed",
            data={"plate": plate, "direction": lane, **data},
            boot=1,
            sequence=1,
            occurred_at=occurred,
            received_at=self.at,
            live=not late,
        )

    def see(self, plate: Any, lane: str = "in", **data: Any) -> DeviceEventRecorded:
        """Let a camera see a plate, now; return the event."""
        event = self.event(plate, lane, **data)
        with clock.standing_at(self.at):
            vehicles.hear_vehicle(event, at=self.at)
        return event

    def wait(self, **given: float) -> None:
        """Let time pass."""
        self.at += timedelta(**given)

    @property
    def ops(self) -> list[tuple[str, str]]:
        """What the barriers were told, in order: (lane, op)."""
        lanes = {barrier: lane for lane, barrier in self.barriers.items()}
        told = [(topic.split("/")[3], json.loads(message["p"])) for topic, message in self.sent]
        return [(lanes[device], said["op"]) for device, said in told]

    def settled(self, state: str, number: int = -1) -> CommandSettled:
        """Return how a barrier took one of its commands."""
        topic, message = self.sent[number]
        told = json.loads(message["p"])
        cause = next(row.stay_id for row in self.stays if row.command_id == told["id"])
        return CommandSettled(
            self.community, topic.split("/")[3], told["id"], told["op"], state, "", cause, self.at
        )

    @property
    def stays(self) -> list[StayRow]:
        """All stays, the earliest first."""
        return list(StayRow.by_time.query(self.community))

    @property
    def states(self) -> list[tuple[str, str]]:
        """Kind and state of each stay, the earliest first."""
        return [(row.kind, row.state) for row in self.stays]

    @property
    def inside(self) -> dict[str, int]:
        """How many of each kind are inside, by the count."""
        found = ParkCount.of(self.community, MAIN).inside()
        return {kind: number for kind, number in found.items() if number}

    @property
    def desk(self) -> list[str]:
        """Why guards were asked, the first first."""
        rows = DeskRow.in_order(self.community)
        return [row.why for row in sorted(rows, key=lambda row: row.asked_at)]

    @property
    def waiting(self) -> list[waiting.ArrivalView]:
        """The cars that wait, the latest first."""
        with clock.standing_at(self.at):
            return waiting.waiting(self.guard(), limit=50, after=None).items

    def register(self, plate: str = MINE, person: str = "per_1", unit: str = "u1") -> str:
        """Register a resident's plate, with the manager's approval; return its id."""
        row = plates.register(self.resident(person), unit, plate, "", at=self.at)
        judging.decide(self.manager(), row.plate_id, approve=True, at=self.at)
        return row.plate_id

    def invite(self, plate: str = GUEST, **given: Any) -> visits.VisitView:
        """Announce a visitor's car for the next four hours."""
        person = given.pop("person", "per_1")
        said = {
            "unit_id": "u1",
            "plate": plate,
            "starts": self.at,
            "ends": self.at + timedelta(hours=4),
            "payer": Payer.VISITOR,
            **given,
        }
        return visits.register(self.resident(person), visits.Visit(**said), at=self.at)

    def visit(self, visit_id: str, person: str = "per_1") -> visits.VisitView:
        return visits.show(self.resident(person), visit_id)

    def policy(self, **changed: Any) -> None:
        """Decide something anew."""
        known = parks.policy(self.manager())
        parks.decide_policy(self.manager(), dataclasses.replace(known, **changed))

    def announced(self, name: str) -> int:
        """How many facts of a name were committed."""
        rows = [row for row in outbox.OutboxRow.scan() if row.community_id == self.community]
        return sum(row.name == f"vehicles.{name}" for row in rows)

    def close(self, stay_id: str) -> None:
        stays.close(self.manager(), stay_id, at=self.at)


@pytest.fixture
def estate(cloud: None, community: str, sent: Sent) -> Estate:
    identity.found_community(community, "和苑")
    for unit in ("u1", "u2"):
        identity.add_unit(community, unit, unit)
    settle(community, "per_1")
    settle(community, "per_2")
    settle(community, "per_9", unit_id="u2")
    lanes = ("in", "out")
    cameras = {
        lane: devices.enrol(
            community, Kind.PLATE_CAMERA, place_id=f"lane-{lane}", name=f"{lane}相机"
        ).device_id
        for lane in lanes
    }
    barriers = {
        lane: devices.enrol(
            community, Kind.BARRIER, place_id=f"lane-{lane}", name=f"{lane}道闸"
        ).device_id
        for lane in lanes
    }
    return Estate(community, cameras, barriers, sent, clock.now())
