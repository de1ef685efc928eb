"""Pure rules of the registry: a device's standing, its keys, who sees it, what its label says."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

MOST_KEYS = 2
"""Live keys of a device: the one it has, and the one it is being given."""

LONGEST_LABEL = 32
"""Characters of a label's code: what WeChat takes as a scene (DEVICES.md, QR)."""


class Standing(StrEnum):
    """Whether a device counts: maintenance raises no faults, retirement is the end."""

    IN_SERVICE = "in_service"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


def rotation_refusal(keys: Mapping[str, Any]) -> str | None:
    """Return why a device cannot be given another key, or None."""
    return "too_many_keys" if len(keys) >= MOST_KEYS else None


def withdrawal_refusal(keys: Mapping[str, Any], key_id: str) -> str | None:
    """Return why a key cannot be withdrawn, or None: without any, the device would be mute.

    One that was withdrawn before (`was_issued`) is to be told from one that never was.
    """
    if key_id not in keys:
        return "no_such_key"
    return "last_key" if len(keys) == 1 else None


def was_issued(key_id: str, keys_made: int) -> bool:
    """Return whether a device ever had a key of this id: they are `k1`, `k2`, and so on."""
    return key_id in {f"k{number}" for number in range(1, keys_made + 1)}


def signing_key_id(secret_ids: Iterable[str], hello_key: str | None) -> str | None:
    """Return which of a device's secret keys, the oldest first, its commands are signed with.

    The newest; but the one that the device said hello with while that one lives: it may not
    have been given its new key yet, and must still open the gate.
    """
    ids = list(secret_ids)
    if hello_key in ids:
        return hello_key
    return ids[-1] if ids else None


def place_of(node_path: str) -> str:
    """Return what a device serves if nothing else is said: the node that it stands at."""
    return node_path.rpartition("/")[2]


def spelt(serial: str) -> str:
    """Return a serial number as it is compared: spaces and case make no other number."""
    return "".join(serial.split()).upper()


def label_code(device_id: str) -> str:
    """Return what a device's QR code says; raises ValueError over `LONGEST_LABEL`."""
    code = f"d:{device_id}"
    if len(code) > LONGEST_LABEL:
        raise ValueError("the id is too long for a label")
    return code
