"""Count what passed at gates: woken by the stream of passages."""

from typing import Any

from chalicelib.passages import public as passages


def handler(event: dict[str, Any], _context: Any) -> None:
    """Count the inserted passages' five minutes and hours anew; a failure brings them again."""
    passages.count(record["dynamodb"]["NewImage"] for record in event["Records"])
