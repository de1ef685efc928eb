"""Devices come, move, get other hardware, and go."""

from dataclasses import dataclass, replace

from chalicelib.core import clock, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.devices.events import DeviceEnrolled, DeviceRetired, DeviceSwapped
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.service import places
from chalicelib.devices.service.gateways import joining, leaving, require_gateway, require_usable
from chalicelib.devices.service.keys import Issued, issue, revealed
from chalicelib.devices.service.registry import (
    Change,
    amend,
    node_seen,
    on_record,
    seen_by,
)
from chalicelib.devices.tables.registry import Device, DeviceSerial, serial_key


@dataclass(frozen=True)
class Hardware:
    """A piece of hardware, as its type plate says; `warranty_until` is a date (ISO 8601).

    `public_key` is the Ed25519 key (base64) of one that makes its keys itself: such a device
    reports, and is never told anything.
    """

    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    warranty_until: str = ""
    public_key: str = ""


@dataclass(frozen=True)
class Spot:
    """The place that a device serves (none: its node; `new_place` founds one), node, gateway."""

    place_id: str
    node_path: str = ""
    gateway_id: str = ""
    new_place: bool = False


@dataclass(frozen=True)
class Enrolment:
    """A new device and its first key (base64), shown once."""

    device_id: str
    kind: str
    key_id: str
    key: str


def enrol(
    community_id: str,
    kind: Kind,
    *,
    place_id: str,
    name: str,
    device_id: str = "",
    node_path: str = "",
    gateway_id: str = "",
    hardware: Hardware | None = None,
) -> Enrolment:
    """Register a device and make its key; its node is believed.

    Raises NotFound `no_such_gateway`, Conflict `serial_taken`, or `lost_race` if the id is taken.
    """
    spot, hardware = Spot(place_id, node_path, gateway_id), hardware or Hardware()
    device, made = device_row(
        community_id, kind, name, spot, device_id=device_id, hardware=hardware
    )
    try:
        outbox.commit(
            device,
            *claims(device),
            events=(enrolled(device),),
            given=[joining(community_id, gateway_id)] if gateway_id else (),
            answer=replace(made, key=""),
        )
    except Conflict as raced:
        require_gateway(community_id, gateway_id)
        raise _serial_taken(device, raced) from raced
    return made


def enrol_at(caller: Caller, kind: Kind, name: str, *, spot: Spot, hardware: Hardware) -> Enrolment:
    """Register a device where it really stands; an empty node is the caller's own.

    Raises NotFound `no_such_node`, `no_such_gateway`, Unprocessable `gateway_behind_gateway`,
    `unknown_place`, Conflict `serial_taken`.
    """
    checked = _checked(caller, kind, spot)
    return enrol(
        caller.community_id,
        kind,
        place_id=checked.place_id,
        name=name,
        node_path=checked.node_path,
        gateway_id=checked.gateway_id,
        hardware=hardware,
    )


def shown_once(made: Enrolment) -> Enrolment:
    """Return an enrolment with its key, for the same request asked again."""
    issued = revealed(Issued(made.device_id, made.key_id, made.key))
    return replace(made, key=issued.key)


def place(caller: Caller, device_id: str, name: str, *, spot: Spot) -> Device:
    """Give a device its name and the spot where it stands from now on.

    Raises NotFound `no_such_device`, `no_such_node`, `no_such_gateway`, Unprocessable
    `own_gateway`, `gateway_behind_gateway`, `unknown_place`.
    """
    if spot.gateway_id == device_id:
        raise Unprocessable("own_gateway", "设备不能以自己为网关")
    there = seen_by(caller, device_id)
    checked = _checked(caller, Kind(there.kind), spot, now_at=there.place_id)

    def change(device: Device) -> Change[Device]:
        old, new = device.gateway_id or "", checked.gateway_id
        require_gateway(caller.community_id, new)
        device.name, device.gateway_id = name, new or None
        device.stand(checked.place_id, checked.node_path)
        given = [joining(caller.community_id, new)] if new and new != old else []
        given += [leaving(old)] if old and new != old else []
        return Change(device, given=given)

    return amend(caller.community_id, device_id, change)


def swap(community_id: str, device_id: str, hardware: Hardware, *, by: str) -> Enrolment:
    """Put other hardware under a device's id: a new key, every old one withdrawn, at once.

    How the old hardware was reached (driver, adapter) ends with it. Raises NotFound
    `no_such_device`, Conflict `serial_taken`.
    """

    def change(device: Device) -> Change[Enrolment]:
        at, old_serial, old = clock.now(), device.serial or "", claims(device)
        _unplug(device)
        install(device, hardware)
        device.hardware = int(device.hardware) + 1
        device.swapped_at = clock.epoch_ms(at)
        issued = issue(device, hardware.public_key)
        made = Enrolment(device_id, device.kind, issued.key_id, issued.key)
        fact = DeviceSwapped(
            community_id=device.community_id,
            device_id=device_id,
            kind=device.kind,
            place_id=device.place_id,
            hardware=int(device.hardware),
            old_serial=old_serial,
            new_serial=hardware.serial,
            swapped_by=by,
            swapped_at=at,
        )
        rows, gone = _reclaimed(old, claims(device))
        return Change(made, replace(made, key=""), rows=rows, deletes=gone, events=(fact,))

    try:
        return amend(community_id, device_id, change)
    except Conflict as raced:
        probe = Device(device_id=device_id, community_id=community_id, serial=hardware.serial)
        raise _serial_taken(probe, raced) from raced


