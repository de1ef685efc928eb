"""Take down what devices have taken, applied and given up."""

from chalicelib.access import public as access
from chalicelib.core import queue
from chalicelib.devices.events import DeviceEventRecorded

handler = queue.handler("hear_receipts", {DeviceEventRecorded: access.hear_receipts})
