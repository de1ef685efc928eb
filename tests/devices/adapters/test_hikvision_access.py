import json
from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import BadRequest
from chalicelib.devices.adapters.hikvision_access import translate
from chalicelib.devices.schemas.events import faults
from tests.devices.adapters.conftest import JPEG, MULTIPART, SETTINGS, payload, with_pictures

JSON = "application/json"
ALERT = json.loads(payload("hikvision_access.json"))


def one(**said):
    body = {**ALERT, "AccessControllerEvent": {**ALERT["AccessControllerEvent"], **said}}
    (event,) = translate(json.dumps(body).encode(), JSON, SETTINGS)
    return event


def test_a_face_that_passed():
    event = one()
    assert event.type == "access.passed"
    assert event.occurred_at == datetime(2026, 11, 21, 8, 5, 10, tzinfo=UTC)
    assert (event.counter, event.id) == (1041, "1041-1795248310")
    assert not event.replayed
    assert event.data == {
        "method": "face",
        "door": 1,
        "holder": "10086",
        "serial_no": 1041,
        "vendor": {"major": 5, "minor": 75, "mode": "cardOrFaceOrFp"},
    }


def test_what_comes_from_its_memory_is_a_replay_of_the_same_event():
    assert one(currentEvent=False).replayed
    assert one(currentEvent=False).id == one().id


@pytest.mark.parametrize(
    ("minor", "kind", "said"),
    [
        (1, "access.passed", {"method": "card"}),
        (38, "access.passed", {"method": "fingerprint"}),
        (23, "access.passed", {"method": "button"}),
        (6, "access.refused", {"method": "card", "reason": "no_right"}),
        (76, "access.refused", {"method": "face", "reason": "no_match"}),
        (27, "door.forced", {"door": 1}),
        (28, "door.held_open", {"door": 1}),
        (21, "hikvision.access_5_21", {}),
    ],
)
def test_minor_types_say_what_happened(minor, kind, said):
    event = one(subEventType=minor)
    assert event.type == kind
    assert said.items() <= event.data.items()
    assert faults(kind, event.data) == []


def test_what_does_not_happen_at_a_door_is_kept_under_its_own_name():
    assert one(majorEventType=3, subEventType=1024).type == "hikvision.access_3_1024"


def test_the_picture_of_who_passed():
    body = with_pictures(payload("hikvision_access.json"), JSON)
    (event,) = translate(body, MULTIPART, SETTINGS)
    assert [picture.content for picture in event.attachments] == [JPEG]


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"AccessControllerEvent": 1}', b'{"AccessControllerEvent": {}}', b"7"]
)
def test_what_is_no_access_event_is_refused(body):
    with pytest.raises(BadRequest):
        translate(body, JSON, SETTINGS)
