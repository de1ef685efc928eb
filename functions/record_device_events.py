"""Record and announce the events of accepted batches."""

from chalicelib.core import queue
from chalicelib.devices import public as devices

handler = queue.jobs(lambda job: devices.record(job["device_id"], job["message_id"]))
