"""What other domains, and the reactions in `functions/`, may ask of devices."""

from chalicelib.devices.rules import Kind, mqtt_password
from chalicelib.devices.service.commands import (
    Cause,
    Outcome,
    await_result,
    dispatch,
    expire_commands,
    hear_hello,
    prepare,
    settle,
)
from chalicelib.devices.service.registry import (
    Account,
    Enrolment,
    account,
    accounts,
    device_at,
    device_of,
    enrol,
    stands_at,
)
from chalicelib.devices.service.uplink import record, sweep_accepted

__all__ = [
    "Account",
    "Cause",
    "Enrolment",
    "Kind",
    "Outcome",
    "account",
    "accounts",
    "await_result",
    "device_at",
    "device_of",
    "dispatch",
    "enrol",
    "expire_commands",
    "hear_hello",
    "mqtt_password",
    "prepare",
    "record",
    "settle",
    "stands_at",
    "sweep_accepted",
]
