"""What happens by itself at gates."""

from chalicelib.devices.events import CommandSettled, DeviceEventRecorded
from functions.grants import LIVES, OUTBOX
from functions.wakes import Function, Heard, Queue, Schedule

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "ring_flat",
        (Queue("ring-flat", hears=(Heard(DeviceEventRecorded, {"type": ("panel.call",)}),)),),
        tables={"calls": "rw", "devices": "r", **LIVES, **OUTBOX},
    ),
    Function(
        "finish_opening",
        (Queue("finish-opening", hears=(Heard(CommandSettled, {"op": ("gate.open",)}),)),),
        tables={"calls": "rw", **OUTBOX},
    ),
    Function("expire_calls", (Schedule(60),), tables={"calls": "rw", **OUTBOX}),
)
