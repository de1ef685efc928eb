"""Opaque, signed cursors: where a page of a list ended (RFC 5988's `next` in our body)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, TypeVar

from pynamodb.models import Model
from pynamodb.pagination import ResultIterator

from chalicelib.core import keyring
from chalicelib.core.errors import BadRequest

Kind = TypeVar("Kind", bound=Model)

TAG = 16
"""Bytes of the HMAC-SHA256 tag kept."""


def page(
    query: Callable[..., ResultIterator[Kind]],
    *key: Any,
    listing: str,
    limit: int,
    after: str | None,
    **options: Any,
) -> tuple[list[Kind], str | None]:
    """Return one page of what a query finds, and the cursor of the next one; one read.

    `query` is that of a row or an index, `key` and `options` are its own; `listing` as in
    `seal`. Raises BadRequest `bad_cursor`.
    """
    start = unseal(after, listing=listing)
    found = query(*key, limit=limit, last_evaluated_key=start, **options)
    return list(found), seal(found.last_evaluated_key, listing=listing)


def seal(last: dict[str, Any] | None, *, listing: str) -> str | None:
    """Return the cursor after DynamoDB's `last_evaluated_key`, or None at the end.

    `listing` names the very list (tenant, filter): a cursor of another one is refused.
    """
    if last is None:
        return None
    body = json.dumps(last, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(_tag(body, listing) + body).decode().rstrip("=")


def unseal(cursor: str | None, *, listing: str) -> dict[str, Any] | None:
    """Return the key to start after; raises BadRequest `bad_cursor`."""
    if cursor is None:
        return None
    try:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        sealed = b""
    tag, body = sealed[:TAG], sealed[TAG:]
    if not hmac.compare_digest(tag, _tag(body, listing)):
        raise BadRequest("bad_cursor", "分页参数无效")
    return dict(json.loads(body))


def _tag(body: bytes, listing: str) -> bytes:
    key = keyring.derived("cursor")
    return hmac.digest(key, listing.encode() + b"\x00" + body, hashlib.sha256)[:TAG]
