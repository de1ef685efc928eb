"""Tell a stay how its barrier took the command; one that did not open is the guard's."""

from chalicelib.core import queue
from chalicelib.devices.events import CommandSettled
from chalicelib.vehicles import public as vehicles

handler = queue.handler("finish_barrier", {CommandSettled: vehicles.hear_barrier})
