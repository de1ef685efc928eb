"""Let a car pass by itself, or ask the guard, when a plate camera sees it."""

from chalicelib.core import queue
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.vehicles import public as vehicles

handler = queue.handler("pass_vehicle", {DeviceEventRecorded: vehicles.hear_vehicle})
