"""Journey: a plate arrives, and the barrier opens by itself; a stranger waits for the guard."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.town import Town
from tools.simulate.enrolling import enrol, retire
from tools.simulate.fleet import broker_of
from tools.simulate.http_device import HttpDevice
from tools.simulate.machine import Machine
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually


@dataclass
class Lane:
    """A plate camera and the barrier beside it."""

    town: Town
    camera: HttpDevice
    barrier: Machine
    place: str
    said: list[Json] = field(default_factory=list)

    def see(self, plate: str, direction: str = "in", **facts: object) -> Json:
        """Let the camera see a plate."""
        data = {"plate": plate, "confidence": 0.98, "direction": direction, **facts}
        return self.camera.say("vehicle.passed", data)

    @property
    def openings(self) -> int:
        """How often the barrier went up."""
        return self.barrier.done["barrier.open"]

    def opened(self, times: int) -> bool:
        """Wait until the barrier has gone up so often."""
        return eventually(lambda: self.openings == times, 10)

    def waiting(self) -> list[Json]:
        """The cars that wait here."""
        found = self.town.staff.read("/property/arrivals", limit="100")["items"]
        return [one for one in found if one["place_id"] == self.place]


@pytest.fixture
def lane(town: Town) -> Iterator[Lane]:
    place = f"lane-{uuid.uuid4().hex[:8]}"
    camera = enrol(town.staff, town.estate.community_id, "plate_camera", place, new_place=True)
    device = enrol(town.staff, town.estate.community_id, "barrier", place)
    barrier = Machine(device, broker_of(town.estate))
    barrier.start(timeout_s=30)
    yield Lane(town, HttpDevice(camera, town.estate.base_url), barrier, place)
    barrier.stop()
    for one in (camera, device):
        retire(town.staff, one.id)


def new_plate() -> str:
    """Return a plate that no other test has."""
    return f"粤C{uuid.uuid4().int % 90_000 + 10_000}"


def test_a_resident_registers_a_plate_and_drives_in_and_out(town: Town, lane: Lane):
    plate = new_plate()
    wish = {"unit_id": town.estate.ids["unit"], "plate": plate}
    made = town.resident.post("/resident/plates", wish)
    assert made.status_code == 200, made.text
    path = f"/property/plates/{made.json()['plate_id']}"
    town.staff.post(f"{path}/decision", {"approve": True}).raise_for_status()
    lane.see(plate)
    assert lane.opened(1)
    lane.see(plate, "out")
    assert lane.opened(2)
    ended = town.resident._http.delete(
        f"{town.estate.base_url}/resident/plates/{made.json()['plate_id']}", timeout=10
    )
    assert ended.json()["state"] == "ENDED"
    lane.see(plate)
    assert eventually(lane.waiting, 10)
    assert lane.openings == 2


def test_an_announced_visitor_passes_once_and_the_host_sees_it(town: Town, lane: Lane):
    now, plate = datetime.now(UTC), new_plate()
    wish = {
        "unit_id": town.estate.ids["unit"],
        "plate": plate,
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=2)).isoformat(),
    }
    made = town.resident.post("/resident/visitor-plates", wish)
    assert made.status_code == 200, made.text
    path = f"/resident/visitor-plates/{made.json()['visit_id']}"
    lane.see(plate)
    assert lane.opened(1)
    assert eventually(lambda: town.resident.read(path)["state"] == "ENTERED", 10)
    lane.see(plate, "out")
    assert lane.opened(2)
    assert eventually(lambda: town.resident.read(path)["state"] == "EXITED", 10)


def test_a_stranger_waits_and_the_guard_lets_them_in_once(town: Town, lane: Lane):
    plate = new_plate()
    lane.see(plate)
    (arrival,) = eventually(lane.waiting, 10)
    assert (arrival["why"], lane.openings) == ("plate_unknown", 0)
    path = f"/property/arrivals/{arrival['arrival_id']}"
    assert town.staff.read(path)["reading"] == plate
    asked = town.staff.read("/property/desk", limit="100")["items"]
    assert arrival["arrival_id"] in str(asked)
    admitted = town.staff.post(f"{path}/admit", {"reason": "送货"})
    assert (admitted.status_code, admitted.json()["state"]) == (200, "ADMITTED")
    assert lane.opened(1)
    assert town.staff.post(f"{path}/admit", {}).json()["code"] == "already_decided"
    assert lane.openings == 1


def test_a_jammed_barrier_is_said_to_have_failed(town: Town, lane: Lane):
    lane.barrier.jammed = True
    lane.see("粤B1234警")

    def failed() -> bool:
        stays = town.staff.read("/property/stays", limit="100")["items"]
        return any(one["opened"] == "FAILED" for one in stays)

    assert eventually(failed, 10)
    assert lane.openings == 0
