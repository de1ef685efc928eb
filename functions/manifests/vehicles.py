"""What happens by itself at barriers and in car parks."""

from chalicelib.access.events import DeskDone
from chalicelib.devices.events import CommandSettled, DeviceEventRecorded
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded
from functions.grants import BARRIERS, DESK, OUTBOX, PARKED, REGISTERED
from functions.wakes import Function, Heard, Queue, Schedule

SEEN = Heard(DeviceEventRecorded, {"type": ("vehicle.passed",)})

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "pass_vehicle",
        (Queue("pass-vehicle", hears=(SEEN,)),),
        tables={**BARRIERS, "once": "rw"},
        publishes=True,
        keys=True,
        memory_mb=512,
    ),
    Function(
        "admit_vehicle",
        (Queue("admit-vehicle", hears=(Heard(DeskDone, {"kind": ("plate",)}),)),),
        tables=BARRIERS,
        publishes=True,
        keys=True,
    ),
    Function(
        "finish_barrier",
        (Queue("finish-barrier", hears=(Heard(CommandSettled, {"op": ("barrier.open",)}),)),),
        tables={"stays": "rw", **DESK, **OUTBOX},
    ),
    Function(
        "end_plates",
        (
            Queue(
                "end-plates",
                hears=(Heard(ResidencyEnded), Heard(PersonForgotten), Heard(AccountErased)),
            ),
        ),
        tables={**REGISTERED, "stays": "rw", "person_keys": "r", **OUTBOX},
        media={"stills": "d"},
        keys=True,
        timeout_s=30,
    ),
    Function(
        "lapse_visits",
        (Schedule(60),),
        tables={"visitor_plates": "rw", "plate_quotas": "rw", **OUTBOX},
        timeout_s=50,
    ),
    Function(
        "lapse_arrivals",
        (Schedule(60),),
        tables={"arrivals": "rw", **DESK, **OUTBOX},
        timeout_s=50,
    ),
    Function(
        "recount_parks",
        (Schedule(600),),
        tables={**PARKED, **REGISTERED, **OUTBOX},
        keys=True,
        timeout_s=50,
    ),
)
