"""Record smoke and gas on a queue and reserve of their own (SECURITY.md 18)."""

from chalicelib.core import queue
from chalicelib.devices import public as devices

handler = queue.jobs(lambda job: devices.record(job["device_id"], job["message_id"]))
