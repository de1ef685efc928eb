import json
from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import BadRequest
from chalicelib.devices.adapters.dahua import translate
from tests.devices.adapters.conftest import JPEG, MULTIPART, SETTINGS, payload, with_pictures

JSON = "application/json"
TRAFFIC = json.loads(payload("dahua_traffic.json"))


def told(event, **settings):
    return translate(json.dumps(event).encode(), JSON, {**SETTINGS, **settings})


def changed(**data):
    return {**TRAFFIC, "Data": {**TRAFFIC["Data"], **data}}


def test_a_passing_is_read():
    (event,) = told(TRAFFIC)
    assert event.type == "vehicle.passed"
    assert event.id == "TrafficJunction/Pulse/1795248187/516/175706653/1"
    assert (event.counter, event.child) == (516, "0")
    assert event.data == {
        "plate": "粤B12345",
        "direction": "out",
        "plate_color": "blue",
        "vehicle": "car",
        "listed": "unknown",
        "lane": 1,
        "confidence": 0.898,
        "vendor": {"code": "TrafficJunction", "action": "Pulse"},
    }


def test_real_utc_is_preferred_and_the_other_is_a_wall_clock():
    assert told(TRAFFIC)[0].occurred_at == datetime(2026, 11, 21, 8, 3, 7, 420_000, UTC)
    (event,) = told(changed(RealUTC=None))
    assert event.occurred_at == datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)


def test_two_people_on_an_e_bike():
    (event,) = translate(payload("dahua_non_motor.json"), JSON, SETTINGS)
    assert event.type == "camera.sighting"
    assert event.data["what"] == "non_motor"
    assert (event.data["category"], event.data["riders"]) == ("ElectricBike", 2)


def test_snapshots_of_one_group_are_different_events():
    first, second = told({"Events": [TRAFFIC, changed(IndexInGroup=2)]})
    assert first.id != second.id


def test_the_end_of_what_was_told_adds_nothing_but_a_faults_end_mends_it():
    assert told({**TRAFFIC, "Action": "Stop"}) == []
    begun, over = told(
        {"Events": [{"Code": "VideoBlind", "Action": action} for action in ("Start", "Stop")]}
    )
    assert (begun.type, over.type) == ("device.fault", "device.restored")
    assert begun.data["code"] == over.data["code"] == "VideoBlind"


def test_what_nobody_knows_is_kept_under_its_own_name():
    (event,) = told({"Code": "CrowdDetection", "Action": "Start", "Data": {"People": 9}})
    assert event.type == "dahua.crowddetection"
    assert event.data["vendor"]["data"] == {"People": 9}


def test_a_picture_comes_along():
    body = with_pictures(payload("dahua_traffic.json"), JSON)
    (event,) = translate(body, MULTIPART, SETTINGS)
    assert [picture.content for picture in event.attachments] == [JPEG]


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"Code": []}', b'{"Events": [1]}', b"nothing"])
def test_what_is_no_event_is_refused(body):
    with pytest.raises(BadRequest):
        translate(body, JSON, SETTINGS)
