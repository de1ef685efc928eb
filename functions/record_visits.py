"""Count the uses of passes that doors decided by their own lists."""

from chalicelib.access import public as access
from chalicelib.core import queue
from chalicelib.devices.events import DeviceEventRecorded

handler = queue.handler("record_visits", {DeviceEventRecorded: access.record_visit})
