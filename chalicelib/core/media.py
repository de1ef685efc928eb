"""Pictures in S3: uploads of exactly what was announced, and looks that end soon.

A key is `{community}/{folder}/{whose}/{sha256}.{ending}`, so that it can be told from it
whose a picture is and what it must hold. All pictures are gone after 30 days (LAW.md 3.2).
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.exceptions import ClientError

from chalicelib.core import aws, clock
from chalicelib.core.config import settings

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
}
UPLOAD_FOR = timedelta(minutes=2)
ABSENT = frozenset({"403", "404", "AccessDenied", "NoSuchKey", "NotFound"})
"""What S3 says of a key that is not there; without the right to list, that is 403."""


@dataclass(frozen=True)
class Upload:
    """A presigned POST for one picture of exactly this size, type and hash."""

    url: str
    fields: dict[str, str]
    key: str
    expires_at: datetime


def granted(
    folder: str, content_type: str, size: int, sha256: str, *, bucket: str | None = None
) -> Upload:
    """Return a presigned POST for exactly one picture; no call leaves this process.

    S3 itself checks size, type and hash, so that a picture cannot be replaced afterwards
    (ministack, on one machine, checks size and type).
    """
    key = f"{folder}/{sha256}.{ENDINGS[content_type]}"
    exactly = {
        "Content-Type": content_type,
        "x-amz-checksum-algorithm": "SHA256",
        "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(),
    }
    length = ["content-length-range", size, size]
    grant = aws.client("s3").generate_presigned_post(
        bucket or settings().media_bucket,
        key,
        Fields=dict(exactly),
        Conditions=[*({name: value} for name, value in exactly.items()), length],
        ExpiresIn=int(UPLOAD_FOR.total_seconds()),
    )
    return Upload(grant["url"], grant["fields"], key, clock.now() + UPLOAD_FOR)


def is_there(key: str) -> bool:
    """Return whether a picture was uploaded, and is not gone yet; one call."""
    try:
        aws.client("s3").head_object(Bucket=settings().media_bucket, Key=key)
    except ClientError as failure:
        if failure.response["Error"]["Code"] in ABSENT:
            return False
        raise
    return True


def shown(key: str, lasts: timedelta) -> str:
    """Return an address that shows one picture for so long; no call leaves this process."""
    asked = {"Bucket": settings().media_bucket, "Key": key}
    url: str = aws.client("s3").generate_presigned_url(
        "get_object", Params=asked, ExpiresIn=int(lasts.total_seconds())
    )
    return url


def erase(key: str) -> None:
    """Delete a picture; one that is not there is none."""
    aws.client("s3").delete_object(Bucket=settings().media_bucket, Key=key)
