"""Devices that speak their maker's own format, posted to the address of their adapter."""

from __future__ import annotations

import base64
import json
import os
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

import requests

from tools.lift_pictures import render
from tools.simulate.conducts import RIGHT, Manner
from tools.simulate.estate import Device
from tools.simulate.life import RANGES, plate
from tools.simulate.posting import understood
from tools.simulate.reporter import Answer
from tools.simulate.signing import Json

BEIJING = timezone(timedelta(hours=8))
NO_CHILDREN: Sequence[Device] = ()

Message: TypeAlias = tuple[str, bytes]
"""A content type and a body."""


class Vendor:
    """Makes messages of one adapter's format and posts them; a `Way` of its reporter.

    The reporter's events only set the pace: what is said is the vendor's own.
    """

    def __init__(
        self,
        device: Device,
        base_url: str,
        manner: Manner = RIGHT,
        *,
        children: Sequence[Device] = NO_CHILDREN,
    ) -> None:
        self.device, self.url, self.manner = device, base_url + device.adapter_path, manner
        self.children = children
        self.counted = 0
        self.chance = random.Random(device.id)
        self._http = requests.Session()
        self._http.trust_env = False

    def send(self, events: list[Json], message_id: str) -> Answer:  # noqa: ARG002 -- theirs has its own
        """Post one message for each event; the answer is the last one's."""
        answer = Answer(heard=True, again_s=None, words=())
        for _ in events:
            content_type, body = self._message()
            try:
                got = self._http.post(
                    self.url, data=body, headers={"content-type": content_type}, timeout=10
                )
            except requests.RequestException:
                return Answer(heard=False, again_s=None, words=(*answer.words, "no answer"))
            told = understood(got)
            answer = Answer(told.heard, told.again_s, (*answer.words, *told.words))
        return answer

    def _message(self) -> Message:
        self.counted += 1
        content_type, body = MESSAGES[self.device.adapter](self)
        if self.manner.body == "no_json":
            body = body[: len(body) // 2]
        return self.manner.content_type or content_type, body

    def now(self) -> datetime:
        """The time as this device believes it."""
        return datetime.now(BEIJING) + timedelta(seconds=self.manner.clock_s)


def hikvision_anpr(vendor: Vendor) -> Message:
    """A passing: XML in multipart, with a picture."""
    alert = f"""<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">
<macAddress>02:00:5e:00:53:41</macAddress><channelID>1</channelID>
<dateTime>{vendor.now().isoformat(timespec="seconds")}</dateTime><eventType>ANPR</eventType>
<ANPR><licensePlate>{plate(vendor.chance)}</licensePlate><line>1</line>
<direction>forward</direction><confidenceLevel>97</confidenceLevel><plateColor>blue</plateColor>
<vehicleType>vehicle</vehicleType><vehicleListName>otherList</vehicleListName></ANPR>
<UUID>{uuid.uuid4()}</UUID></EventNotificationAlert>""".encode()
    picture = render("empty", vendor.counted % 4)
    parts = (
        ("anpr.xml", "application/xml", alert),
        ("detectionPicture.jpg", "image/jpeg", picture),
    )
    boundary = "boundary"
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, kind, content in parts
    )
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def hikvision_access(vendor: Vendor) -> Message:
    """Somebody's face was known; numbers that are left out become gaps."""
    event = {
        "majorEventType": 5,
        "subEventType": 75,
        "serialNo": vendor.counted,
        "employeeNoString": "10086",
        "doorNo": 1,
        "currentVerifyMode": "cardOrFaceOrFp",
        "currentEvent": True,
    }
    return _json(
        {
            "macAddress": "02:00:5e:00:53:42",
            "dateTime": vendor.now().isoformat(timespec="seconds"),
            "eventType": "AccessControllerEvent",
            "AccessControllerEvent": event,
        }
    )


