"""The data of each type of event: what is read of it, and the contract that is published."""

from functools import cache
from typing import Any

from pydantic import ValidationError

from chalicelib.devices.rules.catalogue import EVENTS, PROFILES, QUIET, URGENT
from chalicelib.devices.rules.uplink import queue_of
from chalicelib.devices.schemas import (
    events_alarm,
    events_passage,
    events_self,
    events_things,
    saying,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"

MOST_ERRORS = 5
"""How many faults of one event are listed."""

DATA: dict[str, type[saying.Said]] = {
    "access.list_applied": events_passage.ListApplied,
    "access.passed": events_passage.Passed,
    "access.refused": events_passage.Refused,
    "barrier.moved": events_passage.BarrierMoved,
    "bin.deposited": events_things.BinDeposited,
    "bin.level": events_things.BinLevel,
    "bin.opened": events_things.BinOpened,
    "camera.sighting": events_things.CameraSighting,
    "charger.started": events_things.ChargerStarted,
    "charger.status": events_things.ChargerStatus,
    "charger.stopped": events_things.ChargerStopped,
    "credential.enrol_failed": events_passage.EnrolFailed,
    "credential.enrolled": events_passage.Enrolled,
    "credential.withdrawn": events_passage.CredentialWithdrawn,
    "device.fault": events_self.Fault,
    "device.heartbeat": events_self.Heartbeat,
    "device.restored": events_self.Restored,
    "device.started": events_self.Started,
    "device.telemetry": events_self.Telemetry,
    "door.forced": events_passage.DoorForced,
    "door.held_open": events_passage.DoorHeldOpen,
    "gas.cleared": events_alarm.Cleared,
    "gas.detected": events_alarm.Detected,
    "gateway.power_lost": events_things.PowerLost,
    "lift.moved": events_things.LiftMoved,
    "lift.sighting": events_things.LiftSighting,
    "lift.trapped": events_alarm.Trapped,
    "panel.call": events_passage.PanelCall,
    "screen.shown": events_things.ScreenShown,
    "smoke.cleared": events_alarm.Cleared,
    "smoke.detected": events_alarm.Detected,
    "sos.pressed": events_alarm.SosPressed,
    "speaker.said": events_things.SpeakerSaid,
    "valve.moved": events_things.ValveMoved,
    "vehicle.passed": events_passage.VehiclePassed,
    "vending.dispensed": events_things.VendingDispensed,
    "vending.jammed": events_things.VendingJammed,
    "water.cleared": events_alarm.Cleared,
    "water.detected": events_alarm.Detected,
    "wristband.fell": events_alarm.Fell,
    "wristband.removed": events_alarm.Removed,
}
"""What the data of a type of event must be; `catalogue.EVENTS` has the same types."""


def faults(event_type: str, data: dict[str, Any]) -> list[Any]:
    """Return what is wrong with an event's data, in pydantic's terms; nothing of unknown types."""
    model = DATA.get(event_type)
    if model is None:
        return []
    try:
        model.model_validate(data)
    except ValidationError as failure:
        found = failure.errors(include_input=False, include_url=False, include_context=False)
        return [{**one, "loc": ("data", *one["loc"])} for one in found[:MOST_ERRORS]]
    return []


def legible(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data without the fields that nobody can read.

    An alarm is never refused for what it says of itself: somebody may be waiting for help.
    """
    model = DATA[event_type]
    try:
        model.model_validate(data)
    except ValidationError as failure:
        spoilt = {one["loc"][0] for one in failure.errors() if one["loc"]}
        return {name: value for name, value in data.items() if name not in spoilt}
    return data


def contract() -> dict[str, dict[str, Any]]:
    """Return the published contract: a file name → its JSON (JSON Schema 2020-12, an index)."""
    files = {f"{event_type}.json": _schema(event_type) for event_type in sorted(DATA)}
    return {**files, "index.json": _index()}


@cache
def _schema(event_type: str) -> dict[str, Any]:
    schema = DATA[event_type].model_json_schema()
    return {"$schema": DIALECT, "$id": f"{event_type}.json", **schema, "title": event_type}


def _index() -> dict[str, Any]:
    return {
        "events": {
            event_type: {
                "schema": f"{event_type}.json",
                "kinds": sorted(kind.value for kind in EVENTS[event_type]),
                "queue": queue_of([event_type]),
                "urgent": event_type in URGENT,
                "quiet": event_type in QUIET,
            }
            for event_type in sorted(DATA)
        },
        "telemetry": {
            kind.value: dict(sorted(profile.telemetry.items()))
            for kind, profile in sorted(PROFILES.items())
            if profile.telemetry
        },
    }
