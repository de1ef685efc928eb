"""Tuya cloud: pushed messages with an AES payload, forwarded by a small consumer.

Outer `{protocol, pv, t, data, sign}`; `data` is AES-128 under characters 8 to 24 of the
project's access secret, in GCM (nonce, text, tag) or, of older projects, in ECB. Its `sign` adds
nothing to the address's token and GCM's tag, and no client of Tuya's checks it. Inner: new
`bizCode: devicePropertyMessage` with `bizData.properties`, older `status` at the top.
"""

import base64
import binascii
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.core.foreign import json_of, moment_of, number_of, text_of, within
from chalicelib.devices.events import Reading, Translated

NEEDS: tuple[str, ...] = ("secret",)
KINDS: tuple[str, ...] = ("gateway",)

NONCE, TAG, BLOCK = 12, 16, 16
SHORTEST_SECRET = 24

MOST_PROPERTIES = 100

SCALED: Mapping[str, tuple[str, float]] = {
    "va_temperature": ("temperature", 0.1),
    "temp_current": ("temperature", 0.1),
    "va_humidity": ("humidity", 0.1),
    "humidity_value": ("humidity", 1.0),
    "battery_percentage": ("battery", 1.0),
    "battery_value": ("battery_millivolt", 1.0),
    "smoke_sensor_value": ("smoke", 0.1),
    "gas_sensor_value": ("gas", 0.1),
    "cur_power": ("active_power", 0.1),
    "cur_voltage": ("voltage", 0.1),
    "cur_current": ("current", 0.001),
    "add_ele": ("energy", 10.0),
    "pm25_value": ("pm2_5", 1.0),
    "water_use_data": ("volume", 0.001),
}
"""Standard codes → a quantity, and what a step of the whole number is worth in its unit.

`add_ele` counts 0.01 kWh since the last report, hence is no meter's total for who reads it.
"""

STATES: Mapping[str, str] = {
    "smoke_sensor_status": "smoke_alarm",
    "smoke_sensor_state": "smoke_alarm",
    "gas_sensor_status": "gas_alarm",
    "gas_sensor_state": "gas_alarm",
    "watersensor_state": "water_leak",
    "sos_state": "sos",
    "sos": "sos",
}
_OLDER = {"1": "alarm", "2": "normal"}
"""`smoke_sensor_state` of the first generation counts instead of saying."""

_LIVES = {
    "online": "device.heartbeat",
    "deviceOnline": "device.heartbeat",
    "offline": "tuya.offline",
    "deviceOffline": "tuya.offline",
}


def translate(body: bytes, content_type: str, settings: Mapping[str, Any]) -> list[Translated]:  # noqa: ARG001 -- every adapter's shape
    """Return what a device said; raises BadRequest `not_decrypted` and others."""
    outer = json_of(body)
    if not isinstance(outer, dict) or not isinstance(outer.get("data"), str):
        raise BadRequest("not_this_vendor", "不是涂鸦的消息")
    told = json_of(_decrypted(outer["data"], settings["secret"]))
    held = told.get("bizData") if isinstance(told, dict) else None
    held = held if isinstance(held, dict) else {}
    device = text_of(held.get("devId") or within(told, "devId"), 64)
    if not device:
        raise BadRequest("not_this_vendor", "涂鸦消息中没有 devId")
    base: dict[str, Any] = {
        "id": text_of(held.get("dataId") or within(told, "dataId"), 64),
        "occurred_at": moment_of(outer.get("t")),
        "child": device,
    }
    code = text_of(told.get("bizCode"), 64)
    if code in _LIVES:
        return [Translated(type=_LIVES[code], **base)]
    readings, bad = _readings(held.get("properties") or within(told, "status"), settings["names"])
    beside = [Translated(refused="bad_field")] if bad else []
    if readings:
        return [Translated(**base, readings=tuple(readings)), *beside]
    return [Translated(type="tuya.message", data={"vendor": {"code": code}}, **base), *beside]


def _readings(given: object, named: Collection[str]) -> tuple[list[Reading], bool]:
    """Return what the properties, or the older status, say, and whether one was unreadable."""
    readings: list[Reading] = []
    bad = False
    for one in given[:MOST_PROPERTIES] if isinstance(given, list) else []:
        try:
            readings += _reading(one, named)
        except BadRequest:
            bad = True
    return readings, bad


def _reading(one: object, named: Collection[str]) -> Iterator[Reading]:
    """Yield a property that has a code and a value.

    A code that the installer has `named` keeps its name and its value.
    """
    code = text_of(one.get("code"), 64) if isinstance(one, dict) else ""
    if not code or not isinstance(one, dict):
        return
    at, value = moment_of(one.get("time") or one.get("t")), one.get("value")
    number = None if isinstance(value, bool) else number_of(value)
    if code in STATES:
        state = _OLDER.get(value, value) if isinstance(value, str) else value
        if isinstance(state, bool | str):
            yield Reading(STATES[code], state, at)
    elif code in SCALED and code not in named and number is not None:
        name, step = SCALED[code]
        yield Reading(name, round(number * step, 6), at)
    elif isinstance(value, bool) or (isinstance(value, str) and len(value) <= MOST_PROPERTIES):
        yield Reading(code, value, at)
    elif number is not None:
        yield Reading(code, number, at)


def _decrypted(data: str, secret: str) -> bytes:
    key = secret[8:SHORTEST_SECRET].encode()
    try:
        raw = base64.b64decode(data, validate=True)
        return _by_gcm(key, raw) or _by_ecb(key, raw)
    except (binascii.Error, ValueError) as failure:
        raise BadRequest("not_decrypted", "涂鸦消息无法解密，请检查密钥") from failure


def _by_gcm(key: bytes, raw: bytes) -> bytes:
    """Return the text of nonce, ciphertext and tag, or nothing if the tag is not theirs."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], None)
    except InvalidTag:
        return b""


def _by_ecb(key: bytes, raw: bytes) -> bytes:
    """Return the text of what older projects send: ECB with PKCS #7; raises ValueError."""
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    opener = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 -- theirs to choose
    padded = opener.update(raw) + opener.finalize()
    filler = padding.PKCS7(BLOCK * 8).unpadder()
    return filler.update(padded) + filler.finalize()
