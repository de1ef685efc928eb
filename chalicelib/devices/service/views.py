"""What staff see of devices, and of the kinds that there are."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.core import clock
from chalicelib.devices.rules.catalogue import OF_ALL, PROFILES, Kind, Offline, Profile
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.service.keys import KeyView, keys_of
from chalicelib.devices.service.state import firmware
from chalicelib.devices.tables.registry import Device


@dataclass(frozen=True)
class DeviceView:
    """A device as staff see it: never its keys, nor how its driver signs in."""

    device_id: str
    kind: str
    name: str
    place_id: str
    node_path: str | None
    gateway_id: str | None
    standing: Standing
    vendor: str | None
    model: str | None
    serial: str | None
    firmware: str | None
    warranty_until: str | None
    hardware: int
    driver: str | None
    adapter: str | None
    maintained_until: datetime | None
    enrolled_at: datetime
    retired_at: datetime | None
    keys: list[KeyView]


@dataclass(frozen=True)
class OpView:
    """A command, and after how many seconds it is void."""

    name: str
    void_after_s: int


@dataclass(frozen=True)
class Quantity:
    """What is measured, and its SenML unit."""

    name: str
    unit: str


@dataclass(frozen=True)
class KindView:
    """What is declared of a kind of device."""

    kind: Kind
    name: str
    offline: Offline
    heartbeat_s: int
    reports: list[str]
    understands: list[OpView]
    measures: list[Quantity]


@dataclass(frozen=True)
class Kinds:
    """Every kind of device."""

    items: list[KindView]


def whole(device: Device) -> DeviceView:
    """Return what staff see of a device, with the firmware that it says it has; one read."""
    return replace(view(device), firmware=firmware(device))


def view(device: Device) -> DeviceView:
    """Return what staff see of a device."""
    return DeviceView(
        device_id=device.device_id,
        kind=device.kind,
        name=device.name,
        place_id=device.place_id,
        node_path=device.node_path,
        gateway_id=device.gateway_id,
        standing=Standing(device.standing),
        vendor=device.vendor,
        model=device.model,
        serial=device.serial,
        firmware=device.firmware,
        warranty_until=device.warranty_until,
        hardware=int(device.hardware),
        driver=device.driver,
        adapter=device.adapter,
        maintained_until=_instant(device.maintained_until),
        enrolled_at=clock.from_epoch_ms(int(device.enrolled_at)),
        retired_at=_instant(device.retired_at),
        keys=keys_of(device).items,
    )


def kinds() -> Kinds:
    """Return the catalogue of kinds."""
    return Kinds([_kind(profile) for profile in PROFILES.values()])


def _kind(profile: Profile) -> KindView:
    return KindView(
        kind=profile.kind,
        name=profile.name,
        offline=profile.offline,
        heartbeat_s=int(profile.heartbeat.total_seconds()),
        reports=sorted(OF_ALL | profile.events),
        understands=[OpView(op.name, int(op.ttl.total_seconds())) for op in profile.ops],
        measures=[Quantity(name, unit) for name, unit in (profile.telemetry or {}).items()],
    )


def _instant(epoch_ms: float | None) -> datetime | None:
    return clock.from_epoch_ms(int(epoch_ms)) if epoch_ms is not None else None
