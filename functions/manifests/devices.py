"""What devices wake: their events, samples, states and acknowledgements."""

from chalicelib.devices.events import DeviceQuarantined, DeviceRetired, DeviceSwapped
from functions.grants import ACCEPTED, ACKS, COMMANDS, HEARD, OUTBOX, RECORDED, WELL
from functions.wakes import Function, Heard, Queue, Schedule, Stream, Topic, TopicRule

CRIES = Queue("device-cries", batch=1)
FOLLOWED = (Heard(DeviceSwapped), Heard(DeviceRetired), Heard(DeviceQuarantined))

FUNCTIONS: tuple[Function, ...] = (
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
)

TOPIC_RULES: tuple[TopicRule, ...] = (
    TopicRule("linli/v1/+/+/ack", table="command_acks", queue="command-acks", kept_s=30 * 86_400),
    TopicRule("linli/v1/+/+/sos", queue=CRIES.name),
    TopicRule("linli/v1/+/+/evt", queue="device-messages"),
    TopicRule("linli/v1/+/+/tel", queue="device-samples"),
)
