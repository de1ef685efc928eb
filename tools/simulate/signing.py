"""Device signatures of DEVICES.md, written apart from the server so that each checks the other."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class BadSignature(Exception):  # noqa: N818 -- what was received, as the reader would say it
    """The bytes were not signed with this device's key, or are no signed message at all."""


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """One live key of one device; `secret` is the raw HMAC key and never shows in a repr."""

    device_id: str
    key_id: str
    secret: bytes = field(repr=False)

    @classmethod
    def from_text(cls, device_id: str, key_id: str, text: str) -> DeviceKey:
        """Read a key as `.local/demo.json` holds it: base64 of the raw bytes."""
        return cls(device_id, key_id, base64.b64decode(text))


def mac(secret: bytes, content: bytes) -> str:
    """HMAC-SHA256 in base64, the only signature native devices use."""
    return base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()


def webhook_headers(key: DeviceKey, body: bytes, *, webhook_id: str, at_s: int) -> dict[str, str]:
    """Make a signed POST's headers: Standard Webhooks, device, key; `at_s` is Unix seconds."""
    signature = mac(key.secret, b".".join((webhook_id.encode(), str(at_s).encode(), body)))
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{signature}",
        "x-linli-device": key.device_id,
        "x-linli-key-id": key.key_id,
    }


def envelope(key: DeviceKey, message: Mapping[str, Any]) -> str:
    """Sign an MQTT message: `{"p": <json string>, "s": HMAC(device.p), "kid": key id}`."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    signature = mac(key.secret, f"{key.device_id}.{text}".encode())
    return json.dumps({"p": text, "s": signature, "kid": key.key_id})


def opened(key: DeviceKey, raw: bytes | bytearray | str) -> Json:
    """Return the message inside a signed MQTT envelope; raise BadSignature for anything else."""
    try:
        outer = json.loads(raw)
        text, signature, key_id = outer["p"], outer["s"], outer["kid"]
        expected = mac(key.secret, f"{key.device_id}.{text}".encode())
        if key_id != key.key_id or not hmac.compare_digest(
            expected.encode(), str(signature).encode()
        ):
            raise BadSignature("signature does not match")
        message = json.loads(text)
    except (ValueError, KeyError, TypeError, binascii.Error) as problem:
        raise BadSignature("not a signed message") from problem
    if not isinstance(message, dict):
        raise BadSignature("not a signed message")
    return message
