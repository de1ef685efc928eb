"""Publish each new outbox row: woken by the table's stream."""

from typing import Any

from chalicelib.core import relay
from functions import manifest


def handler(event: dict[str, Any], _context: Any) -> None:
    """Relay the inserted rows; a failure brings the batch again."""
    relay.publish(map(relay.streamed, event["Records"]), manifest.owed)