def retire(community_id: str, device_id: str, *, by: str) -> Device:
    """End a device: its keys are destroyed, it stands nowhere, its record stays.

    One that is retired already is returned as it is: an answer may have been lost. Raises
    NotFound `no_such_device`, Unprocessable `gateway_in_use` while others speak through it.
    """

    def change(device: Device) -> Change[Device]:
        if device.children > 0:  # whoever comes under it now changes this row, and we begin anew
            raise Unprocessable("gateway_in_use", "仍有设备通过该网关接入，请先迁移")
        given = [leaving(device.gateway_id)] if device.gateway_id else []
        at, gone = clock.now(), claims(device)
        device.standing, device.retired_at = Standing.RETIRED.value, clock.epoch_ms(at)
        _unplug(device)
        device.leave()
        fact = DeviceRetired(
            community_id=device.community_id,
            device_id=device_id,
            kind=device.kind,
            place_id=device.place_id,
            retired_by=by,
            retired_at=at,
        )
        return Change(device, deletes=_kept(gone), events=(fact,), given=given)

    try:
        return amend(community_id, device_id, change)
    except NotFound:
        return on_record(community_id, device_id)


def device_row(
    community_id: str,
    kind: Kind,
    name: str,
    spot: Spot,
    *,
    device_id: str,
    hardware: Hardware,
) -> tuple[Device, Enrolment]:
    """Return a new device's row and its enrolment; an empty id is drawn."""
    device = Device(
        device_id=device_id or ids.new_id("dev"),
        community_id=community_id,
        kind=kind.value,
        name=name,
        gateway_id=spot.gateway_id or None,
        enrolled_at=clock.epoch_ms(clock.now()),
    )
    device.stand(spot.place_id, spot.node_path or None)
    install(device, hardware)
    issued = issue(device, hardware.public_key)
    return device, Enrolment(device.device_id, kind.value, issued.key_id, issued.key)


def install(device: Device, hardware: Hardware) -> None:
    """Write a type plate into a device's row; what it does not say is not kept."""
    device.vendor, device.model = hardware.vendor or None, hardware.model or None
    device.serial, device.firmware = hardware.serial or None, hardware.firmware or None
    device.warranty_until = hardware.warranty_until or None


def claims(device: Device) -> list[DeviceSerial]:
    """Return the row that claims a device's serial number, if it has one."""
    if not device.serial:
        return []
    key, community_id = serial_key(device.community_id, device.serial), device.community_id
    return [DeviceSerial(serial_key=key, community_id=community_id, device_id=device.device_id)]


def enrolled(device: Device) -> DeviceEnrolled:
    """Return the fact that a device was registered."""
    return DeviceEnrolled(
        community_id=device.community_id,
        device_id=device.device_id,
        kind=device.kind,
        place_id=device.place_id,
        gateway_id=device.gateway_id or "",
        enrolled_at=clock.now(),
    )


def _checked(caller: Caller, kind: Kind, spot: Spot, *, now_at: str = "") -> Spot:
    """Return a spot whose node, place and gateway the caller sees; it may stay where it is."""
    node_path = node_seen(caller, spot.node_path)
    require_usable(caller, kind, spot.gateway_id)
    require_gateway(caller.community_id, spot.gateway_id)
    at = spot.place_id
    if not at or at != now_at:
        at = places.chosen(caller, at, node_path, is_new=spot.new_place)
    return replace(spot, node_path=node_path, place_id=at)


def _unplug(device: Device) -> None:
    """Forget what belonged to the hardware: keys, session, and the ways to and from it."""
    device.keys = {}
    device.session = device.hello_key = device.hello_uptime = None
    device.boot = device.hello_at = 0
    device.driver = device.address = device.silence_s = None
    device.adapter = device.adapter_token = device.adapter_settings = None


def _reclaimed(
    old: list[DeviceSerial], new: list[DeviceSerial]
) -> tuple[list[DeviceSerial], list[DeviceSerial]]:
    """Return which claims of serial numbers are made and which end; the same one stays."""
    if {one.serial_key for one in old} & {one.serial_key for one in new}:
        return [], []
    return new, _kept(old)


def _kept(old: list[DeviceSerial]) -> list[DeviceSerial]:
    """Return the claims as they are kept: a delete asks for the row's version."""
    return [claim for one in old if (claim := DeviceSerial.find(one.serial_key)) is not None]


def _serial_taken(device: Device, raced: Conflict) -> Conflict:
    """Return why a commit was refused: its serial number is another device's, or a race."""
    if device.serial:
        claimed = DeviceSerial.find(serial_key(device.community_id, device.serial))
        if claimed is not None and claimed.device_id != device.device_id:
            return Conflict("serial_taken", "该序列号已登记在另一台设备上")
    return raced
