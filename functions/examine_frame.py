"""A device reported a picture: look at it."""

from chalicelib.core import queue
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.vision import public as vision

handler = queue.handler("examine_frame", {DeviceEventRecorded: vision.examine})
