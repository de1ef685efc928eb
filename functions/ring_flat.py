"""Ring the flat when a panel calls."""

from chalicelib.access import public as access
from chalicelib.core import queue
from chalicelib.devices.events import DeviceEventRecorded

handler = queue.handler("ring_flat", {DeviceEventRecorded: access.ring})
