"""Sum up what new samples fall in: woken by their table's stream."""

from typing import Any

from chalicelib.devices import public as devices


def handler(event: dict[str, Any], _context: Any) -> None:
    """Sum up the inserted samples' five minutes and hours; a failure brings the batch again."""
    devices.roll_up(record["dynamodb"]["NewImage"] for record in event["Records"])
