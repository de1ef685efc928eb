"""Apply the acknowledgements of devices to their commands."""

from typing import Any

from chalicelib.core import clock, queue
from chalicelib.devices import public as devices


def _settle(job: dict[str, Any]) -> None:
    received_at = clock.from_epoch_ms(int(job["received_at"]))
    devices.settle(job["community_id"], job["device_id"], job["payload"], received_at)


handler = queue.jobs(_settle)
