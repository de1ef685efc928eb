"""One enrolled device and its signed requests."""

import base64
import dataclasses
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.auth import Caller
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.signing import uplink_signature
from chalicelib.devices.tables.registry import Device
from chalicelib.identity import public as identity
from chalicelib.identity.rules.organisation import Level


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
            "webhook_signature": uplink_signature(key, message_id, stamp, raw),
            "x_linli_device": device.device_id,
            "x_linli_key_id": device.key_id,
        }
        if tamper:
            headers, raw = tamper(headers, raw)
        return http("POST", path, raw, **headers, **options)

    return send


def row_of(device_id: str) -> Device:
    """A device as it is stored."""
    found = Device.find(device_id)
    assert found is not None
    return found


@dataclasses.dataclass(frozen=True)
class Grounds:
    """An estate with two buildings in the tree, and who works there."""

    community: str
    path: str
    building: str
    other: str
    unit: str
    sign: Callable[..., str]

    def staff(self, role: str = "property_manager", node: str = "") -> str:
        """Sign in somebody of the estate's staff; `node` confines them to a subtree."""
        path = node or self.path
        return self.sign(self.community, "per_wang", audience="property", roles=[role], node=path)

    def caller(self, node: str = "") -> Caller:
        """The manager, as use cases know them."""
        path = node or self.path
        roles = ("property_manager",)
        return Caller("per_wang", self.community, "property", roles, 2**40, path)


@pytest.fixture
def grounds(cloud: None, community: str, sign: Callable[..., str]) -> Grounds:
    county = identity.plant(Level.COUNTY, "区", node_id=f"n{community[-12:]}")
    street = identity.plant(Level.STREET, "街道", parent=county)
    below = identity.plant(Level.NEIGHBOURHOOD, "社区", parent=street)
    identity.found_community(community, "和苑", parent=below)
    for building in ("1号楼", "2号楼"):
        at = identity.Place(building, "1单元", "101", 8937)
        identity.add_unit(community, f"u{building[0]}-{community[-12:]}", "101", at=at)
    spots = [("1号楼", "", ""), ("2号楼", "", ""), ("1号楼", "1单元", "101")]
    paths = identity.paths_of(community, spots)
    building, other, unit = (paths[spot] for spot in spots)
    return Grounds(community, f"{below}/{community}", building, other, unit, sign)
