"""Devices enrolled by the staff's own route, as a property company enrols them."""

from __future__ import annotations

import secrets

import requests

from tools.simulate.estate import Device, device_of
from tools.simulate.person import Person


def enrol(
    staff: Person,
    community_id: str,
    kind: str,
    place_id: str,
    *,
    serial: str = "",
    gateway_id: str = "",
    new_place: bool = False,
) -> Device:
    """Enrol a device at a place; its key is in the answer. Raises requests' errors."""
    wish = {
        "kind": kind,
        "name": f"模拟设备 {kind} {secrets.token_hex(2)}",
        "place_id": place_id,
        "new_place": new_place,
        "serial": serial,
        "gateway_id": gateway_id or None,
    }
    answer = staff.post("/property/devices", wish)
    if not answer.ok:
        said = f"{answer.status_code} {answer.text[:200]} from {answer.url}"
        raise requests.HTTPError(said, response=answer)
    made = answer.json()
    known = {"id": made["device_id"], "kind": kind, "key_id": made["key_id"], "key": made["key"]}
    return device_of(
        known | {"place_id": place_id, "serial": serial, "gateway_id": gateway_id}, community_id
    )


def retire(staff: Person, device_id: str) -> None:
    """Retire a device: its keys are destroyed. Raises requests' errors."""
    staff.post(f"/property/devices/{device_id}/retire").raise_for_status()


def attach(staff: Person, device: Device, adapter: str, settings: dict[str, object]) -> str:
    """Let a device speak its vendor's format; return the path of its address."""
    wish = {"adapter": adapter, "settings": settings, "new_token": True}
    answer = staff.put(f"/property/devices/{device.id}/adapter", wish)
    answer.raise_for_status()
    return str(answer.json()["path"])
