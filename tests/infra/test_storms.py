"""At the door: a device in quarantine is turned away, its alarms and all others are not."""

import json

import pytest

from chalicelib.core import clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import URGENT, Kind
from chalicelib.devices.rules.uplink import QUARANTINE_FOR
from infra.one_machine.storms import turned_away
from tests.devices.conftest import event, signed  # noqa: F401 -- the fixture


def asked(device_id: str, path: str = "/device/events") -> dict[str, str]:
    return {"PATH_INFO": path, "HTTP_X_LINLI_DEVICE": device_id}


@pytest.fixture
def held(signed, community):  # noqa: F811 -- the fixture
    """A device that is in quarantine."""
    device = devices.enrol(community, Kind.BIN, place_id="b1", name="箱")
    storm = [event(device.device_id, type="device.heartbeat", data={}) for _ in range(100)]
    for _ in range(13):
        reply = signed(device, storm)
    assert reply.code == "quarantined"
    return device.device_id


def test_a_device_in_quarantine_is_told_what_the_api_would_tell_it(held):
    answer = turned_away(asked(held), b"{}")
    assert answer is not None
    status, headers, body = answer
    said = json.loads(body)
    assert (status, said["code"]) == (429, "quarantined")
    assert 290 <= int(dict(headers)["retry-after"]) <= 300
    assert dict(headers)["x-request-id"] == said["request_id"]


@pytest.mark.parametrize("name", sorted(URGENT))
def test_what_may_be_an_alarm_passes(held, name):
    for text in (name, "".join(f"\\u{ord(letter):04x}" for letter in name)):
        assert turned_away(asked(held), json.dumps({"type": "x"}).encode() + text.encode()) is None


def test_so_does_what_goes_elsewhere_and_comes_from_others_or_later(held):
    assert turned_away(asked(held, "/device/uploads"), b"{}") is None
    assert turned_away(asked("dev_other"), b"{}") is None
    assert turned_away({"PATH_INFO": "/device/events"}, b"{}") is None
    with clock.standing_at(clock.now() + QUARANTINE_FOR):
        assert turned_away(asked(held), b"{}") is None
