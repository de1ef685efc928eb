"""Many devices at once, from a sheet: judged whole, refused whole, written in chunks.

A chunk's devices have ids derived from the request's idempotency key, the sheet and the line.
A request that was cut off goes on where it was when it comes again, and never enrols twice.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.core import context, ids, once, outbox, sheets
from chalicelib.core.auth import Caller
from chalicelib.core.cells import Line, Problem
from chalicelib.core.errors import Conflict, Unprocessable
from chalicelib.core.paths import in_part
from chalicelib.core.table import Row
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.registry import spelt
from chalicelib.devices.rules.sheets import (
    COLUMNS,
    DEVICES,
    DISPENSABLE,
    MOST_DEVICES,
    Plan,
    Planned,
    There,
    cells_of,
    day_of,
    founds,
    spot_of,
    spots_to,
    verdict,
)
from chalicelib.devices.service import enrolment, places
from chalicelib.devices.service.enrolment import Hardware, Spot
from chalicelib.devices.service.gateways import is_seen, joining
from chalicelib.devices.service.keys import shown_key
from chalicelib.devices.service.registry import device_by_serial, is_gateway, subtree_of
from chalicelib.devices.tables.registry import Device, DeviceSerial, serial_key
from chalicelib.identity import public as identity

FORM = sheets.Form(DEVICES, COLUMNS, MOST_DEVICES, DISPENSABLE)
CHUNK = 25
"""Devices of one transaction, each with serial number, event and gateway; DynamoDB takes 100."""


@dataclass(frozen=True)
class Enrolled:
    """A line of the sheet and what became of it."""

    line: int
    device_id: str
    kind: str
    name: str
    serial: str
    key_id: str
    key: str = ""


@dataclass(frozen=True)
class Batch:
    """The devices of a sheet, or (of a check) every bad cell of it; `lines` counts its lines."""

    lines: int
    problems: list[Problem] = field(default_factory=list)
    items: list[Enrolled] = field(default_factory=list)


def check(caller: Caller, content: bytes) -> Batch:
    """Judge a sheet and write nothing; raises Unprocessable as `_lines`."""
    lines = _lines(content)
    return Batch(len(lines), _judged(caller, lines, "").problems)


def accept(caller: Caller, content: bytes) -> Batch:
    """Enrol every device of a sheet, and return their first keys; or none of them.

    Raises Unprocessable `bad_lines` with every bad cell, and as `_lines`;
    Conflict `lost_race` if somebody enrols one of its serial numbers at this moment.
    """
    lines = _lines(content)
    wanted = context.once()
    if wanted is not None and (earlier := once.answered(wanted)) is not None:
        raise once.Replayed(earlier)  # before a byte is written: it may be another sheet
    batch = batch_of(content)
    plan = _judged(caller, lines, batch)
    if plan.problems:
        raise _refused(plan)
    with context.serving(context.request_id()):  # the key is spent by the answer alone
        planned = sorted(plan.devices, key=_after_its_gateway)
        for start in range(0, len(planned), CHUNK):
            _write(caller.community_id, batch, planned[start : start + CHUNK])
    made = [_entry(batch, planned) for planned in plan.devices]
    outbox.commit(answer=Batch(len(lines), items=made))
    return Batch(len(lines), items=made)


def _lines(content: bytes) -> list[Line]:
    """Return the lines of a sheet; raises Unprocessable `empty_sheet`, and as `core.sheets`."""
    if lines := sheets.lines(FORM, content):
        return lines
    raise Unprocessable("empty_sheet", "表格中没有任何设备")


def batch_of(content: bytes) -> str:
    """Return what the ids of a sheet's devices derive from, for the request being served."""
    wanted = context.once()
    asked = wanted.record_key if wanted is not None else ids.new_id("bat")
    return hashlib.sha256(f"{asked}\x1f".encode() + content).hexdigest()


def shown_once(batch: Batch) -> Batch:
    """Return a batch with the keys that its devices were given, as far as they still live.

    Every line has its device: rows are never deleted, and they are read as just committed.
    """
    rows = _rows(one.device_id for one in batch.items)
    if missing := [one.line for one in batch.items if one.device_id not in rows]:
        raise LookupError(f"enrolled, but not there: lines {missing}")
    items = [replace(one, key=shown_key(rows[one.device_id], one.key_id)) for one in batch.items]
    return replace(batch, items=items)


def _rows(device_ids: Iterable[str]) -> dict[str, Device]:
    found = Device.batch_get(list(device_ids), consistent_read=True)
    return {row.device_id: row for row in found}


