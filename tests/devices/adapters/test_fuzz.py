"""Whatever comes, an adapter answers with events or a clear 4xx; nothing else, and soon."""

import base64
import copy
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import BadRequest, TooLarge
from chalicelib.devices.adapters import ADAPTERS
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import Refused, Reported
from chalicelib.devices.schemas.adapters import AdapterSettings
from chalicelib.devices.service import adapting, attaching
from chalicelib.devices.tables.registry import Device
from tests.core.test_foreign import BOMBS
from tests.devices.adapters.conftest import MULTIPART, PAYLOADS, multipart, with_pictures
from tests.devices.adapters.test_mapper import MAPPING
from tests.devices.adapters.test_tuya import SECRET, by_ecb, by_gcm, outer

KINDS = {
    "chirpstack": Kind.SMOKE_SENSOR,
    "dahua": Kind.PLATE_CAMERA,
    "hikvision_access": Kind.DOOR,
    "hikvision_anpr": Kind.PLATE_CAMERA,
    "mapper": Kind.BIN,
    "tuya": Kind.SMOKE_SENSOR,
}
GOOD = {
    name: [path.read_bytes() for path in sorted(PAYLOADS.glob(f"{name}*"))]
    for name in ADAPTERS.names
}
KNOWN = sorted(
    {"AccessControllerEvent", "ANPR", "Action", "Code", "Data", "Events", "NonMotor", "Object"}
    | {"RealUTC", "TrafficCar", "bizData", "body", "data", "deviceInfo", "devEui", "devId"}
    | {"majorEventType", "object", "properties", "records", "rxInfo", "serialNo", "status", "t"}
    | {"subEventType", "tags", "time", "ts", "value", "code", "vendor", "licensePlate"}
)
JSON = "application/json"

hostile: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, "", "x" * 100_000, -1, 2**63, 1e308, "nan", "9" * 400, [], {}, [[]], "\u202e\x00"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | hostile,
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=8), inside, max_size=6)
    ),
    max_leaves=25,
)


def device(adapter: str) -> Device:
    given_settings = AdapterSettings.model_validate({"secret": SECRET, "mapping": MAPPING})
    return Device(
        device_id="dev-1",
        community_id="com_1",
        kind=KINDS.get(adapter, Kind.ENVIRONMENT_SENSOR).value,
        adapter=adapter,
        adapter_settings=attaching._sealed("dev-1", given_settings.model_dump()),
    )


DEVICES = {name: device(name) for name in ADAPTERS.names}


def judged(adapter: str, body: bytes, kind: str) -> list[Reported | Refused]:
    """What becomes of a message: its events, or nothing because of a clear 4xx."""
    try:
        message = adapting.translated(DEVICES[adapter], body, kind)
        return [event for told in message.told for event in told.read()]
    except (BadRequest, TooLarge):
        return []


def sent(adapter: str, plain: bytes) -> bytes:
    """What a vendor's device would send of this: Tuya's cloud encrypts it."""
    return outer(by_gcm(plain)) if adapter == "tuya" else plain


quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
adapters = pytest.mark.parametrize("adapter", ADAPTERS.names)


@adapters
def test_every_adapter_has_a_recorded_payload(adapter):
    assert GOOD[adapter], "write one by hand from the field list of its protocol"


@adapters
def test_the_recorded_payloads_are_events_that_we_take(adapter):
    kind = "application/xml" if adapter == "hikvision_anpr" else JSON
    for plain in GOOD[adapter]:
        (first, *rest) = judged(adapter, sent(adapter, plain), kind)
        sighting = b"NonMotor" in plain  # no business of a plate camera
        assert isinstance(first, Reported) is not sighting
        assert all(isinstance(one, Reported) for one in rest)


@adapters
@quick
@given(body=st.binary(max_size=500), kind=st.text(max_size=30) | st.just(MULTIPART))
def test_any_bytes(adapter, body, kind):
    judged(adapter, body, kind)


@adapters
@quick
@given(value=values)
def test_any_json_of_known_words(adapter, value):
    judged(adapter, sent(adapter, json.dumps(value).encode()), JSON)
    judged(adapter, with_pictures(json.dumps(value).encode(), JSON), MULTIPART)


@adapters
@quick
@given(data=st.data())
def test_any_field_of_a_real_payload_made_hostile(adapter, data):
    plain = data.draw(st.sampled_from(GOOD[adapter]))
    if plain.lstrip().startswith(b"<"):
        cut = data.draw(st.integers(0, len(plain)))
        junk = data.draw(st.binary(max_size=20) | st.just(b"<a>") | st.just(b"&x;"))
        judged(adapter, plain[:cut] + junk + plain[cut:], "application/xml")
        return
    value = json.loads(plain)
    for _ in range(data.draw(st.integers(1, 4))):
        place, key = data.draw(st.sampled_from(list(_places(value)) or [({"": 0}, "")]))
        place[key] = copy.deepcopy(data.draw(hostile | values))
    judged(adapter, sent(adapter, json.dumps(value).encode()), JSON)


def _places(value):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inside in list(items):
        yield value, key
        if isinstance(inside, dict | list):
            yield from _places(inside)


@adapters
@quick
@given(data=st.data())
def test_any_cut_or_flipped_bit(adapter, data):
    plain = data.draw(st.sampled_from(GOOD[adapter]))
    whole = with_pictures(sent(adapter, plain), "application/xml" if plain[:1] == b"<" else JSON)
    cut = data.draw(st.integers(0, len(whole) - 1))
    judged(adapter, whole[:cut], MULTIPART)
    flipped = bytearray(whole)
    flipped[cut] ^= 1 << data.draw(st.integers(0, 7))
    judged(adapter, bytes(flipped), MULTIPART)


HARMFUL = {
    **BOMBS,
    "empty": b"",
    "blank": b" \r\n",
    "deep json": b"[" * 1_000_000,
    "a megabyte in one text": b'{"Code": "' + b"x" * 1_000_000 + b'"}',
    "a megabyte of keys": b"{" + b",".join(b'"k%d":1' % n for n in range(80_000)) + b"}",
    "a megabyte of zeros": bytes(1_000_000),
    "many parts": multipart(*(("a", JSON, b"{}") for _ in range(5_000))),
    "an open part": multipart(("a", JSON, b"{}"), closed=False),
}


@adapters
@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("kind", [JSON, "application/xml", MULTIPART, "multipart/form-data", ""])
def test_what_would_harm_is_refused_soon(adapter, name, kind):
    started = time.process_time()
    assert [one for one in judged(adapter, HARMFUL[name], kind) if isinstance(one, Reported)] == []
    assert time.process_time() - started < 2.0


@quick
@given(plain=st.binary(max_size=200), garbage=st.binary(max_size=64))
def test_anything_under_tuyas_key(plain, garbage):
    for seal in (by_gcm, by_ecb):
        judged("tuya", outer(seal(plain)), JSON)
    body = json.dumps({"data": base64.b64encode(garbage).decode(), "t": 1}).encode()
    judged("tuya", body, JSON)
