"""Look for patterns that a person should look at: woken by the stream of passages."""

from typing import Any

from chalicelib.passages import public as passages


def handler(event: dict[str, Any], _context: Any) -> None:
    """Look at the inserted passages' cards and subjects; a failure brings them again."""
    passages.watch(record["dynamodb"]["NewImage"] for record in event["Records"])
