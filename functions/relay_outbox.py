"""Publish each new outbox row: woken by the table's stream."""

from typing import Any

from chalicelib.core import outbox
from functions import manifest


def handler(event: dict[str, Any], _context: Any) -> None:
    """Relay the inserted rows; a failure brings the batch again."""
    outbox.relay(map(outbox.streamed, event["Records"]), manifest.owed)
