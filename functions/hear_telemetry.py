"""Accept the measurements that devices sent over the broker."""

from typing import Any

from chalicelib.core import queue
from chalicelib.devices import public as devices


def _accept(job: dict[str, Any]) -> None:
    devices.accept_message(job["device_id"], job["payload"], queue.received_at(job))


handler = queue.jobs(_accept)
