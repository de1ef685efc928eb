"""What simulated devices of every kind do about commands, without a broker."""

from __future__ import annotations

import pytest

from chalicelib.devices.rules.arguments import ARGUMENTS, faults
from chalicelib.devices.rules.catalogue import OPS, Kind, event_refusal
from chalicelib.devices.schemas import events
from tools.conformance.orders import SAMPLES, repertoire
from tools.simulate.estate import Device
from tools.simulate.fleet import MAKERS
from tools.simulate.life import Life, followed
from tools.simulate.machine import Machine
from tools.simulate.mqtt_device import Broker
from tools.simulate.signing import DeviceKey

EVERY = [(op.name, kind.value) for op in OPS.values() for kind in sorted(op.kinds)]


def machine(kind: str) -> Machine:
    device = Device(kind, "com", DeviceKey("dev", "k1", b"key"), "dev", "")
    return MAKERS.get(kind, Machine)(device, Broker("127.0.0.1", 1))


@pytest.mark.parametrize(("op", "kind"), EVERY)
def test_every_device_answers_every_command_of_its_kind(op: str, kind: str):
    device, args = machine(kind), SAMPLES.get(op, {})
    if op == "charger.stop":
        device.act("charger.start", SAMPLES["charger.start"])
    assert device.act(op, args) == ("DONE", "")
    assert device.done[op] == 1
    assert device.act(op, args | {"more": 1})[0] == "REJECTED"
    device.stop()


@pytest.mark.parametrize("kind", sorted(Kind))
def test_what_is_no_command_of_the_kind_is_rejected(kind: str):
    foreign = next(op.name for op in OPS.values() if kind not in op.kinds)
    for op in (foreign, "device.levitate", ""):
        assert machine(kind).act(op, {}) == ("REJECTED", "unknown_op")


def test_samples_are_good_arguments():
    assert {op for op, known in ARGUMENTS.items() if known} - {"bin.open"} <= SAMPLES.keys()
    assert all(faults(op, args) == [] for op, args in SAMPLES.items())


def test_a_charger_holds_one_session_on_a_connector():
    charger = machine("charger")
    first, other = SAMPLES["charger.start"], SAMPLES["charger.start"] | {"session_id": "other"}
    stop = {"connector": 1, "session_id": "other"}
    assert charger.act("charger.start", first)[0] == "DONE"
    assert charger.act("charger.start", other) == ("REJECTED", "busy")
    assert charger.act("charger.stop", stop) == ("REJECTED", "other_session")
    assert charger.act("charger.stop", SAMPLES["charger.stop"])[0] == "DONE"
    assert charger.act("charger.start", other)[0] == "DONE"


def test_what_follows_a_command_has_the_shape_that_is_published():
    for op, kind in EVERY:
        said = followed(op, SAMPLES.get(op, {}))
        if said and event_refusal(kind, said[0]) is None:
            assert events.faults(*said) == [], op


@pytest.mark.parametrize("kind", sorted(Kind))
def test_what_a_kind_says_by_itself_is_of_its_kind_and_well_formed(kind: str):
    for alarming in (False, True):
        event_type, facts = Life(kind).next(alarming=alarming)
        assert event_refusal(kind, event_type) is None
        assert events.faults(event_type, facts) == []


def test_what_the_tool_plays_its_tricks_with():
    gate, lamp, meter = (repertoire(kind) for kind in ("gate", "lamp_pole", "meter"))
    assert gate is not None
    assert gate.moved({"type": "access.passed", "data": {"method": "remote", "door": 1}})
    assert not gate.moved({"type": "access.passed", "data": {"method": "card"}})
    assert lamp is not None
    assert (lamp.first, len(lamp.others)) == ("speaker.say", 2)
    assert meter is None
