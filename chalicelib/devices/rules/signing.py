"""How a device proves who it is: signatures, their window, its password at the broker."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

KEY_BYTES = 32

WINDOW = timedelta(seconds=300)
"""How far a signed timestamp may lie from our clock, either way (Standard Webhooks)."""


HMAC, ED25519 = "v1,", "v1a,"
"""How Standard Webhooks marks a signature by a shared key, and one by a private key."""


def uplink_content(message_id: str, timestamp: str, body: bytes) -> bytes:
    """Return what is signed of a request: `id.timestamp.body` (Standard Webhooks)."""
    return f"{message_id}.{timestamp}.".encode() + body


def message_content(device_id: str, payload: str) -> bytes:
    """Return what is signed of an MQTT message: `device_id.payload`."""
    return f"{device_id}.{payload}".encode()


def mac(key: bytes, content: bytes) -> str:
    """Return the base64 HMAC-SHA256 of some content."""
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def uplink_signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Return `v1,<base64>` over `id.timestamp.body` (Standard Webhooks, HMAC-SHA256)."""
    return HMAC + mac(key, uplink_content(message_id, timestamp, body))


def message_signature(key: bytes, device_id: str, payload: str) -> str:
    """Return the base64 HMAC-SHA256 over `device_id.payload` of an MQTT message."""
    return mac(key, message_content(device_id, payload))


def mqtt_password(key: bytes) -> str:
    """Return a device's password at a broker, which shows nobody the key it signs with."""
    return mac(key, b"mqtt")


def code_tag(key: bytes, content: str) -> str:
    """Return the tag of a code that a device shows: 16 hexadecimal digits of HMAC-SHA256."""
    return hmac.digest(key, content.encode(), hashlib.sha256).hex()[:16]


def same(one: str, other: str) -> bool:
    """Compare two signatures in constant time (SECURITY.md 16)."""
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogatepass"))


def in_window(timestamp: datetime, at: datetime) -> bool:
    """Return whether a signed timestamp is near enough to our clock."""
    return abs(at - timestamp) <= WINDOW
