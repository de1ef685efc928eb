"""What a device reported can be read again: by type and time, page by page, naming nobody."""

import time
from datetime import timedelta
from urllib.parse import quote

import pytest

from chalicelib.core import clock
from chalicelib.devices import public as devices
from chalicelib.devices.tables.uplink import DeviceEvent
from tests.devices.conftest import event


@pytest.fixture
def token(sign, community):
    return sign(community, audience="property", roles=["property_manager"])


@pytest.fixture
def report(signed):
    """Let a device report, and have it recorded, some milliseconds after whatever came before."""

    def reported(device, *said):
        batch = [event(device.device_id, type=name, data=data) for name, data in said]
        message_id = f"m_{time.monotonic_ns()}"
        assert signed(device, batch, message_id=message_id).status == 200
        devices.record(device.device_id, message_id)
        time.sleep(0.002)

    return reported


@pytest.fixture
def history(http, token):
    def read(device, query="", **more):
        path = f"/property/devices/{device.device_id}/events{query}"
        return http("GET", path, token=more.get("token", token))

    return read


def test_a_history_tells_of_every_event_but_names_nobody(panel, report, history):
    report(panel, ("panel.call", {"unit_id": "u1"}), ("device.heartbeat", {}))
    report(panel, ("panel.sang", {"song": "生日歌"}))  # nobody declared it: kept
    report(panel, ("device.fault", {"code": "E1"}))
    items = history(panel).body["items"]
    assert [(one["type"], one["data"]) for one in items] == [
        ("device.fault", {"code": "E1"}),
        ("panel.sang", None),
        ("panel.call", None),
    ]


def test_a_history_is_read_by_type_and_period_and_page_by_page(gate, report, history):
    for number in range(3):
        report(gate, ("device.fault", {"code": f"E{number}"}), ("gate.hummed", {}))
    first = history(gate, "?type=device.fault&limit=2").body
    assert [one["data"]["code"] for one in first["items"]] == ["E2", "E1"]
    rest = history(gate, f"?type=device.fault&limit=2&cursor={first['next']}").body
    assert [one["data"]["code"] for one in rest["items"]] == ["E0"]
    assert rest["next"] is None
    assert history(gate, f"?type=gate.hummed&cursor={first['next']}").code == "bad_cursor"
    newest = quote(first["items"][0]["received_at"])
    before = history(gate, f"?type=device.fault&to={newest}").body["items"]
    since = history(gate, f"?type=device.fault&from={newest}").body["items"]
    assert [len(before), len(since)] == [2, 1]
    ahead = quote((clock.now() + timedelta(days=1)).isoformat())
    assert history(gate, f"?from={ahead}&to={newest}").code == "bad_period"


def test_another_estates_history_is_not_there(gate, report, history, sign):
    report(gate, ("device.fault", {"code": "E1"}))
    foreign = sign("com_other", audience="property", roles=["property_manager"])
    assert history(gate, token=foreign).status == 404


def test_a_rare_type_costs_a_bounded_read_and_a_cursor(community, gate, report):
    for number in range(7):
        report(gate, ("device.fault", {"code": f"E{number}"}))

    def read(after):
        period = 0, clock.epoch_ms(clock.now()) + 1
        key = f"{community}#{gate.device_id}"
        found = DeviceEvent.history(key, period, "gate.hummed", page_size=1, after=after)
        return DeviceEvent.first_of(found, 20)

    rows, ended = read(None)
    assert rows == []
    assert ended is not None
    assert read(ended) == ([], None)
