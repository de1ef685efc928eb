"""Record calls for help apart from what sensors cry: a mad one must not delay them."""

from chalicelib.core import queue
from chalicelib.devices import public as devices

handler = queue.jobs(lambda job: devices.record(job["device_id"], job["message_id"]))
