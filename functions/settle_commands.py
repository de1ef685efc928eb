"""Apply the acknowledgements of devices to their commands."""

from typing import Any

from chalicelib.core import queue
from chalicelib.devices import public as devices


def _settle(job: dict[str, Any]) -> None:
    devices.settle(job["community_id"], job["device_id"], job["payload"], queue.received_at(job))


handler = queue.jobs(_settle)
