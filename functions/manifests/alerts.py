"""From a camera's frame to an alert and its end."""

from chalicelib.devices.events import CommandSettled, DeviceEventRecorded
from chalicelib.vision.events import FrameExamined
from functions.grants import COMMANDS, OUTBOX
from functions.wakes import Function, Heard, Queue, Schedule

LIFT_HELD = {"op": ("lift.hold",)}

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "examine_frame",
        (
            Queue(
                "examine-frame",
                hears=(Heard(DeviceEventRecorded, {"type": ("lift.sighting",)}),),
                batch=5,
            ),
        ),
        tables={"detections": "rw", **OUTBOX},
        media={"stills": "r"},
        package="inference",
        timeout_s=30,
        memory_mb=1769,
    ),
    Function(
        "raise_alert",
        (Queue("raise-alert", hears=(Heard(FrameExamined), Heard(CommandSettled, LIFT_HELD))),),
        tables={"alerts": "rw", "watches": "rw", "notifications": "rw", **COMMANDS, **OUTBOX},
        publishes=True,
        keys=True,
    ),
    Function(
        "expire_holds",
        (Schedule(60),),
        tables={"alerts": "rw", "watches": "rw", "notifications": "rw", **COMMANDS, **OUTBOX},
        publishes=True,
        keys=True,
    ),
)
