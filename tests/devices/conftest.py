"""One enrolled device and its signed requests."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.devices import public as devices
from chalicelib.devices import rules
from chalicelib.devices.rules import Kind


@pytest.fixture
def panel(cloud: None, community: str) -> devices.Enrolment:
    return devices.enrol(community, Kind.PANEL, place_id="east", name="对讲")


@pytest.fixture
def gate(cloud: None, community: str) -> devices.Enrolment:
    return devices.enrol(community, Kind.GATE, place_id="east", name="东门")


def event(device_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"e_{uuid.uuid4().hex}",
        "source": device_id,
        "type": "panel.call",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "boot": 1,
        "sequence": 1,
        "data": {"unit_id": "u1"},
        **changes,
    }


@pytest.fixture
def signed(http) -> Callable[..., Any]:
    """Send a signed request; `tamper(headers, body)` may spoil it after signing."""

    def send(device, body, *, path="/device/events", tamper=None, at=None, **options):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = str(int(at if at is not None else time.time()))
        message_id = options.pop("message_id", f"m_{uuid.uuid4().hex}")
        key = base64.b64decode(device.key)
        headers = {
            "webhook_id": message_id,
            "webhook_timestamp": stamp,
            "webhook_signature": rules.uplink_signature(key, message_id, stamp, raw),
            "x_linli_device": device.device_id,
            "x_linli_key_id": device.key_id,
        }
        if tamper:
            headers, raw = tamper(headers, raw)
        return http("POST", path, raw, **headers, **options)

    return send
