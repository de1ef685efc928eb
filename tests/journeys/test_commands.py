"""Devices over a real broker: commanded by hand, reporting events, told the time."""

from __future__ import annotations

import json
import time
import uuid

from tests.journeys.operator import BrokerDoor
from tests.journeys.town import Town, at_once
from tools.simulate.fleet import broker_of
from tools.simulate.mqtt_device import MqttDevice
from tools.simulate.signing import DeviceKey, Json, envelope
from tools.simulate.waiting import eventually

WHY = "快递员送货，业主已电话确认"


def order(device_id: str, op: str, **args: object) -> tuple[str, Json]:
    return f"/property/devices/{device_id}/commands", {"op": op, "args": args, "reason": WHY}


def test_a_guard_opens_a_gate_by_hand_and_it_stays_on_record(town: Town):
    with town.gate() as gate:
        path, body = order(gate.device.id, "gate.open")
        answer = town.staff.post(path, body)
        assert (answer.status_code, answer.json()["state"]) == (200, "DONE"), answer.text
        assert gate.openings == 1
        kept = f"{path}/{answer.json()['command_id']}"
        settled = eventually(lambda: town.staff.read(kept)["settled_at"] and town.staff.read(kept))
        assert (settled["state"], settled["why"]) == ("DONE", WHY)
        assert town.staff.read(path)["items"][0] == settled


def test_a_lift_is_held_and_released_by_hand(town: Town):
    with town.lift() as lift:
        for op, args, held in (("lift.hold", {"max_s": 30}, True), ("lift.release", {}, False)):
            path, body = order(lift.device.id, op, **args)
            answer = town.staff.post(path, body)
            assert (answer.status_code, answer.json()["state"]) == (200, "DONE"), answer.text
            assert lift.held is held


def test_one_key_is_one_opening_however_often_it_is_asked(town: Town):
    with town.gate() as gate:
        path, body = order(gate.device.id, "gate.open")
        key = str(uuid.uuid4())
        answers = at_once(*[lambda: town.staff.post(path, body, key=key)] * 5)
        assert {answer.status_code for answer in answers} == {200}, [a.text for a in answers]
        assert len({answer.json()["command_id"] for answer in answers}) == 1
        assert gate.openings == 1


def test_a_gate_that_is_away_is_said_to_be_under_way_and_expires(town: Town):
    path, body = order(town.estate.ids["gates"][4], "gate.open")
    answer = town.staff.post(path, body)
    assert (answer.status_code, answer.json()["state"]) == (202, "SENT"), answer.text
    with town.gate(number=4) as gate:
        time.sleep(1)
        assert gate.openings == 0, "it was sent to a session that is no more"


def test_a_panel_rings_over_the_broker(town: Town):
    town.quiet()
    before = {call["call_id"] for call in town.calls()}
    ring = town.panel.ringing(town.estate.ids["unit"], town.estate.ids["gate"])
    panel = MqttDevice(town.device("panel"), broker_of(town.estate))
    with panel:
        forged = DeviceKey(panel.device.id, panel.device.key.key_id, b"a guess")
        panel._client.publish(panel.topic("evt"), envelope(forged, ring), qos=1)
        for _ in range(3):
            panel._client.publish(panel.topic("evt"), envelope(panel.device.key, ring), qos=1)
        assert len(town.new_calls(before, within_s=10)) == 1
        time.sleep(1)
    assert len(town.new_calls(before)) == 1


def test_nobody_else_tells_a_device_the_time(town: Town, system_broker: BrokerDoor):
    with town.gate() as gate:
        offset = gate.clock.offset
        assert offset is not None
        lie = {"cloud": 1, "monotonic": gate.clock.monotonic(), "session": gate.session}
        stranger = DeviceKey(gate.device.id, gate.device.key.key_id, b"a guess")
        for payload in (json.dumps(lie), envelope(stranger, lie)):
            system_broker.publish(gate.topic("time"), payload)
        time.sleep(0.5)
        assert gate.clock.offset == offset
        path, body = order(gate.device.id, "gate.open")
        assert town.staff.post(path, body).json()["state"] == "DONE"
