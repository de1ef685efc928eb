"""What staff see of a device's latest state, on the real engine."""

import random
from datetime import timedelta
from typing import Any

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


def pack(sequence: int, *senml: dict, boot: int = 1, late_s: int = 0, replayed: bool = False):
    """Telemetry of so many seconds ago; `t` of its records counts from then."""
    occurred_at, data = AT - timedelta(seconds=late_s), {"senml": list(senml)}
    key = f"p_{boot}_{sequence}"
    return Reported(key, "device.telemetry", occurred_at, boot, sequence, data, [], replayed)


def weight(value: float, t: float = 0) -> dict:
    return {"n": "weight", "u": "kg", "v": value, "t": t}


def warmth(value: float, t: float = 0) -> dict:
    return {"n": "temperature", "u": "Cel", "v": value, "t": t}


PACKS = (
    pack(1, weight(10, -5), warmth(20, -90)),
    pack(2, weight(9), warmth(19), late_s=3_600),  # a later word of an earlier time
    pack(3, weight(8, -1), warmth(18, -1), replayed=True),  # and one out of its buffer
    pack(4, warmth(21, -60), weight(7, -7), late_s=10),
    pack(1, {"n": "fullness", "u": "/", "v": 0.5}, boot=2, late_s=40 * 86_400, replayed=True),
)


@pytest.mark.parametrize("chance", range(12))
def test_the_newest_value_is_the_one_measured_last_in_any_order_of_arrival(
    chance, cloud, community, sign, http
):
    """Newcomer's trial 4: a late or replayed pack overwrote newer values."""
    box = devices.enrol(community, Kind.BIN, place_id="b1", name="箱")
    packs = list(PACKS) if chance else list(reversed(PACKS))
    random.Random(chance).shuffle(packs)
    observe(box, *packs, *packs[:2])
    token = sign(community, audience="property", roles=["property_manager"])
    shown = http("GET", f"/property/devices/{box.device_id}/state", token=token).body
    assert [(one["quantity"], one["value"]) for one in shown["readings"]] == [
        ("temperature", 21.0),
        ("weight", 10.0),
    ]
    assert (shown["boot"], shown["sequence"]) == (2, 1)


def test_a_clock_ahead_does_not_outrank_what_follows(box, show):
    observe(box, pack(1, weight(1, 240)))
    device = Device.get(box.device_id)
    state.observe(device, pack(2, weight(2, 10)), AT + timedelta(seconds=10))
    assert [one["value"] for one in show()["readings"]] == [2.0]


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


def test_what_a_heartbeat_says_of_the_device_is_shown_and_nothing_more(
    box, show, http, sign, community
):
    """Newcomer's trial 13: battery, rssi, firmware and uptime were asked for and shown nowhere."""
    well: dict[str, Any] = {"battery": 0.8, "rssi": -61, "firmware": "2.4.1", "uptime_s": 60}
    observe(box, said(1, "device.started", firmware="2.4.0"))
    observe(box, said(2, "device.heartbeat", heart_rate=61, **well))
    assert [one["data"] for one in show()["events"]] == [well, {"firmware": "2.4.0"}]
    token = sign(community, audience="property", roles=["property_manager"])
    path = f"/property/devices/{box.device_id}"
    assert http("GET", path, token=token).body["firmware"] == "2.4.1"
    made = http("POST", f"{path}/swap", {"firmware": "3"}, token=token, idempotency_key="a" * 32)
    assert made.status == 200
    assert http("GET", path, token=token).body["firmware"] == "3"


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
