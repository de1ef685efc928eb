"""Journey: a host gives a pass; the visitor comes in by code and by PIN, and not after its end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.town import Town
from tools.simulate.http_device import HttpDevice
from tools.simulate.signing import Json
from tools.simulate.visitor import AskingDoor, VisitorPhone


@pytest.fixture
def door(town: Town) -> AskingDoor:
    gate = town.estate.device(town.estate.ids["gates"][3])
    return AskingDoor(HttpDevice(gate, town.estate.base_url))


def given(town: Town, **wish: object) -> Json:
    now = datetime.now(UTC)
    body = {
        "unit_id": town.estate.ids["unit"],
        "starts": now.isoformat(),
        "ends": (now + timedelta(hours=2)).isoformat(),
        **wish,
    }
    answer = town.resident.post("/resident/passes", body)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    return made


def shared(town: Town, made: Json) -> Json:
    return town.resident.read(f"/resident/passes/{made['pass_id']}/share")


def test_a_visitor_comes_in_by_a_code_that_their_phone_makes(town: Town, door: AskingDoor):
    made = given(town, visitor="王师傅", companions=1)
    phone = VisitorPhone(shared(town, made)["token"])
    told = door.decides("qr", phone.code(), companions=1)
    assert (told["decision"], told["holder"]) == ("allow", made["pass_id"])
    assert door.decides("qr", phone.code())["decision"] == "deny", "one use"
    (use,) = town.resident.read(f"/resident/passes/{made['pass_id']}/uses")["items"]
    assert (use["device_id"], use["companions"]) == (door.device.device.id, 1)


def test_a_visitor_comes_in_by_pin(town: Town, door: AskingDoor):
    made, unit = given(town, pin=True), town.estate.ids["unit"]
    pin = shared(town, made)["pin"]
    assert door.decides("pin", pin, unit=town.estate.ids["second_unit"])["reason"] == "wrong_pin"
    assert door.decides("pin", pin, unit=unit)["decision"] == "allow"


def test_a_screenshot_and_a_pass_of_elsewhere_are_refused(town: Town, door: AskingDoor):
    made = given(town, uses=5)
    phone = VisitorPhone(shared(town, made)["token"])
    assert door.decides("qr", phone.code(steps=-3))["reason"] == "stale_code"
    foreign = HttpDevice(town.device("foreign_gate"), town.estate.base_url)
    assert AskingDoor(foreign).decides("qr", phone.code())["reason"] == "unknown_code"


def test_a_pass_that_is_taken_back_is_dead_within_five_seconds(town: Town, door: AskingDoor):
    made = given(town, uses=5)
    phone = VisitorPhone(shared(town, made)["token"])
    path = f"/resident/passes/{made['pass_id']}"
    gone = town.resident.post(f"{path}/revoke")
    began = time.monotonic()
    assert (gone.status_code, gone.json()["state"]) == (200, "REVOKED")
    assert door.decides("qr", phone.code())["reason"] == "revoked"
    assert time.monotonic() - began < 5
    assert town.resident.get(f"{path}/share").json()["code"] == "pass_over"


def test_where_staff_must_agree_nothing_opens_before(town: Town, door: AskingDoor):
    rule = town.staff.read("/property/pass-rule")
    changed = town.staff.put("/property/pass-rule", {**rule, "approval_above": 3})
    assert changed.status_code == 200, changed.text
    made = given(town, companions=4)
    assert made["state"] == "PENDING"
    phone = VisitorPhone(shared(town, made)["token"])
    assert door.decides("qr", phone.code())["reason"] == "not_approved"
    agreed = town.staff.post(f"/property/passes/{made['pass_id']}/approve")
    assert agreed.json()["state"] == "APPROVED", agreed.text
    assert door.decides("qr", phone.code())["decision"] == "allow"


def test_use_at_the_edge_comes_into_the_record(town: Town, door: AskingDoor):
    made = given(town, uses=3)
    facts = {"method": "qr", "holder": made["pass_id"], "direction": "in", "companions": 2}
    door.device.say("access.passed", facts)
    path, end = f"/resident/passes/{made['pass_id']}", time.monotonic() + 20
    while time.monotonic() < end and town.resident.read(path)["uses_left"] == 3:
        time.sleep(0.2)
    assert town.resident.read(path)["uses_left"] == 2
    (use,) = town.resident.read(f"{path}/uses")["items"]
    assert (use["edge"], use["companions"]) == (True, 2)
