"""Vendors' payloads, written by hand from the field lists of their protocols."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).with_name("payloads")

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) + b"\r\n--not-the-boundary\r\n\xff\xd9"
BOUNDARY = "MIME_boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"

SETTINGS: dict[str, Any] = {
    "utc_offset": "+08:00",
    "approach": "in",
    "names": {},
    "secret": None,
    "mapping": None,
}
"""What an adapter is given of a device that nobody set anything for."""


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def multipart(*parts: tuple[str, str, bytes], closed: bool = True) -> bytes:
    """A multipart/form-data body of (file name, content type, content)."""
    body = b""
    for name, kind, content in parts:
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"'
            f"\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        body += head.encode() + content + b"\r\n"
    return body + (f"--{BOUNDARY}--\r\n".encode() if closed else b"")


def with_pictures(document: bytes, kind: str, pictures: Sequence[bytes] = (JPEG,)) -> bytes:
    named = [(f"{n}.jpg", "image/jpeg", picture) for n, picture in enumerate(pictures)]
    return multipart(("event", kind, document), *named)
