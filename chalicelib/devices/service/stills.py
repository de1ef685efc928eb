"""Pictures that came within a vendor's message, put where a device's own uploads lie."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from chalicelib.core import aws
from chalicelib.core.config import settings
from chalicelib.core.logs import logger
from chalicelib.core.media import ENDINGS
from chalicelib.core.schema import MOST_PICTURE_BYTES
from chalicelib.devices.events import Attachment
from chalicelib.devices.rules import pictures
from chalicelib.devices.tables.registry import Device

MOST_PICTURES = 8

_BEGINNINGS = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
LONGEST_NAME = 100


def readable(pictures: Iterable[Attachment]) -> list[Attachment]:
    """Return those that are what they say: a JPEG or PNG of at most 10 MB, eight at most."""
    good = [
        one
        for one in pictures
        if one.content.startswith(_BEGINNINGS.get(one.content_type, b"\x00never"))
        and len(one.content) <= MOST_PICTURE_BYTES
    ]
    return good[:MOST_PICTURES]


def folder(device: Device) -> str:
    """Return where a device's pictures lie."""
    return pictures.folder(device.community_id, device.device_id)


def named(device: Device, picture: Attachment) -> dict[str, Any]:
    """Return how an event names a picture: its key, its SHA-256, its size."""
    digest = hashlib.sha256(picture.content).hexdigest()
    return {
        "key": f"{folder(device)}/{digest}.{ENDINGS[picture.content_type]}",
        "sha256": digest,
        "content_type": picture.content_type,
        "bytes": len(picture.content),
        "name": picture.name[:LONGEST_NAME],
    }


def put(device: Device, pictures: Iterable[Attachment]) -> None:
    """Put pictures under their keys; one that fails is logged, for its event stands already."""
    for picture in pictures:
        name = named(device, picture)
        try:
            aws.client("s3").put_object(
                Bucket=settings().media_bucket,
                Key=name["key"],
                Body=picture.content,
                ContentType=picture.content_type,
                ChecksumSHA256=base64.b64encode(bytes.fromhex(name["sha256"])).decode(),
            )
        except Exception:  # noqa: BLE001 -- the event that names it is on record
            logger().exception("picture not kept", extra={"device": device.device_id})
