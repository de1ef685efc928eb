"""By which adapter a vendor's device speaks to us, at which address, and with which settings."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from chalicelib.core import keyring
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.devices.adapters import ADAPTERS
from chalicelib.devices.rules.catalogue import EVENTS, Kind, event_refusal
from chalicelib.devices.rules.readings import ALARMS, unknown
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.rules.signing import same
from chalicelib.devices.schemas.adapters import AdapterSettings
from chalicelib.devices.service import registry
from chalicelib.devices.service.registry import Change
from chalicelib.devices.tables.registry import Device

TOKEN_BYTES = 16
"""128 random bits: 22 characters of the address that a vendor's device is given."""

LARGEST_SETTINGS = 32 * 1024
"""Bytes of an adapter's settings: they lie in the device's own row (DynamoDB, 400 KB)."""

MOST_LOOKUPS = 500
"""Values that a mapping looks for in each of the 100 messages of a body."""

_NOBODY = hashlib.sha256(b"nobody").hexdigest()
_MISSING = {
    "secret": ("secret_missing", "该适配器需要填写厂商平台的密钥"),
    "mapping": ("mapping_missing", "该适配器需要填写字段映射"),
}
_MISFITS = {
    "unknown_event_type": "映射中有未声明的事件类型",
    "not_of_this_kind": "映射中有该类设备不上报的事件",
    "unknown_quantity": "映射中有该类设备没有的测量量",
}


@dataclass(frozen=True)
class AdapterWish:
    """How a device shall be attached; an empty `token` is drawn when a new one is due."""

    adapter: str
    settings: AdapterSettings = field(default_factory=AdapterSettings)
    new_token: bool = False
    token: str = ""


@dataclass(frozen=True)
class Attached:
    """How a device is attached; `path` is known only when its token was just made."""

    device_id: str
    adapter: str
    path: str | None
    has_secret: bool
    settings: dict[str, Any]


@dataclass(frozen=True)
class Detached:
    """A device whose vendor is not heard any more."""

    device_id: str


def attach(community_id: str, device_id: str, wish: AdapterWish) -> Attached:
    """Let a device speak by an adapter; the first time, or if asked for, at a new address.

    A secret that is left out stays, if the adapter is the same. Raises NotFound
    `no_such_device`, Unprocessable `no_such_adapter`, `wrong_kind`, `secret_missing`,
    `mapping_missing`, `mapping_too_large`, `unknown_event_type`, `not_of_this_kind`,
    `unknown_quantity`, Conflict.
    """
    if wish.adapter not in ADAPTERS.names:
        raise Unprocessable(
            "no_such_adapter", "没有该厂商适配器", details={"adapters": list(ADAPTERS.names)}
        )

    def change(device: Device) -> Change[Attached]:
        same_adapter = device.adapter == wish.adapter
        kept = settings_of(device) if same_adapter and device.adapter_settings else {}
        settings = wish.settings.model_dump()
        settings["secret"] = settings["secret"] or kept.get("secret")
        _check(device, wish.adapter, settings)
        fresh = wish.new_token or bool(wish.token) or not (same_adapter and device.adapter_token)
        token = (wish.token or secrets.token_urlsafe(TOKEN_BYTES)) if fresh else ""
        device.adapter, device.silence_s = wish.adapter, settings["silence_s"]
        device.adapter_settings = _sealed(device.device_id, settings)
        device.adapter_token = _digest(token) if fresh else device.adapter_token
        return Change(_shown(device, settings, token))

    return registry.amend(community_id, device_id, change)


def detach(community_id: str, device_id: str) -> Detached:
    """Take a device's adapter away, and its address with it; raises NotFound, Conflict."""

    def change(device: Device) -> Change[Detached]:
        device.adapter = device.adapter_token = device.adapter_settings = None
        device.silence_s = None
        return Change(Detached(device_id))

    return registry.amend(community_id, device_id, change)


def attachment(community_id: str, device_id: str) -> Attached:
    """Return how a device is attached, without address and secret; raises NotFound."""
    device = registry.device_of(community_id, device_id)
    if not device.adapter:
        raise NotFound("not_attached", "该设备没有接入厂商适配器")
    return _shown(device, settings_of(device), "")


