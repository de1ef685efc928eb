"""Journey: a visitor scans the gate's code and rings; people open by phone; a guard helps."""

from __future__ import annotations

import time

import pytest

from tests.journeys.town import Town, at_once
from tools.simulate.gate import shown_code
from tools.simulate.person import Person
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually

GATE = 5
"""Its own gate: what is away in one test is not missed in another."""


@pytest.fixture
def visitor(town: Town) -> Person:
    """Somebody of another flat of the estate, at this gate as a visitor."""
    return town.person("second_resident")


def gate_of(town: Town, number: int = GATE) -> str:
    """Return the id of the gate that this journey uses."""
    return str(town.estate.ids["gates"][number])


def near(town: Town, *, ago_s: float = 0.0, number: int = GATE) -> Json:
    """Return what the gate's screen shows, or showed."""
    key = town.estate.device(gate_of(town, number)).key
    return {"code": shown_code(key, time.time() - ago_s)}


def rung(town: Town, visitor: Person, **more: str) -> Json:
    """Ring the resident's flat by phone."""
    body = {"unit_id": town.estate.ids["unit"], "near": near(town), **more}
    answer = visitor.post(f"/resident/gates/{gate_of(town)}/ring", body)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    return made


def test_a_visitor_chooses_a_flat_and_rings_and_one_tap_opens(town: Town, visitor: Person):
    tree = visitor.read("/resident/tree")["items"]
    assert tree, "buildings to choose from"
    assert all("person" not in str(one) for one in tree)
    with town.gate(number=GATE) as gate:
        call = rung(town, visitor, visitor_name="送花")
        shown = town.resident.read(f"/resident/calls/{call['call_id']}")
        assert (shown["state"], shown["visitor_name"]) == ("RINGING", "送花")
        opened = town.open(call["call_id"])
        assert (opened.status_code, opened.json()["state"]) == (200, "OPENED"), opened.text
        assert gate.openings == 1
        ring = f"/resident/rings/{call['call_id']}"
        assert eventually(lambda: visitor.read(ring)["state"] == "OPENED")
        assert "answered_by" not in visitor.read(ring)


def test_a_photo_of_the_code_rings_and_opens_nothing_from_home(town: Town, visitor: Person):
    with town.gate(number=GATE) as gate:
        stale = {"unit_id": town.estate.ids["unit"], "near": near(town, ago_s=90)}
        for person, verb in ((visitor, "ring"), (town.resident, "open")):
            refused = person.post(f"/resident/gates/{gate_of(town)}/{verb}", stale)
            assert (refused.status_code, refused.json()["code"]) == (422, "code_stale")
        assert gate.openings == 0


def test_a_resident_opens_by_phone_once_for_each_tap(town: Town):
    with town.gate(number=GATE) as gate:
        path = f"/resident/gates/{gate_of(town)}/open"
        body = {"unit_id": town.estate.ids["unit"], "near": near(town)}
        taps = at_once(*[lambda: town.resident.post(path, body, key="one-tap-of-mine")] * 5)
        assert {tap.status_code for tap in taps} == {200}, [tap.text for tap in taps]
        assert len({tap.json()["command_id"] for tap in taps}) == 1
        assert gate.openings == 1
        opening = taps[0].json()["opening_id"]
        told = f"/resident/openings/{opening}"
        assert eventually(lambda: town.resident.read(told)["state"] == "OPENED")
        assert town.person("housemate").get(told).status_code == 404


def test_nobody_opens_by_right_of_another_flat(town: Town, visitor: Person):
    with town.gate(number=GATE) as gate:
        body = {"unit_id": town.estate.ids["unit"], "near": near(town)}
        for person in (visitor, town.person("child"), town.person("foreign_resident")):
            refused = person.post(f"/resident/gates/{gate_of(town)}/open", body)
            assert refused.status_code == 404, refused.text
        assert gate.openings == 0


def test_a_gate_that_is_away_is_the_guards_who_opens_once(town: Town, visitor: Person):
    town.gate(number=GATE).start().vanish()
    gates = "/resident/gates"

    def is_away() -> bool:
        doors = town.resident.read(gates)["items"]
        return next(one for one in doors if one["device_id"] == gate_of(town))["online"] is False

    assert eventually(is_away, 10)
    call = rung(town, visitor)
    tapped = town.open(call["call_id"])
    assert (tapped.status_code, tapped.json()["guard_asked"]) == (202, True), tapped.text
    guard = town.person("guard")
    queue = guard.read("/property/desk", limit="100")["items"]
    request = next(one for one in queue if one["door_id"] == gate_of(town))
    assert (request["kind"], request["unit"]) == ("call", "1号楼 1单元 1**")
    path = f"/property/desk/{request['desk_id']}"
    takes = at_once(lambda: guard.post(f"{path}/take"), lambda: town.staff.post(f"{path}/take"))
    assert sorted(take.status_code for take in takes) == [200, 409], [t.text for t in takes]
    taker = guard if takes[0].status_code == 200 else town.staff
    time.sleep(5.5)  # the resident's command is void by now
    with town.gate(number=GATE) as gate:
        opened = taker.post(f"{path}/open", {"reason": "业主电话确认"})
        assert (opened.status_code, opened.json()["state"]) == (200, "OPENED"), opened.text
        again = taker.post(f"{path}/open", {"reason": "业主电话确认"})
        assert again.json()["command_id"] == opened.json()["command_id"]
        assert gate.openings == 1, "the resident's tap did not open later"
    assert taker.post(f"{path}/done", {"outcome": "let_in"}).json()["state"] == "DONE"
    assert eventually(lambda: town.state(call["call_id"]) == "UNKNOWN", 90, every_s=1)
