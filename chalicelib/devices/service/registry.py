"""Which devices there are, and with which keys they speak."""

import base64
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from chalicelib.core import clock, cursor, ids, keyring, outbox
from chalicelib.core.errors import NotFound
from chalicelib.core.table import tenant_key
from chalicelib.devices import rules
from chalicelib.devices.tables import Device

REMEMBERED_S = 30
"""How long a process may still accept a device or key that was withdrawn meanwhile."""


@dataclass(frozen=True)
class Enrolment:
    """A new device and its first key (base64), shown once."""

    device_id: str
    kind: str
    key_id: str
    key: str


@dataclass(frozen=True)
class Account:
    """A device with its newest key (base64), from which its password at the broker is derived."""

    device_id: str
    community_id: str
    kind: str
    place_id: str
    key_id: str
    key: str


@dataclass(frozen=True)
class Listing:
    """One page of a community's devices."""

    items: list[Device]
    next: str | None


def enrol(
    community_id: str, kind: rules.Kind, *, place_id: str, name: str, device_id: str = ""
) -> Enrolment:
    """Register a device and make its key; raises Conflict if the id is taken."""
    device_id = device_id or ids.new_id("dev")
    key, key_id = secrets.token_bytes(rules.KEY_BYTES), "k1"
    outbox.commit(
        Device(
            device_id=device_id,
            community_id=community_id,
            kind=kind.value,
            place_id=place_id,
            place_key=tenant_key(community_id, place_id),
            name=name,
            keys={key_id: base64.b64encode(keyring.seal(key, f"{device_id}/{key_id}")).decode()},
        )
    )
    return Enrolment(device_id, kind.value, key_id, base64.b64encode(key).decode())


def device_of(community_id: str, device_id: str) -> Device:
    """Return a community's device; another tenant's counts as none (404)."""
    device = _keep(device_id, Device.find(device_id))
    if device is None or device.community_id != community_id:
        raise NotFound("no_such_device", "没有找到该设备")
    return device


def stands_at(community_id: str, device_id: str, kind: rules.Kind, place_id: str) -> bool:
    """Return whether this device of the community is of this kind and at this place."""
    device = remembered(device_id or "-")
    return device is not None and (device.community_id, device.kind, device.place_id) == (
        community_id,
        kind.value,
        place_id,
    )


def device_at(community_id: str, place_id: str, kind: rules.Kind) -> str | None:
    """Return the id of the device of a kind at a place, or None."""
    found = Device.by_place.query(
        tenant_key(community_id, place_id), Device.kind == kind.value, limit=1
    )
    return next((device.device_id for device in found), None)


def account(device_id: str) -> Account | None:
    """Return a device's account, or None; for who provisions devices, never for a client."""
    device = Device.find(device_id)
    return _account(device) if device is not None else None


def accounts() -> list[Account]:
    """Return every device's account.

    Reads the whole table: for an installation of few devices on one machine. No function's
    rights allow it, and nobody else may list devices across communities.
    """
    return [_account(device) for device in Device.scan(consistent_read=True)]


def _account(device: Device) -> Account:
    key_id = list(device.keys)[-1]  # keys stand in the order of their making
    key = key_of(device, key_id)
    if key is None:
        raise NotFound("no_such_key", "没有找到该设备的密钥")
    return Account(
        device.device_id,
        device.community_id,
        device.kind,
        device.place_id,
        key_id,
        base64.b64encode(key).decode(),
    )


def listing(community_id: str, *, limit: int, after: str | None) -> Listing:
    """Return one page of a community's devices in the order of their ids."""
    name = f"devices/{community_id}"
    page = Device.by_community.query(
        community_id, limit=limit, last_evaluated_key=cursor.unseal(after, listing=name)
    )
    items = list(page)
    return Listing(items, cursor.seal(page.last_evaluated_key, listing=name))


def remembered(device_id: str) -> Device | None:
    """Return a device that may be `REMEMBERED_S` old: enough to check a signature by."""
    kept = _known.get(device_id)
    if kept is not None and clock.now() < kept[0]:
        return kept[1]
    return _keep(device_id, Device.find(device_id, consistent=False))


_known: OrderedDict[str, tuple[datetime, Device]] = OrderedDict()
_keeping = threading.Lock()
MOST_KNOWN = 4_096


def _keep(device_id: str, device: Device | None) -> Device | None:
    """Remember a device; what does not exist is not remembered, it may be enrolled now."""
    if device is None:
        return None
    with _keeping:
        _known[device_id] = clock.now() + timedelta(seconds=REMEMBERED_S), device
        _known.move_to_end(device_id)
        if len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return device


def key_of(device: Device, key_id: str) -> bytes | None:
    """Return a live key of a device, or None."""
    sealed: Any = device.keys.get(key_id)
    return _opened(sealed, f"{device.device_id}/{key_id}") if sealed else None


@lru_cache(maxsize=4_096)
def _opened(sealed: str, bound_to: str) -> bytes:
    return keyring.unseal(base64.b64decode(sealed), bound_to)
