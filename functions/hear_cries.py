"""Accept the alarms that devices sent over the broker, apart from all else that they say."""

from typing import Any

from chalicelib.core import queue
from chalicelib.devices import public as devices


def _accept(job: dict[str, Any]) -> None:
    devices.accept_message(
        job["device_id"], job["payload"], queue.received_at(job), only_alarms=True
    )


handler = queue.jobs(_accept)
