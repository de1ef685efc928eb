"""Do what a guard said at the desk of a car that waits."""

from chalicelib.access.events import DeskDone
from chalicelib.core import queue
from chalicelib.vehicles import public as vehicles

handler = queue.handler("admit_vehicle", {DeskDone: vehicles.hear_desk})
