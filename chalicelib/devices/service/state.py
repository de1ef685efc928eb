"""What devices are like now: the newest that each said, whatever the order it came in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.devices.rules import senml
from chalicelib.devices.rules import telemetry as rules
from chalicelib.devices.rules.catalogue import HEARTBEAT, TELEMETRY
from chalicelib.devices.rules.state import Latest, Observed, is_known, is_of, position, rank, shown
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service.registry import seen_by
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.state import DeviceState, UnknownEvents


@dataclass(frozen=True)
class LastEvent:
    """The newest event of one type; `data` is what of it is shown, the plain values."""

    type: str
    event_id: str
    occurred_at: datetime
    received_at: datetime
    data: dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """The newest value of one quantity, in its SenML unit; `at` is its place in history."""

    quantity: str
    unit: str
    value: float
    at: datetime


@dataclass(frozen=True)
class UnknownType:
    """A type that nobody declared, and how many came within 30 days (200 a day at the most)."""

    type: str
    count: int


@dataclass(frozen=True)
class State:
    """What a device is like now; all but its id and kind are empty if it never said anything."""

    device_id: str
    kind: str
    seen_at: datetime | None
    skew_ms: int | None
    boot: int | None
    sequence: int | None
    events: list[LastEvent]
    readings: list[Reading]
    unknown: list[UnknownType]


def observe(device: Device, event: Reported, received_at: datetime) -> None:
    """Move a device's state forward by one event, as far as the event is newer (I19).

    The same event may come again and any order gives the same state. No read; one write for
    the newest event of a device.
    """
    received_ms = clock.epoch_ms(received_at)
    place = position(event, received_ms, hardware_of(device, received_ms))
    seen = Observed(
        position=place,
        event_id=event.id,
        type=event.type,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=clock.epoch_ms(event.occurred_at),
        received_at=received_ms,
        known=is_known(event.type),
        shown=shown(event),
        readings=_newest(samples(device, event, received_at), place, event, received_ms),
    )
    DeviceState.observe(device.community_id, device.device_id, seen)
    if not seen.known:
        note_unknown(device, event, received_at)


def note_unknown(device: Device, event: Reported, received_at: datetime) -> bool:
    """Count an event of an undeclared type; False if too many came that day. Idempotent."""
    received_ms = clock.epoch_ms(received_at)
    return UnknownEvents.note(
        device.community_id, device.device_id, event.type, event.id, received_ms
    )


def hardware_of(device: Device, received_ms: int) -> int:
    """Return which piece of hardware said it: what came before a swap is of the one before."""
    before = device.swapped_at is not None and received_ms < device.swapped_at
    return int(device.hardware) - before


def samples(device: Device, event: Reported, received_at: datetime) -> list[rules.Sample]:
    """Return what an event measures; nothing if it is no telemetry, or cannot be read.

    Records that cannot be read are named when the pack comes in. They are with their event,
    and must not hold up those beside them.
    """
    if event.type != TELEMETRY:
        return []
    pack = event.data.get(senml.PACK, ())
    occurred_ms, received_ms = clock.epoch_ms(event.occurred_at), clock.epoch_ms(received_at)
    return rules.resolve(device.kind, pack, occurred_ms, received_ms, replayed=event.replayed)


def _newest(
    found: list[rules.Sample], place: str, event: Reported, received_ms: int
) -> Mapping[str, Latest]:
    """Return the last value of each quantity; of one instant, the one that stands last."""
    in_order = sorted((one for one in found if not one.is_lost), key=lambda sample: sample.at)
    return {
        one.quantity: Latest(
            one.at, one.value, rank(place, one.at, received_ms, replayed=event.replayed)
        )
        for one in in_order
    }


def show(caller: Caller, device_id: str) -> State:
    """Return what a device is like now, or was at last; raises NotFound `no_such_device`."""
    device = seen_by(caller, device_id)
    row = DeviceState.of(device.community_id, device_id)
    counted = UnknownEvents.of(device.community_id, device_id)
    return State(
        device_id=device_id,
        kind=device.kind,
        seen_at=clock.from_epoch_ms(int(row.seen_at)) if row else None,
        skew_ms=int(row.skew_ms) if row else None,
        boot=int(row.boot) if row else None,
        sequence=int(row.sequence) if row else None,
        events=_events(row) if row else [],
        readings=readings(device, row) if row else [],
        unknown=[UnknownType(name, count) for name, count in counted.items()],
    )


def firmware(device: Device) -> str | None:
    """Return the firmware that a device's hardware says it has, or else its type plate; one read.

    Of a heartbeat and a start the later one counts.
    """
    row = DeviceState.of(device.community_id, device.device_id)
    entries = row.events.as_dict() if row else {}
    said = sorted((entries[name] for name in _TELL_FIRMWARE if name in entries), key=_place)
    mine = [one for one in said if is_of(one["p"], int(device.hardware)) and one["shown"]]
    words = [json.loads(one["shown"]).get("firmware") for one in mine]
    return next((str(word) for word in reversed(words) if word), device.firmware)


_TELL_FIRMWARE = (HEARTBEAT, "device.started")


def _place(entry: Mapping[str, Any]) -> str:
    return str(entry["p"])


def _events(row: DeviceState) -> list[LastEvent]:
    return [
        LastEvent(
            type=name,
            event_id=entry["id"],
            occurred_at=clock.from_epoch_ms(int(entry["occurred_at"])),
            received_at=clock.from_epoch_ms(int(entry["received_at"])),
            data=json.loads(entry["shown"]) if entry["shown"] else {},
        )
        for name, entry in sorted(row.events.as_dict().items())
    ]


def readings(device: Device, row: DeviceState) -> list[Reading]:
    """Return the newest value of each quantity, but for those of a person's body."""
    kept = {
        name: (entry, unit)
        for name, entry in sorted(row.readings.as_dict().items())
        if (unit := senml.unit_of(device.kind, name)) and not rules.is_personal(name)
    }
    return [
        Reading(name, unit, float(entry["value"]), clock.from_epoch_ms(int(entry["at"])))
        for name, (entry, unit) in kept.items()
    ]
