"""What happens by itself at gates."""

from chalicelib.access.events import (
    AllowListChanged,
    CredentialIssued,
    CredentialWithdrawn,
    PassSpent,
)
from chalicelib.devices.events import CommandSettled, DeviceEventRecorded
from chalicelib.identity.events import (
    AccountErased,
    ConsentWithdrawn,
    PersonForgotten,
    ResidencyEnded,
)
from functions.grants import (
    COMMANDS,
    CREDENTIALS,
    DESK,
    LISTS,
    LIVES,
    OUTBOX,
    PASSES,
    RECEIPTS,
    RINGS,
)
from functions.wakes import Function, Heard, Queue, Schedule

OPENS = ("gate.open", "door.open", "lock.open", "barrier.open")
"""What a tap, or a guard, may have sent to a door."""

RECEIPTS_OF = (
    "access.list_applied",
    "credential.enrolled",
    "credential.enrol_failed",
    "credential.withdrawn",
)
"""By what devices say that they have, or have no more, what they were told of."""

ENDS = (
    Heard(ResidencyEnded),
    Heard(ConsentWithdrawn, {"purpose": ("face_recognition", "fingerprint")}),
    Heard(PersonForgotten),
    Heard(AccountErased),
)
"""After what somebody's credentials are withdrawn."""

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "ring_flat",
        (Queue("ring-flat", hears=(Heard(DeviceEventRecorded, {"type": ("panel.call",)}),)),),
        tables={**RINGS, "devices": "r", "device_health": "r", "units": "r", **LIVES, **OUTBOX},
    ),
    Function(
        "finish_opening",
        (Queue("finish-opening", hears=(Heard(CommandSettled, {"op": OPENS}),)),),
        tables={"calls": "rw", "openings": "rw", **DESK, **OUTBOX},
    ),
    Function(
        "push_lists",
        (Queue("push-lists", hears=(Heard(AllowListChanged),)),),
        tables={"device_health": "r", **RECEIPTS, **COMMANDS},
        publishes=True,
        keys=True,
    ),
    Function(
        "enrol_credentials",
        (Queue("enrol-credentials", hears=(Heard(CredentialIssued),)),),
        tables={"consent_standings": "r", **DESK, **RECEIPTS, **COMMANDS},
        publishes=True,
        keys=True,
    ),
    Function(
        "recall_credentials",
        (Queue("recall-credentials", hears=(Heard(CredentialWithdrawn),)),),
        tables={"device_health": "r", **DESK, **RECEIPTS, **COMMANDS},
        publishes=True,
        keys=True,
    ),
    Function(
        "resend_credentials",
        (Schedule(60),),
        tables={"consent_standings": "r", **DESK, **RECEIPTS, **COMMANDS},
        publishes=True,
        keys=True,
        timeout_s=55,
    ),
    Function(
        "hear_receipts",
        (Queue("hear-receipts", hears=(Heard(DeviceEventRecorded, {"type": RECEIPTS_OF}),)),),
        tables={**DESK, **RECEIPTS, **COMMANDS},
        publishes=True,
        keys=True,
    ),
    Function(
        "withdraw_credentials",
        (Queue("withdraw-credentials", hears=ENDS),),
        tables={**CREDENTIALS, **OUTBOX},
        timeout_s=30,
    ),
    Function(
        "record_visits",
        (
            Queue(
                "record-visits", hears=(Heard(DeviceEventRecorded, {"type": ("access.passed",)}),)
            ),
        ),
        tables={"passes": "rw", "access_decisions": "rw", "devices": "r", **OUTBOX},
    ),
    Function(
        "list_spent_passes",
        (Queue("list-spent-passes", hears=(Heard(PassSpent),)),),
        tables={"passes": "r", "flat_pins": "rw", **LISTS, **OUTBOX},
    ),
    Function("expire_passes", (Schedule(60),), tables={**PASSES, **OUTBOX}, timeout_s=30),
    Function(
        "end_passes",
        (
            Queue(
                "end-passes",
                hears=(Heard(ResidencyEnded), Heard(PersonForgotten), Heard(AccountErased)),
            ),
        ),
        tables={**PASSES, "access_decisions": "rw", **OUTBOX},
        timeout_s=30,
    ),
    Function("expire_credentials", (Schedule(60),), tables={**CREDENTIALS, **OUTBOX}, timeout_s=30),
    Function("lapse_desk", (Schedule(60),), tables={**DESK, **OUTBOX}, timeout_s=30),
    Function(
        "forget_trails",
        (
            Queue(
                "forget-trails",
                hears=(Heard(ResidencyEnded), Heard(PersonForgotten), Heard(AccountErased)),
            ),
        ),
        tables={
            "calls": "rw",
            "openings": "rw",
            "ring_blocks": "rw",
            "access_decisions": "rw",
            "credentials": "r",
            "bindings": "r",
            **LIVES,
            **OUTBOX,
        },
        media={"stills": "d"},
        timeout_s=30,
    ),
    Function("expire_calls", (Schedule(60),), tables={"calls": "rw", **OUTBOX}),
)
