"""What staff see of a device's latest state, on the real engine."""

from datetime import timedelta

import pytest

from chalicelib.core import clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import EVENTS, Kind
from chalicelib.devices.rules.state import IMPERSONAL
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import state
from chalicelib.devices.tables.registry import Device

AT = clock.now().replace(microsecond=0)


@pytest.fixture
def box(cloud, community):
    return devices.enrol(community, Kind.BIN, place_id="b1", name="箱")


@pytest.fixture
def show(http, sign, community, box):
    token = sign(community, audience="property", roles=["property_manager"])
    return lambda: http("GET", f"/property/devices/{box.device_id}/state", token=token).body


def observe(box, *events: Reported) -> None:
    device = Device.find(box.device_id)
    assert device is not None
    for event in events:
        state.observe(device, event, AT)


def said(sequence: int, type_: str = "bin.level", *, boot: int = 1, **data) -> Reported:
    occurred_at = AT - timedelta(seconds=2)
    return Reported(f"e_{boot}_{sequence}", type_, occurred_at, boot, sequence, data)


def test_a_device_that_never_spoke_has_an_empty_state(box, show):
    assert show() == {
        "device_id": box.device_id,
        "kind": "bin",
        "seen_at": None,
        "skew_ms": None,
        "boot": None,
        "sequence": None,
        "events": [],
        "readings": [],
        "unknown": [],
    }


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1, 2, 0)])
def test_the_newest_of_each_stands_whatever_came_last(box, show, order):
    events = [
        said(9, fullness=0.9),
        said(1, boot=2, fullness=0.1, category="厨余"),
        said(2, "device.telemetry", boot=2, senml=[{"n": "weight", "v": 3}]),
    ]
    observe(box, *(events[place] for place in order))
    shown = show()
    assert (shown["boot"], shown["sequence"], shown["skew_ms"]) == (2, 2, -2_000)
    level, pack = shown["events"]
    assert (level["event_id"], level["data"]) == ("e_2_1", {"fullness": 0.1, "category": "厨余"})
    assert (pack["type"], pack["data"]) == ("device.telemetry", {})
    assert [(one["quantity"], one["value"], one["unit"]) for one in shown["readings"]] == [
        ("weight", 3.0, "kg")
    ]


def test_undeclared_types_are_counted_each_event_once(box, show):
    events = [said(number, "bin.sang") for number in range(3)] + [said(7, "bin.danced")]
    observe(box, *events, *reversed(events))
    shown = show()
    assert shown["unknown"] == [
        {"type": "bin.danced", "count": 1},
        {"type": "bin.sang", "count": 3},
    ]
    assert shown["events"] == []
    assert shown["sequence"] == 7


def test_who_opened_the_bin_does_not_stand_in_its_state(box, show):
    observe(box, said(1, "bin.opened", category="厨余", holder="card-0012345678"))
    (opened,) = show()["events"]
    assert (opened["type"], opened["data"]) == ("bin.opened", {})


def test_data_that_is_long_or_nested_stays_with_its_event(box, show):
    observe(box, said(1, "device.fault", code="x" * 2_000))
    observe(box, said(2, "bin.level", fullness=1.0, vendor={"deep": [1]}))
    assert [one["data"] for one in show()["events"]] == [{"fullness": 1.0}, {}]


def test_only_declared_types_are_said_to_name_nobody():
    assert set(EVENTS) >= IMPERSONAL


def test_anothers_device_is_none(http, sign, box):
    theirs = sign("com_other", audience="property", roles=["property_manager"])
    reply = http("GET", f"/property/devices/{box.device_id}/state", token=theirs)
    assert (reply.status, reply.code) == (404, "no_such_device")
