"""Accept the measurements that devices sent over the broker."""

from typing import Any

from chalicelib.core import clock, queue
from chalicelib.devices import public as devices


def _accept(job: dict[str, Any]) -> None:
    received_at = clock.from_epoch_ms(int(job["received_at"]))
    devices.accept_message(job["device_id"], job["payload"], received_at)


handler = queue.jobs(_accept)
