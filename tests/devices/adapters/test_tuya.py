import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.core.errors import BadRequest
from chalicelib.devices.adapters.tuya import translate
from tests.devices.adapters.conftest import SETTINGS, payload

SECRET = "0123456789abcdef0123456789abcdef"
KEY = SECRET[8:24].encode()
PROPERTY, STATUS = payload("tuya_property.json"), payload("tuya_status.json")


def by_gcm(plain, key=KEY):
    nonce = bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def by_ecb(plain, key=KEY):
    filler = padding.PKCS7(128).padder()
    sealer = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 -- what Tuya does
    return sealer.update(filler.update(plain) + filler.finalize()) + sealer.finalize()


def outer(sealed):
    data = base64.b64encode(sealed).decode()
    return json.dumps(
        {"protocol": 1000, "pv": "2.0", "t": 1795248362500, "data": data, "sign": "00"}
    ).encode()


def one(sealed, **settings):
    given = {**SETTINGS, "secret": SECRET, **settings}
    (event,) = translate(outer(sealed), "application/json", given)
    return event


@pytest.mark.parametrize("seal", [by_gcm, by_ecb])
def test_properties_are_readings_with_their_own_times(seal):
    event = one(seal(PROPERTY))
    assert (event.child, event.id) == ("6c00000000000000a1", "0a1b2c3d-5e6f")
    said = {reading.name: reading.value for reading in event.readings}
    assert said == {"smoke_alarm": "alarm", "battery": 64.0, "self_checking": False}
    assert event.readings[0].at == datetime(2026, 11, 21, 8, 6, tzinfo=UTC)


def test_the_older_status_is_scaled_to_our_units():
    said = {reading.name: reading.value for reading in one(by_ecb(STATUS)).readings}
    assert said == {"voltage": 230.1, "active_power": 125.0, "current": 0.543}


def test_a_code_that_the_installer_named_is_left_to_him():
    event = one(by_gcm(STATUS), names={"cur_power": {"quantity": "active_power"}})
    assert ("cur_power", 1250.0) in {(one.name, one.value) for one in event.readings}


def test_coming_online_is_a_sign_of_life():
    online = {"devId": "6c01", "bizCode": "online", "bizData": {"time": 1795248362000}}
    assert one(by_gcm(json.dumps(online).encode())).type == "device.heartbeat"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", "not_this_vendor"),
        (outer(b""), "not_decrypted"),
        (outer(b"short"), "not_decrypted"),
        (outer(by_gcm(PROPERTY, b"k" * 16)), "not_decrypted"),
        (outer(by_gcm(PROPERTY)[:-1]), "not_decrypted"),
        (outer(by_gcm(b"[]")), "not_this_vendor"),
        (outer(by_gcm(b"{")), "bad_json"),
        (b'{"data": "not base 64!"}', "not_decrypted"),
    ],
)
def test_what_cannot_be_opened_is_refused(body, code):
    with pytest.raises(BadRequest) as refused:
        translate(body, "application/json", {**SETTINGS, "secret": SECRET})
    assert refused.value.code == code
