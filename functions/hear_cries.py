"""Accept the alarms that devices sent over the broker, apart from all else that they say."""

from typing import Any

from chalicelib.core import clock, queue
from chalicelib.devices import public as devices


def _accept(job: dict[str, Any]) -> None:
    received_at = clock.from_epoch_ms(int(job["received_at"]))
    devices.accept_message(job["device_id"], job["payload"], received_at, only_alarms=True)


handler = queue.jobs(_accept)
