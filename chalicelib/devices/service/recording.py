"""What devices reported goes on record: each event once, and whoever follows it hears of it."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.core import clock, outbox
from chalicelib.core.logs import logger
from chalicelib.core.table import tenant_key
from chalicelib.core.typed import adapter
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.devices.rules.catalogue import QUIET, is_announced
from chalicelib.devices.rules.state import is_known
from chalicelib.devices.rules.uplink import Reported, is_live, urgency
from chalicelib.devices.service import gaps, health, state, telemetry
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.uplink import EVENTS_KEPT_S, AcceptedBatch, DeviceEvent

HEARERS: tuple[Callable[[Device, Reported, datetime], None], ...] = (
    state.observe,
    telemetry.keep,
    health.heard,
    gaps.observe,
)
"""What follows each event that is on record: called at least once, so each is idempotent."""


def record(device_id: str, message_id: str) -> None:
    """Record and announce each event of an accepted batch, each once for ever (30 days).

    Calls for help come first. An event that fails does not stop the others; it raises at
    the end, so that the job comes again.
    """
    batch = AcceptedBatch.find(device_id, message_id)
    if batch is None or batch.shard is None:
        return
    device = Device.find(device_id)
    if device is None:
        logger().error("batch of a device that is gone", extra={"device": device_id})
        AcceptedBatch.finish(device_id, message_id)
        return
    events: list[Reported] = adapter(list[Reported]).validate_python(batch.events)
    events.sort(key=lambda event: urgency(event.type))
    failed = [event for event in events if not _tried(device, event, batch)]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(events)} events were not recorded")
    AcceptedBatch.finish(device_id, message_id)


def _tried(device: Device, event: Reported, batch: AcceptedBatch) -> bool:
    """Record one event; False if it failed and must come again."""
    try:
        _record_one(device, event, batch)
    except Exception:  # noqa: BLE001 -- the events behind this one must be recorded
        logger().exception("not recorded", extra={"device": batch.device_id, "event": event.id})
        return False
    return True


def _record_one(device: Device, event: Reported, batch: AcceptedBatch) -> None:
    received_at = clock.from_epoch_ms(int(batch.received_at))
    row = DeviceEvent(
        device_id=device.device_id,
        event_id=event.id,
        device_key=_history(device, event),
        message_id=batch.message_id,
        community_id=device.community_id,
        type=event.type,
        data=event.data,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=clock.epoch_ms(event.occurred_at),
        replayed=event.replayed or None,
        received_at=int(batch.received_at),
        expires=int(received_at.timestamp()) + EVENTS_KEPT_S,
    )
    if not is_known(event.type) and not state.note_unknown(device, event, received_at):
        logger().info("event not kept", extra={"device": device.device_id, "type": event.type})
    elif not (_is_new(row, device, event) or _came_with(row)):
        logger().info("event repeated", extra={"device": device.device_id, "event": event.id})
        return
    for hear in HEARERS:
        hear(device, event, received_at)


def _history(device: Device, event: Reported) -> str | None:
    """Return whose history an event stands in; what comes all day stands in none."""
    return None if event.type in QUIET else tenant_key(device.community_id, device.device_id)


def _is_new(row: DeviceEvent, device: Device, event: Reported) -> bool:
    """Write the row, with its announcement if others may hear of it; False if it was there."""
    if not is_announced(event.type):
        return row.put_new()
    received_at = clock.from_epoch_ms(int(row.received_at))
    fact = DeviceEventRecorded(
        community_id=device.community_id,
        device_id=device.device_id,
        kind=device.kind,
        place_id=device.place_id,
        event_id=event.id,
        type=event.type,
        data=event.data,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=event.occurred_at,
        received_at=received_at,
        live=is_live(event.occurred_at, received_at, replayed=event.replayed),
    )
    return outbox.commit_once(row, events=(fact,))


def _came_with(row: DeviceEvent) -> bool:
    """Return whether this very batch brought the event: then the job has come again."""
    first = DeviceEvent.kept(row.device_id, row.event_id)
    return first is not None and first.message_id == row.message_id
