"""One gateway's many devices: what is wrong with one of them costs no other its words."""

import json
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from chalicelib.core.errors import TooMany
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.schemas.adapters import AdapterSettings
from chalicelib.devices.service import adapting, admission, attaching
from chalicelib.devices.service.attaching import AdapterWish
from chalicelib.devices.service.enrolment import Hardware
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.uplink import AcceptedBatch, DeviceEvent

MAPPING = {
    "each": "records",
    "child": "dev",
    "id": "id",
    "events": [
        {"type": "sos.pressed", "when": {"path": "evt", "one_of": ["sos"]}},
        {"type": "device.heartbeat", "when": {"path": "evt", "one_of": ["beat"]}},
    ],
}


@pytest.fixture
def gateway(cloud: None, community: str) -> Callable[..., tuple[str, dict[str, str]]]:
    """Enrol a gateway with an adapter and wristbands under it: its address, the bands' ids."""

    def made(adapter: str, *serials: str, **settings: object) -> tuple[str, dict[str, str]]:
        def enrol(kind: Kind, serial: str, through: str = "") -> str:
            return devices.enrol(
                community,
                kind,
                place_id="east",
                name="设备",
                gateway_id=through,
                hardware=Hardware(serial=serial),
            ).device_id

        gateway_id = enrol(Kind.GATEWAY, "GW")
        wish = AdapterWish(adapter, AdapterSettings.model_validate(settings))
        path = attaching.attach(community, gateway_id, wish).path
        assert path is not None
        return path, {one: enrol(Kind.WRISTBAND, one, gateway_id) for one in serials}

    return made


def types(device_id: str) -> list[str]:
    for batch in AcceptedBatch.query(device_id):
        devices.record(device_id, batch.message_id)
    return [row.type for row in DeviceEvent.query(device_id)]


def flood(device_id: str) -> None:
    device = Device.get(device_id)
    for _ in range(12):
        with suppress(TooMany):
            admission.admit(device, 100, alarm=False)


def test_a_flooded_child_costs_no_other_its_sos(http, gateway):
    path, bands = gateway("mapper", "a", "b", mapping=MAPPING)
    flood(bands["a"])
    body = {"records": [{"dev": "a", "evt": "beat", "id": 1}, {"dev": "b", "evt": "sos", "id": 2}]}
    reply = http("POST", path, body)
    assert (reply.status, reply.code) == (429, "quarantined")
    assert types(bands["b"]) == ["sos.pressed"]
    assert http("POST", path, body).status == 429
    assert types(bands["b"]) == ["sos.pressed"]
    assert types(bands["a"]) == []


def test_who_calls_for_help_is_heard_first(gateway):
    path, bands = gateway("mapper", "a", "b", mapping=MAPPING)
    device = Device.get(path.split("/")[4])
    body = {"records": [{"dev": "a", "evt": "beat"}, {"dev": "b", "evt": "sos"}]}
    message = adapting.translated(device, json.dumps(body).encode(), "application/json")
    told = [one.device.device_id for one in message.by_need()]
    assert told == [bands["b"], bands["a"]]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"dev": "a", "evt": "beat", "id": "x" * 200}, "bad_field"),
        ({"dev": "a" * 70, "evt": "beat"}, "bad_field"),
        (7, "not_this_vendor"),
    ],
)
def test_a_bad_record_is_a_place_and_the_sos_beside_it_stands(http, gateway, bad, why):
    path, bands = gateway("mapper", "a", "b", mapping=MAPPING)
    reply = http("POST", path, {"records": [bad, {"dev": "b", "evt": "sos"}]})
    assert (reply.status, reply.body["accepted"]) == (200, 1)
    first, second = reply.body["results"]
    assert (first["index"], first["status"], first["errors"][0]["type"]) == (0, "invalid", why)
    assert (second["index"], second["status"]) == (1, "accepted")
    assert types(bands["b"]) == ["sos.pressed"]


def test_a_bad_event_of_a_recorder_costs_the_others_nothing(http, gateway):
    path, _ = gateway("dahua")
    beat = {"Code": "Heartbeat", "Action": "Pulse"}
    reply = http("POST", path, {"Events": [{"Code": "x" * 65}, beat, {"Action": "Start"}]})
    assert [one["status"] for one in reply.body["results"]] == ["invalid", "accepted", "invalid"]


def test_a_recorders_bomb_is_refused_before_it_is_translated(http, gateway):
    path, _ = gateway("dahua")
    events = [{"Code": "Heartbeat", "Data": {}}] * 60_000
    body = json.dumps({"Events": events}).encode()
    begun = time.process_time()
    assert http("POST", path, body).status == 400
    assert time.process_time() - begun < 2.0
    reply = http("POST", path, {"Events": events[:101]})
    assert (reply.status, reply.code) == (400, "too_many_in_batch")


def test_a_message_that_says_more_than_a_hundred_things_is_refused(http, gateway):
    twice = {**MAPPING, "events": [MAPPING["events"][1]] * 2}
    path, _ = gateway("mapper", "a", mapping=twice)
    reply = http("POST", path, {"records": [{"dev": "a", "evt": "beat"}] * 51})
    assert (reply.status, reply.code) == (413, "too_many_in_batch")
    assert http("POST", path, {"records": [{"dev": "a", "evt": "beat"}] * 50}).status == 200


def test_an_address_has_a_budget_that_failures_spend_as_well(http, gateway):
    path, _ = gateway("dahua")
    replies = [http("POST", path, b"x" * 300_000) for _ in range(25)]
    assert {reply.status for reply in replies} == {400, 429}
    assert replies[-1].code == "too_many_requests"


@pytest.mark.parametrize(
    "mapping",
    [
        {
            "events": [
                {"type": "device.heartbeat", "data": {f"{n}": {"path": "a"} for n in range(11)}}
            ]
            * 50
        },
        {
            "events": [
                {
                    "type": "device.heartbeat",
                    "data": {"a": {"path": "a", "words": {f"{n}": "字" * 200 for n in range(100)}}},
                }
            ]
        },
    ],
    ids=["lookups", "bytes"],
)
def test_a_mapping_that_is_too_large_is_not_saved(http, sign, community, gateway, mapping):
    path, _ = gateway("dahua")
    token = sign(community, audience="property", roles=["property_manager"])
    body = {"adapter": "mapper", "settings": {"mapping": mapping}}
    reply = http("PUT", f"/property/devices/{path.split('/')[4]}/adapter", body, token=token)
    assert (reply.status, reply.code) == (422, "mapping_too_large")
