"""What a device reported within 30 days, in the order in which it came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core import clock, cursor
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.table import READ_AT_ONCE, tenant_key
from chalicelib.devices.rules.state import IMPERSONAL, told
from chalicelib.devices.service.registry import seen_by
from chalicelib.devices.tables.uplink import EVENTS_KEPT_S, DeviceEvent


@dataclass(frozen=True)
class Entry:
    """One event; `data` is None where events of its type may name a person."""

    event_id: str
    type: str
    occurred_at: datetime
    received_at: datetime
    boot: int
    sequence: int
    replayed: bool
    data: dict[str, Any] | None


@dataclass(frozen=True)
class History:
    """One page of a device's events, the newest first; it may be short before the last one."""

    items: list[Entry]
    next: str | None


@dataclass(frozen=True)
class Wanted:
    """Which events: of a type, or of all; received in a half-open period."""

    type: str
    since: datetime | None
    until: datetime | None
    limit: int
    after: str | None


def read(caller: Caller, device_id: str, wanted: Wanted) -> History:
    """Return what a device reported, but for heartbeats and telemetry, which come all day.

    Raises NotFound `no_such_device`, Unprocessable `bad_period`, BadRequest `bad_cursor`.
    """
    device = seen_by(caller, device_id)
    since, until = _period(wanted)
    key = tenant_key(device.community_id, device_id)
    name = f"history/{key}/{wanted.type}/{wanted.since}/{wanted.until}"
    found = DeviceEvent.history(
        key,
        (since, until),
        wanted.type,
        page_size=READ_AT_ONCE if wanted.type else wanted.limit,
        after=cursor.unseal(wanted.after, listing=name),
    )
    rows, ended = DeviceEvent.first_of(found, wanted.limit)
    live = [row for row in rows if row.is_live()]
    data = _data(live)
    items = [_entry(row, data.get(row.event_id)) for row in live]
    return History(items, cursor.seal(ended, listing=name))


def _period(wanted: Wanted) -> tuple[int, int]:
    """Return the period in epoch milliseconds: by default all that is kept."""
    now = clock.epoch_ms(clock.now())
    since = clock.epoch_ms(wanted.since) if wanted.since else now - EVENTS_KEPT_S * 1_000
    until = clock.epoch_ms(wanted.until) if wanted.until else max(now, since) + 1
    if since >= until:
        raise Unprocessable("bad_period", "查询时段无效")
    return since, until


def _data(rows: list[DeviceEvent]) -> dict[str, dict[str, Any] | None]:
    """Return the data of those events whose types name nobody."""
    keys = [(row.device_id, row.event_id) for row in rows if row.type in IMPERSONAL]
    return {row.event_id: told(row.type, row.data) for row in DeviceEvent.batch_get(keys)}


def _entry(row: DeviceEvent, data: dict[str, Any] | None) -> Entry:
    return Entry(
        event_id=row.event_id,
        type=row.type,
        occurred_at=clock.from_epoch_ms(int(row.occurred_at)),
        received_at=clock.from_epoch_ms(int(row.received_at)),
        boot=int(row.boot),
        sequence=int(row.sequence),
        replayed=bool(row.replayed),
        data=data,
    )