def _judged(caller: Caller, lines: Sequence[Line], batch: str) -> Plan:
    return verdict(lines, _there(caller, lines, batch))


def _there(caller: Caller, lines: Sequence[Line], batch: str) -> There:
    """Look up what the lines name: spots that the caller sees, gateways, serial numbers."""
    community_id, seen = caller.community_id, subtree_of(caller)
    read = [(line, cells_of(line)) for line in lines]
    spots = {one for _, cells in read for one in spots_to(spot_of(cells))}
    words = {cells["gateway"] for _, cells in read if cells["gateway"]}
    gateways = {word: _gateway(community_id, word) for word in words}
    ours = {_id(batch, line.number) for line, _ in read}
    serials = {spelt(cells["serial"]) for _, cells in read} - {""}
    claimed = DeviceSerial.batch_get([serial_key(community_id, one) for one in serials])
    taken = {one.serial_key.partition("#")[2] for one in claimed if one.device_id not in ours}
    free = places.free(caller, {cells["place"] for _, cells in read if founds(cells)})
    return There(
        {
            spot: path
            for spot, path in identity.paths_of(community_id, spots).items()
            if in_part(path, seen)
        },
        {word: gateway for word, gateway in gateways.items() if is_seen(caller, gateway or "-")},
        frozenset(taken),
        places.known(caller, {cells["place"] for _, cells in read} - {""}),
        free,
    )


def _gateway(community_id: str, word: str) -> str:
    """Return the id of the gateway that an id or a serial number names, or nothing."""
    if is_gateway(community_id, word):
        return word
    device = device_by_serial(community_id, word)
    gateway_id: str = device.device_id if device is not None else ""
    return gateway_id if gateway_id and is_gateway(community_id, gateway_id) else ""


def _write(community_id: str, batch: str, chunk: Sequence[Planned]) -> None:
    """Write a chunk's devices but those that are there; another run of this batch may be at it."""
    for attempt in (1, 2):
        there = _rows(_id(batch, planned.line) for planned in chunk)
        new = [_row(community_id, batch, p) for p in chunk if _id(batch, p.line) not in there]
        rows: list[Row] = [*new, *(claim for one in new for claim in enrolment.claims(one))]
        given = _counted(community_id, new)
        try:
            outbox.commit(*rows, events=[enrolment.enrolled(one) for one in new], given=given)
        except Conflict:
            if attempt == 2:  # noqa: PLR2004 -- the second time nobody else of this batch is to blame
                raise
        else:
            return


def _after_its_gateway(planned: Planned) -> tuple[bool, bool]:
    return planned.kind is not Kind.GATEWAY, bool(planned.gateway_line)


def _counted(community_id: str, new: Sequence[Device]) -> list[outbox.Given]:
    """Count new devices with their gateways: in the new row itself, or in the one that is there."""
    fresh = {device.device_id: device for device in new}
    counts = Counter(device.gateway_id for device in new if device.gateway_id)
    for gateway_id in fresh.keys() & counts.keys():
        fresh[gateway_id].children = counts.pop(gateway_id)
    return [joining(community_id, gateway_id, more) for gateway_id, more in counts.items()]


def _row(community_id: str, batch: str, planned: Planned) -> Device:
    cells = planned.cells
    gateway_id = _id(batch, planned.gateway_line) if planned.gateway_line else planned.gateway_id
    device, _ = enrolment.device_row(
        community_id,
        planned.kind,
        cells["name"],
        Spot(planned.place_id, planned.node_path, gateway_id),
        device_id=_id(batch, planned.line),
        hardware=Hardware(
            vendor=cells["vendor"],
            model=cells["model"],
            serial=cells["serial"],
            firmware=cells["firmware"],
            warranty_until=day_of(cells["warranty"]),
        ),
    )
    return device


def _entry(batch: str, planned: Planned) -> Enrolled:
    return Enrolled(
        line=planned.line,
        device_id=_id(batch, planned.line),
        kind=planned.kind.value,
        name=planned.cells["name"],
        serial=planned.cells["serial"],
        key_id="k1",
    )


def _id(batch: str, line: int) -> str:
    return ids.derived("dev", batch, str(line))


def _refused(plan: Plan) -> Unprocessable:
    details = [
        {"sheet": one.sheet, "line": one.line, "column": one.column, "code": one.code}
        for one in plan.problems
    ]
    return Unprocessable("bad_lines", "表格中有错误，未登记任何设备", details=details)