def dahua(vendor: Vendor) -> Message:
    """A passing; `UTC` is the camera's wall clock counted as if it were UTC."""
    at = int(vendor.now().timestamp())
    told = {
        "EventID": vendor.counted,
        "GroupID": vendor.chance.randrange(10**9),
        "IndexInGroup": 1,
        "RealUTC": at,
        "UTC": at + 8 * 3600,
        "Lane": 1,
        "Object": {"ObjectType": "Plate", "Text": plate(vendor.chance)},
        "TrafficCar": {"PlateColor": "Blue", "DrivingDirection": ["Leave", "北", "南"]},
    }
    return _json({"Code": "TrafficJunction", "Action": "Pulse", "Index": 0, "Data": told})


def chirpstack(vendor: Vendor) -> Message:
    """One of the gateway's children measures something."""
    child = vendor.chance.choice(vendor.children) if vendor.children else vendor.device
    return _json(
        {
            "deduplicationId": str(uuid.uuid4()),
            "time": vendor.now().isoformat(),
            "deviceInfo": {"devEui": child.serial, "tags": {}},
            "fCnt": vendor.counted,
            "fPort": 2,
            "data": base64.b64encode(os.urandom(8)).decode(),
            "object": {"temperature": round(vendor.chance.uniform(*RANGES["temperature"]), 1)},
            "rxInfo": [{"gatewayId": vendor.device.serial, "rssi": -97, "snr": 4.5}],
        }
    )


def tuya(vendor: Vendor) -> Message:
    """One of the cloud's devices says how it is, under AES-GCM."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- slow to load

    child = vendor.chance.choice(vendor.children) if vendor.children else vendor.device
    at = int(vendor.now().timestamp() * 1_000)
    told = {
        "dataId": uuid.uuid4().hex,
        "bizCode": "devicePropertyMessage",
        "bizData": {
            "devId": child.serial,
            "properties": [{"code": "battery_percentage", "dpId": 15, "time": at, "value": 64}],
        },
        "ts": at,
    }
    secret = str(vendor.device.adapter_settings["secret"])
    nonce = os.urandom(12)
    sealed = AESGCM(secret[8:24].encode()).encrypt(nonce, json.dumps(told).encode(), None)
    data = base64.b64encode(nonce + sealed).decode()
    return _json({"protocol": 4, "pv": "2.0", "t": at, "data": data, "sign": ""})


def mapper(vendor: Vendor) -> Message:
    """Whatever the device's own mapping reads: each path gets a small number, `time` the time."""
    mapping = vendor.device.adapter_settings["mapping"]
    told: Json = {}
    for value in mapping.get("readings", {}).values():
        if "path" in value:
            _put(told, value["path"], vendor.chance.randrange(100))
    if "time" in mapping:
        _put(told, mapping["time"], int(vendor.now().timestamp()))
    body: Json = {}
    if "each" in mapping:
        _put(body, mapping["each"], [told])
    return _json(body or told)


def _put(into: Json, path: str, value: object) -> None:
    *way, last = path.split(".")
    for word in way:
        into = into.setdefault(word, {})
    into[last] = value


def _json(told: Json) -> Message:
    return "application/json", json.dumps(told, ensure_ascii=False).encode()


MESSAGES: Mapping[str, Callable[[Vendor], Message]] = {
    "chirpstack": chirpstack,
    "dahua": dahua,
    "hikvision_access": hikvision_access,
    "hikvision_anpr": hikvision_anpr,
    "mapper": mapper,
    "tuya": tuya,
}

KINDS: Mapping[str, str] = {
    "chirpstack": "gateway",
    "dahua": "plate_camera",
    "hikvision_access": "door",
    "hikvision_anpr": "plate_camera",
    "mapper": "bin",
    "tuya": "gateway",
}
"""A kind of device that may be attached by each adapter."""

SETTINGS: Mapping[str, Json] = {
    "mapper": {"mapping": {"time": "ts", "readings": {"fullness": {"path": "full"}}}},
    "tuya": {"secret": "simulated-access-secret-0123456789"},
}
"""Settings of devices that are enrolled for a simulation."""

CHILDREN: Mapping[str, str] = {"chirpstack": "smoke_sensor", "tuya": "gas_sensor"}
"""Gateways speak for children of a kind; without any they have nothing to say."""

BEGAN = time.time_ns()
"""Makes serial numbers new in each run."""
