import json

import pytest

from chalicelib.core.errors import BadRequest
from chalicelib.devices.adapters.chirpstack import translate
from tests.devices.adapters.conftest import SETTINGS, payload

UP = json.loads(payload("chirpstack_up.json"))


def one(event):
    (told,) = translate(json.dumps(event).encode(), "application/json", SETTINGS)
    return told


def test_an_uplink_names_its_device_and_its_readings():
    event = one(UP)
    assert event.child == "0202fffe00aabb01"
    assert event.id == UP["deduplicationId"]
    assert {reading.name: reading.value for reading in event.readings} == {
        "smoke": True,
        "temperature": 21.5,
        "battery": 96.0,
        "codec.version": 3.0,
    }


def test_without_a_codec_the_payload_is_kept_as_it_came():
    event = one({name: value for name, value in UP.items() if name != "object"})
    assert event.type == "chirpstack.uplink"
    assert event.data["vendor"]["data"] == "AWcA1wJoYA=="
    assert (event.data["vendor"]["port"], event.data["vendor"]["frame"]) == (2, 812)


def test_the_best_gateway_tells_how_well_it_was_heard():
    event = one({name: value for name, value in UP.items() if name != "object"})
    assert event.data["vendor"]["rssi"] == -71
    assert event.data["vendor"]["gateway"] == "0016c001f1000002"


def test_device_status_and_joins():
    (status,) = translate(payload("chirpstack_status.json"), "application/json", SETTINGS)
    assert status.readings[0].value == 81.5
    join = {name: UP[name] for name in ("deduplicationId", "time", "deviceInfo", "devAddr")}
    assert one(join).type == "device.started"


def test_a_log_line_says_nothing_about_a_device():
    log = {"deviceInfo": UP["deviceInfo"], "level": "ERROR", "code": "UPLINK_CODEC"}
    assert translate(json.dumps(log).encode(), "application/json", SETTINGS) == []


@pytest.mark.parametrize("body", [b"[]", b'{"deviceInfo": 1}', b'{"fCnt": 1}', b'{"a": NaN}'])
def test_what_is_not_chirpstacks_is_refused(body):
    with pytest.raises(BadRequest):
        translate(body, "application/json", SETTINGS)
