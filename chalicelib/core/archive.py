"""What is kept for years: scans and published files, in a bucket that forgets nothing.

A key is `{community}/{folder}/…`, as that of pictures, which are gone after 30 days
(`core.media`). Who may delete here is nobody's manifest line.
"""

from datetime import timedelta

from botocore.exceptions import ClientError

from chalicelib.core import aws, media
from chalicelib.core.config import settings
from chalicelib.core.media import ABSENT, Upload


def granted(folder: str, content_type: str, size: int, sha256: str) -> Upload:
    """Return a presigned POST for exactly one scan, as `media.granted` does for a picture."""
    return media.granted(folder, content_type, size, sha256, bucket=settings().archive_bucket)


def put(key: str, content: bytes, content_type: str) -> None:
    """Keep a file; the same key again is another version of it."""
    aws.client("s3").put_object(
        Bucket=settings().archive_bucket, Key=key, Body=content, ContentType=content_type
    )


def is_there(key: str) -> bool:
    """Return whether a file is kept; one call."""
    try:
        aws.client("s3").head_object(Bucket=settings().archive_bucket, Key=key)
    except ClientError as failure:
        if failure.response["Error"]["Code"] in ABSENT:
            return False
        raise
    return True


def read(key: str) -> bytes:
    """Return a file's content."""
    answer = aws.client("s3").get_object(Bucket=settings().archive_bucket, Key=key)
    content: bytes = answer["Body"].read()
    return content


def shown(key: str, lasts: timedelta) -> str:
    """Return an address that shows one file for so long; no call leaves this process."""
    asked = {"Bucket": settings().archive_bucket, "Key": key}
    url: str = aws.client("s3").generate_presigned_url(
        "get_object", Params=asked, ExpiresIn=int(lasts.total_seconds())
    )
    return url