def authenticated(vendor: str, device_id: str, token: str) -> Device:
    """Return the device whose address this is; an unknown one and a wrong token look alike.

    Raises NotFound `no_such_address`. A token that was made just now is known at once: a
    device whose token does not fit is read again, once a second at the most.
    """
    device = registry.remembered(device_id[:64] or "-")
    if not _fits(device, vendor, token):
        device = registry.reread(device) if device is not None else None
        if not _fits(device, vendor, token) or device is None:
            raise NotFound("no_such_address", "没有找到该接入地址")
    assert device is not None
    return device


def settings_of(device: Device) -> dict[str, Any]:
    """Return the settings of a device's adapter, those that nobody set with their defaults."""
    sealed = device.adapter_settings
    return (
        json.loads(_opened(sealed, device.device_id)) if sealed else AdapterSettings().model_dump()
    )


def wanting(adapter: str, settings: Mapping[str, Any]) -> str | None:
    """Return what an adapter needs and its settings lack, or None."""
    needs: Iterable[str] = ADAPTERS.load(adapter).NEEDS
    return next((need for need in needs if not settings.get(need)), None)


def _fits(device: Device | None, vendor: str, token: str) -> bool:
    speaks = device is not None and device.adapter == vendor and bool(device.adapter_token)
    in_service = device is not None and device.standing != Standing.RETIRED
    expected = device.adapter_token if device is not None and speaks else _NOBODY
    return same(_digest(token), expected or _NOBODY) and speaks and in_service


def _check(device: Device, adapter: str, settings: Mapping[str, Any]) -> None:
    kind, kinds = Kind(device.kind), ADAPTERS.load(adapter).KINDS
    if kinds and kind not in kinds:
        fitting = {"kinds": list(kinds)}
        raise Unprocessable("wrong_kind", "该类设备不使用此厂商适配器", details=fitting)
    if need := wanting(adapter, settings):
        raise Unprocessable(*_MISSING[need])
    mapping = settings["mapping"] or {}
    if len(_plain(settings)) > LARGEST_SETTINGS or _lookups(mapping) > MOST_LOOKUPS:
        details = {"bytes": LARGEST_SETTINGS, "lookups": MOST_LOOKUPS}
        raise Unprocessable("mapping_too_large", "映射过大，请精简", details=details)
    for rule in mapping.get("events", ()):
        reason = "unknown_event_type" if rule["type"] not in EVENTS else None
        if kind is not Kind.GATEWAY:
            reason = reason or event_refusal(kind, rule["type"])
        if reason:
            raise Unprocessable(reason, _MISFITS[reason], details={"type": rule["type"]})
    measured = [one["quantity"] for one in settings["names"].values()]
    wanted = [*measured, *(set(mapping.get("readings", ())) - set(ALARMS.get(kind, ())))]
    if kind is not Kind.GATEWAY and (strange := unknown(kind, wanted)):
        reason = "unknown_quantity"
        raise Unprocessable(reason, _MISFITS[reason], details={"quantities": strange})


def _lookups(mapping: Mapping[str, Any]) -> int:
    """Return for how many values a mapping looks in one message."""
    rules = mapping.get("events", ())
    return len(mapping.get("readings", ())) + sum(1 + len(rule["data"]) for rule in rules)


def _shown(device: Device, settings: Mapping[str, Any], token: str) -> Attached:
    path = f"/device/adapters/{device.adapter}/{device.device_id}/{token}"
    return Attached(
        device.device_id,
        device.adapter or "",
        path if token else None,
        bool(settings.get("secret")),
        {name: value for name, value in settings.items() if name != "secret"},
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _sealed(device_id: str, settings: Mapping[str, Any]) -> str:
    return base64.b64encode(keyring.seal(_plain(settings), f"{device_id}/adapter")).decode()


def _plain(settings: Mapping[str, Any]) -> bytes:
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=1_024)
def _opened(sealed: str, device_id: str) -> bytes:
    return keyring.unseal(base64.b64decode(sealed), f"{device_id}/adapter")
