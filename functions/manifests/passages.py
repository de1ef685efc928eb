"""What follows from somebody passing a door or a gate."""

from chalicelib.access.events import OpeningClosed
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.identity.events import AccountErased, PersonForgotten
from functions.grants import OUTBOX, SUBJECTS
from functions.wakes import Function, Heard, Queue, Stream

PASSED = {"type": ("access.passed", "access.refused", "vehicle.passed")}
GONE = (Heard(PersonForgotten), Heard(AccountErased))

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "record_passages",
        (
            Queue(
                "record-passages",
                hears=(Heard(DeviceEventRecorded, PASSED), Heard(OpeningClosed)),
            ),
        ),
        tables={"passages": "rw", "devices": "r", **SUBJECTS, **OUTBOX},
        keys=True,
    ),
    Function(
        "count_passages",
        (Stream("passages", swept=False),),
        tables={"passages": "r", "gate_counts": "rw"},
        timeout_s=30,
    ),
    Function(
        "watch_passages",
        (Stream("passages", swept=False),),
        tables={"passages": "r", "passage_reviews": "rw", "passage_thresholds": "r", **OUTBOX},
        timeout_s=30,
    ),
    Function(
        "forget_passages",
        (Queue("forget-passages", hears=GONE),),
        tables={"passages": "rw", "passage_reviews": "rw", **OUTBOX},
        keys=True,
        timeout_s=50,
    ),
)
