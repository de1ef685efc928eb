"""Every Lambda of Linli: `infra/stack.py` deploys this list, `infra/local.py` runs it."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.devices.events import (
    CommandSettled,
    DeviceEventRecorded,
    DeviceQuarantined,
    DeviceRetired,
    DeviceSwapped,
)
from chalicelib.identity.events import (
    AccountErased,
    ImportAccepted,
    PersonForgotten,
    ResidencyEnded,
)
from chalicelib.vision.events import FrameExamined
from functions.grants import (
    ACCEPTED,
    ACCOUNTS,
    ACKS,
    ACTS,
    COMMANDS,
    CONSENTS,
    ESTATE,
    FORGETS,
    HEALTH,
    HEARD,
    HOMES,
    LIVES,
    LOOKED,
    MEASURED,
    OUTBOX,
    OWN,
    PEOPLE,
    RECORDED,
    REGISTRY,
    SEALED,
    SIGNED_IN,
    TREE,
    WELL,
)
from functions.wakes import Function, Heard, Http, Queue, Schedule, Stream, Topic, TopicRule

CRIES = Queue("device-cries", batch=1)
LIFT_HELD = {"op": ("lift.hold",)}
FOLLOWED = (Heard(DeviceSwapped), Heard(DeviceRetired), Heard(DeviceQuarantined))


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "resident_api",
        (Http("resident"),),
        tables={
            **OWN,
            **LOOKED,
            **CONSENTS,
            "nodes": "r",
            "organisations": "r",
            "appointments": "r",
            "calls": "rw",
            "once": "rw",
            **COMMANDS,
            **ACKS,
            **PEOPLE,
            **HOMES,
            **SIGNED_IN,
            **OUTBOX,
        },
        media={"evidence": "rw"},
        publishes=True,
        keys=True,
        memory_mb=1024,
        warm=1,
    ),
    Function(
        "property_api",
        (Http("property"),),
        tables={
            **SEALED,
            **LOOKED,
            **MEASURED,
            **HEALTH,
            "serial_counts": "r",
            "deletions": "r",
            "wechat_homes": "rw",
            "alerts": "rw",
            "notifications": "r",
            "once": "rw",
            **COMMANDS,
            **REGISTRY,
            **ACKS,
            **ACCOUNTS,
            **ACTS,
            **PEOPLE,
            **ESTATE,
            **SIGNED_IN,
            **OUTBOX,
        },
        media={"evidence": "r"},
        publishes=True,
        keys=True,
        timeout_s=29,
        memory_mb=1769,
    ),
    Function("committee_api", (Http("committee"),), tables={**PEOPLE, **SIGNED_IN}, memory_mb=512),
    Function(
        "government_api",
        (Http("government"),),
        tables={
            **SEALED,
            **LOOKED,
            "disclosures": "rw",
            "once": "rw",
            **ACCOUNTS,
            **ACTS,
            **PEOPLE,
            **TREE,
            "people": "rw",
            "person_keys": "rw",
            "phones": "r",
            **SIGNED_IN,
            **OUTBOX,
        },
        keys=True,
        memory_mb=512,
    ),
    Function(
        "session_api",
        (Http("session"),),
        tables={
            "wechat_homes": "rw",
            "once": "rw",
            "people": "rw",
            "person_keys": "rw",
            "phones": "rw",
            "communities": "r",
            "import_jobs": "r",
            **ACCOUNTS,
            **SIGNED_IN,
            **OUTBOX,
        },
        keys=True,
        signs=True,
        timeout_s=25,
        memory_mb=512,
    ),
    Function(
        "device_api",
        (Http("device"),),
        tables={**HEARD, "device_serials": "r"},
        sends=ACCEPTED,
        media={"stills": "rw"},
        keys=True,
        memory_mb=512,
    ),
    Function("relay_outbox", (Stream("outbox"),), tables=OUTBOX, events=True),
    Function("sweep_outbox", (Schedule(60),), tables=OUTBOX, events=True, timeout_s=50),
    Function("record_device_events", (Queue("device-events"),), tables=RECORDED, timeout_s=30),
    Function(
        "record_urgent_events", (Queue("device-urgent", batch=1),), tables=RECORDED, reserved=10
    ),
    Function("record_sos_events", (Queue("device-sos", batch=1),), tables=RECORDED, reserved=10),
    Function(
        "sweep_accepted",
        (Schedule(60),),
        tables={"accepted_batches": "rw"},
        sends=ACCEPTED,
        timeout_s=50,
    ),
    Function(
        "roll_up_samples",
        (Stream("samples", swept=False),),
        tables={"samples": "r", "roll_ups": "rw"},
        timeout_s=30,
    ),
    Function(
        "device_hello",
        (Topic("linli/v1/+/+/hello"),),
        tables={"devices": "rw"},
        publishes=True,
        keys=True,
    ),
    Function("device_state_changed", (Topic("linli/v1/+/+/state"),), tables=WELL),
    Function("watch_devices", (Schedule(60),), tables={**WELL, "devices": "rw"}, timeout_s=55),
    Function("follow_devices", (Queue("follow-devices", hears=FOLLOWED),), tables=WELL),
    Function(
        "hear_events",
        (Queue("device-messages"),),
        tables=HEARD,
        sends=ACCEPTED,
        keys=True,
        reserved=10,
    ),
    Function("hear_cries", (CRIES,), tables=HEARD, sends=ACCEPTED, keys=True, reserved=10),
    Function("hear_telemetry", (Queue("device-samples"),), tables=HEARD, sends=ACCEPTED, keys=True),
    Function(
        "settle_commands",
        (Queue("command-acks"),),
        tables={"devices": "r", "commands": "rw", **OUTBOX},
        keys=True,
    ),
    Function("expire_commands", (Schedule(60),), tables={**COMMANDS, **ACKS, **OUTBOX}, keys=True),
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
    Function("expire_consents", (Schedule(3_600),), tables={**CONSENTS, **OUTBOX}),
    Function(
        "end_consents",
        (Queue("end-consents", hears=(Heard(ResidencyEnded),)),),
        tables={**CONSENTS, "import_jobs": "r", **PEOPLE, **OUTBOX},
    ),
    Function(
        "finish_deletion",
        (Queue("finish-deletion", hears=(Heard(PersonForgotten), Heard(AccountErased))),),
        tables=FORGETS,
        media={"evidence": "d"},
        keys=True,
    ),
    Function(
        "sweep_deletions",
        (Schedule(3_600),),
        tables=FORGETS,
        media={"evidence": "d"},
        keys=True,
        timeout_s=50,
    ),
    Function(
        "import_estate",
        (Queue("import-estate", hears=(Heard(ImportAccepted),), batch=1),),
        tables={**ESTATE, **OUTBOX},
        keys=True,
        timeout_s=300,
        memory_mb=1024,
    ),
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

TOPIC_RULES: tuple[TopicRule, ...] = (
    TopicRule("linli/v1/+/+/ack", table="command_acks", queue="command-acks", kept_s=30 * 86_400),
    TopicRule("linli/v1/+/+/sos", queue=CRIES.name),
    TopicRule("linli/v1/+/+/evt", queue="device-messages"),
    TopicRule("linli/v1/+/+/tel", queue="device-samples"),
)


def owed(name: str, body: Mapping[str, Any]) -> Sequence[str]:
    """Return the functions that hear an event, so that its outbox row waits for them."""
    return [
        function.name
        for function in FUNCTIONS
        for queue in function.queues
        for heard in queue.hears
        if heard.matches(name, body)
    ]
