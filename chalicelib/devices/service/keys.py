"""The keys that devices speak with: made, shown once, rotated, withdrawn."""

import base64
import secrets
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.core import keyring
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.devices.rules.registry import (
    rotation_refusal,
    signing_key_id,
    was_issued,
    withdrawal_refusal,
)
from chalicelib.devices.rules.signing import KEY_BYTES
from chalicelib.devices.service.registry import Change, amend, key_of, remembered, reread
from chalicelib.devices.tables.registry import Device

_REFUSALS = {
    "too_many_keys": "该设备已有两把有效密钥，请先停用旧密钥",
    "last_key": "这是该设备唯一的密钥，不能停用",
    "no_such_key": "没有找到该设备的密钥",
}


@dataclass(frozen=True)
class Issued:
    """A key of a device that was just made; `key` (base64) is shown once, and kept nowhere.

    It is empty where the device brought a public key of its own.
    """

    device_id: str
    key_id: str
    key: str = ""


@dataclass(frozen=True)
class KeyView:
    """A live key as staff see it: never the key itself."""

    key_id: str
    algorithm: str
    signs_commands: bool


@dataclass(frozen=True)
class Keys:
    """The live keys of a device, the oldest first."""

    items: list[KeyView]


@dataclass(frozen=True)
class Account:
    """A device with one of its keys (base64), from which its password at the broker is derived."""

    device_id: str
    community_id: str
    kind: str
    place_id: str
    key_id: str
    key: str


def rotate(community_id: str, device_id: str, *, public_key: str = "") -> Issued:
    """Give a device a second key; both are taken until one is withdrawn.

    `public_key` is the device's own (Ed25519, base64), if it makes its keys itself. Raises
    NotFound `no_such_device`, Unprocessable `too_many_keys`.
    """

    def change(device: Device) -> Change[Issued]:
        if reason := rotation_refusal(device.keys):
            raise Unprocessable(reason, _REFUSALS[reason])
        issued = issue(device, public_key)
        return Change(issued, kept=replace(issued, key=""))

    return amend(community_id, device_id, change)


def withdraw(community_id: str, device_id: str, key_id: str) -> Keys:
    """Take a key away from a device; other processes forget it within half a minute.

    Of one that is withdrawn already nothing changes: an answer may have been lost. Raises
    NotFound `no_such_device`, `no_such_key`, Unprocessable `last_key`.
    """

    def change(device: Device) -> Change[Keys]:
        if key_id not in device.keys and was_issued(key_id, int(device.keys_made)):
            return Change(keys_of(device))
        if reason := withdrawal_refusal(device.keys, key_id):
            kind = NotFound if reason == "no_such_key" else Unprocessable
            raise kind(reason, _REFUSALS[reason])
        device.keys = {name: key for name, key in device.keys.items() if name != key_id}
        return Change(keys_of(device))

    return amend(community_id, device_id, change)


def issue(device: Device, public_key: str = "") -> Issued:
    """Add a key to a device's row, which the caller commits; its id was never used before.

    The first goes into a row that has no keys yet.
    """
    kept: dict[str, Any] = dict(device.keys or {})
    number = int(device.keys_made) + 1 if device.keys is not None else 1
    key_id = f"k{number}"
    key = b"" if public_key else secrets.token_bytes(KEY_BYTES)
    bound_to = f"{device.device_id}/{key_id}"
    sealed = base64.b64encode(keyring.seal(key, bound_to)).decode() if key else ""
    device.keys = {**kept, key_id: sealed or {"ed25519": public_key}}
    device.keys_made = number
    return Issued(device.device_id, key_id, base64.b64encode(key).decode())


def revealed(issued: Issued) -> Issued:
    """Return what was issued with its key, for the same request asked again.

    The kept answer has no key in it: a key that was withdrawn meanwhile is gone.
    """
    if issued.key:
        return issued
    device = Device.find(issued.device_id)
    return replace(issued, key=shown_key(device, issued.key_id) if device else "")


def keys_of(device: Device) -> Keys:
    """Return a device's live keys, and which one its commands are signed with."""
    signs = _signing_key_id(device)
    return Keys(
        [
            KeyView(key_id, "hmac" if isinstance(key, str) else "ed25519", key_id == signs)
            for key_id, key in device.keys.items()
        ]
    )


def speaker(device_id: str, key_id: str) -> Device | None:
    """Return a device, young enough to know the key if it has one of that id; else None.

    A device that is remembered without the key is read again, once a second at the most.
    """
    device = remembered(device_id)
    if device is None or key_id in device.keys:
        return device
    return reread(device)


def public_key_of(device: Device, key_id: str) -> bytes | None:
    """Return a live public key (Ed25519, 32 bytes) of a device, or None."""
    kept: Any = device.keys.get(key_id)
    return base64.b64decode(kept["ed25519"]) if isinstance(kept, dict) else None


def signing_key(device: Device) -> tuple[str, bytes]:
    """Return id and key that a device's commands are signed with.

    Raises Unprocessable `no_command_key` for a device with public keys only.
    """
    key_id = _signing_key_id(device)
    key = key_of(device, key_id) if key_id else None
    if key_id is None or key is None:
        raise Unprocessable("no_command_key", "该设备没有用于下发命令的密钥")
    return key_id, key


def _signing_key_id(device: Device) -> str | None:
    return signing_key_id(secret_ids(device), device.hello_key)


def secret_ids(device: Device) -> list[str]:
    """Return the ids of a device's secret keys, the oldest first."""
    return [key_id for key_id, key in device.keys.items() if isinstance(key, str)]


def shown_key(device: Device, key_id: str) -> str:
    """Return a live secret key in base64, or nothing; for its one showing."""
    return base64.b64encode(key_of(device, key_id) or b"").decode()


def account(device_id: str) -> Account | None:
    """Return a device's account with its newest secret key, or None if it has none.

    For who provisions devices, never for a client.
    """
    device = Device.find(device_id)
    ids = secret_ids(device) if device is not None else []
    return _account(device, ids[-1]) if device is not None and ids else None


def _account(device: Device, key_id: str) -> Account:
    return Account(
        device.device_id,
        device.community_id,
        device.kind,
        device.place_id,
        key_id,
        shown_key(device, key_id),
    )
