"""What other domains, and the reactions in `functions/`, may ask of devices."""

from chalicelib.devices.rules.catalogue import DOORS, TAKERS, Kind
from chalicelib.devices.rules.signing import mqtt_password
from chalicelib.devices.schemas.adapters import AdapterSettings
from chalicelib.devices.service.acks import Outcome, await_result, expire_commands, settle
from chalicelib.devices.service.attaching import AdapterWish, Attached, attach
from chalicelib.devices.service.commands import Cause, dispatch, prepare
from chalicelib.devices.service.doors import Door, door_of, door_wishes, doors_at, shows
from chalicelib.devices.service.enrolment import Enrolment, Hardware, enrol
from chalicelib.devices.service.health import follow as follow_device
from chalicelib.devices.service.health import follow_quarantine, watch_devices
from chalicelib.devices.service.keys import Account, account
from chalicelib.devices.service.presence import hear_hello, hear_state
from chalicelib.devices.service.recording import record
from chalicelib.devices.service.registry import device_at, device_of, seen_by, stands_at
from chalicelib.devices.service.speaking import Speaker, speaking
from chalicelib.devices.service.telemetry import roll_up
from chalicelib.devices.service.telling import signed_for
from chalicelib.devices.service.uplink import accept_message, sweep_accepted

__all__ = [
    "DOORS",
    "TAKERS",
    "Account",
    "AdapterSettings",
    "AdapterWish",
    "Attached",
    "Cause",
    "Door",
    "Enrolment",
    "Hardware",
    "Kind",
    "Outcome",
    "Speaker",
    "accept_message",
    "account",
    "attach",
    "await_result",
    "device_at",
    "device_of",
    "dispatch",
    "door_of",
    "door_wishes",
    "doors_at",
    "enrol",
    "expire_commands",
    "follow_device",
    "follow_quarantine",
    "hear_hello",
    "hear_state",
    "mqtt_password",
    "prepare",
    "record",
    "roll_up",
    "seen_by",
    "settle",
    "shows",
    "signed_for",
    "speaking",
    "stands_at",
    "sweep_accepted",
    "watch_devices",
]
