"""A device's whole life over the running system: enrolled, heard, shown, commanded, retired."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.journeys.operator import Stores
from tests.journeys.town import Town
from tools.simulate.conducts import CONDUCTS
from tools.simulate.enrolling import enrol, retire
from tools.simulate.fleet import Fleet, Wish, broker_of
from tools.simulate.http_device import HttpDevice
from tools.simulate.machine import Machine
from tools.simulate.posting import Posted
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually

WHY = "业主充电，现场扫码失败"
START = {"connector": 1, "session_id": "cs_1", "max_minutes": 5}


@pytest.fixture(scope="module")
def charger(town: Town) -> Iterator[Machine]:
    """A charger that the staff enrol now; it reports over the broker when it is told to."""
    device = enrol(town.staff, town.estate.community_id, "charger", "heyuan-shed-1", serial="C-1")
    machine = Machine(device, broker_of(town.estate)).report_by()
    machine.start(timeout_s=30)  # the broker learns of it a moment after it was enrolled
    yield machine
    machine.stop()
    retire(town.staff, device.id)


def state(town: Town, device_id: str) -> Json:
    return town.staff.read(f"/property/devices/{device_id}/state")


def order(town: Town, device_id: str, op: str, args: Json) -> Json:
    body = {"op": op, "args": args, "reason": WHY}
    answer = town.staff.post(f"/property/devices/{device_id}/commands", body)
    assert answer.status_code in {200, 202}, answer.text
    told: Json = answer.json()
    return told


def test_it_is_enrolled_heard_shown_commanded_and_acknowledged(town: Town, charger: Machine):
    device = charger.device
    http = HttpDevice(device, town.estate.base_url)
    http.boot = charger.boot
    said = http.say("charger.status", {"connector": 1, "status": "available"})
    shown = eventually(lambda: (now := state(town, device.id))["sequence"] and now, 15)
    assert (shown["boot"], shown["sequence"]) == (charger.boot, 1)
    assert [one["event_id"] for one in shown["events"]] == [said["id"]]

    told = order(town, device.id, "charger.start", START)
    assert (told["state"], charger.charging) == ("DONE", {1: "cs_1"})
    path = f"/property/devices/{device.id}/commands/{told['command_id']}"
    settled = eventually(lambda: (now := town.staff.read(path))["settled_at"] and now)
    assert (settled["state"], settled["why"]) == ("DONE", WHY)

    refused = order(town, device.id, "charger.start", START | {"session_id": "cs_2"})
    assert (refused["state"], refused["reason"]) == ("REJECTED", "busy")
    assert charger.done["charger.start"] == 1


def test_what_it_does_and_measures_reaches_staff_over_mqtt(town: Town, charger: Machine):
    assert charger.reporter is not None
    charger.reporter.sequence = 100
    order(town, charger.device.id, "charger.stop", {"connector": 1, "session_id": "cs_1"})
    charger.reporter.say(*charger.reporter.life.next())

    def seen() -> Json:
        now = state(town, charger.device.id)
        types = {one["type"] for one in now["events"]}
        return now if {"charger.stopped", "device.telemetry"} <= types else {}

    shown = eventually(seen, 20)
    assert shown, state(town, charger.device.id)
    units = {one["quantity"]: one["unit"] for one in shown["readings"]}
    assert (units["active_power"], units["temperature"]) == ("W", "Cel")


def test_a_call_for_help_comes_over_the_broker_by_its_own_way(town: Town):
    device = enrol(town.staff, town.estate.community_id, "wristband", "heyuan-1-101")
    machine = Machine(device, broker_of(town.estate)).report_by()
    machine.start(timeout_s=30)
    try:
        assert machine.reporter is not None
        said = machine.reporter.say("sos.pressed", {})
        shown = eventually(lambda: state(town, device.id)["events"], 15)
    finally:
        machine.stop()
    assert [one["event_id"] for one in shown] == [said["id"]]


def test_what_is_not_signed_with_its_key_changes_nothing(town: Town, charger: Machine):
    before = state(town, charger.device.id)
    guessing = Posted(
        HttpDevice(charger.device, town.estate.base_url), CONDUCTS["guessed_key"].manner
    )
    answer = guessing.send([HttpDevice(charger.device, "").event("device.heartbeat", {})], "m1")
    assert answer.words == ("401 bad_signature",)
    time.sleep(0.5)
    assert state(town, charger.device.id) == before


def test_a_retired_device_is_heard_and_commanded_no_more(town: Town):
    made = enrol(town.staff, town.estate.community_id, "barrier", "heyuan-lane-3", new_place=True)
    http = HttpDevice(made, town.estate.base_url)
    http.say("barrier.moved", {"position": "up", "by": "button"})
    retire(town.staff, made.id)
    beat = http.event("device.heartbeat", {})
    assert eventually(lambda: http.send(beat).status_code == 401, 40, every_s=1)
    body = {"op": "barrier.open", "args": {}, "reason": WHY}
    answer = town.staff.post(f"/property/devices/{made.id}/commands", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_device")


FLEET = (
    *("gate", "meter*3", "wristband", "bin+mqtt", "environment_sensor:shuffled"),
    *("hikvision_anpr", "hikvision_access", "dahua", "chirpstack", "tuya", "mapper"),
    *("meter:storm", "water_sensor:unknown", "environment_sensor:behind", "meter:repeating"),
    *("panel:other_source", "door:guessed_key", "camera:no_json", "screen:huge", "valve:deep"),
    *("smoke_sensor:alarming", "lamp_pole:half_broken", "barrier:plain_text"),
)
UNTOUCHED = frozenset({"meter:good", "wristband:good", "environment_sensor:shuffled"})


def test_good_devices_are_heard_whatever_hostile_ones_do(town: Town, stores: Stores):
    """Any mix of devices over real HTTP and MQTT: nothing breaks, nothing good is refused."""
    fleet = Fleet(town.estate)
    for text in FLEET:
        wish = Wish.read(text)
        fleet.add(Wish(wish.kind, wish.number, wish.conduct, 2, wish.adapter, wish.by_mqtt))
    fleet.start()
    time.sleep(4)
    fleet.stop()
    fleet.retire()
    town.settle()
    answers = {f"{one.wish.kind}:{one.wish.conduct}": one.counts for one in fleet.running}
    words = {word for counts in answers.values() for word in counts}
    assert not {word for word in words if word.startswith("5") or word == "no answer"}, answers
    for name in UNTOUCHED:
        assert answers[name].keys() == {"accepted", "messages"}, answers[name]
    for one in fleet.running:
        if one.wish.adapter:
            assert one.counts["accepted"] > 0, (one.wish, one.counts)
    assert answers["door:guessed_key"].keys() == {"401 bad_signature", "messages"}
    assert answers["meter:storm"]["429 quarantined"] > 0
    assert answers["water_sensor:unknown"]["kept"] > 0
    assert answers["lamp_pole:half_broken"]["invalid"] > 0
    assert stores.count("linli-quarantines") >= 1
