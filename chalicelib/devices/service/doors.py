"""Doors as access asks for them: where one stands, whether it is reached, which code it shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chalicelib.core.errors import NotFound
from chalicelib.core.reading import Wish
from chalicelib.core.table import tenant_key
from chalicelib.devices.rules import signing
from chalicelib.devices.rules.catalogue import DOORS, Kind
from chalicelib.devices.rules.health import HealthState
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.service.keys import secret_ids
from chalicelib.devices.service.registry import in_service, key_of
from chalicelib.devices.tables.health import DeviceHealth, found_health
from chalicelib.devices.tables.registry import Device

OPENED_BY: Final = {
    Kind.GATE: "gate.open",
    Kind.DOOR: "door.open",
    Kind.PANEL: "door.open",
    Kind.LOCK: "lock.open",
    Kind.BARRIER: "barrier.open",
}
"""The command that opens each kind of door; a lift is called, not opened."""


@dataclass(frozen=True)
class Door:
    """A door: where it stands, and whether it is reached; None if it never said anything.

    `path` is the node that it stands at: it serves the flats at and below it. `row` is for
    `commands.prepare`, which then reads nothing.
    """

    device_id: str
    kind: Kind
    name: str
    place_id: str
    path: str
    online: bool | None
    row: Device | None = None

    @property
    def op(self) -> str | None:
        """Return the command that opens it, or None."""
        return OPENED_BY.get(self.kind)


def door_wishes(community_id: str, device_id: str) -> tuple[Wish, Wish]:
    """Return what to read of a door, for a call that reads other rows as well."""
    return Wish(Device, device_id), Wish(DeviceHealth, tenant_key(community_id, device_id))


def door_of(community_id: str, device: Device | None, health: DeviceHealth | None) -> Door:
    """Return the door that two rows say; raises NotFound `no_such_device`.

    Another tenant's, a retired one, and a device that is no door, count as none.
    """
    device = in_service(community_id, device)
    if device.kind not in DOORS:
        raise NotFound("no_such_device", "没有找到该设备")
    return _door(device, health, device)


def doors_at(community_id: str, unit_paths: Iterable[str]) -> list[Door]:
    """Return the doors that serve one of these flats, the outermost first.

    One query for each node from the estate down to the flats, by pages where very many devices
    stand at one, and one read of how the doors are.
    """
    nodes = {node for path in unit_paths for node in _upwards(path, community_id)}
    found = [
        device
        for node in sorted(nodes)
        for device in Device.by_node.query(
            community_id,
            Device.node_key.startswith(f"{node}/#"),
            filter_condition=Device.kind.is_in(*sorted(DOORS)),
        )
        if device.standing != Standing.RETIRED
    ]
    keys = [tenant_key(community_id, device.device_id) for device in found]
    healths = found_health(keys) if keys else {}
    doors = [_door(device, healths.get(key), None) for device, key in zip(found, keys, strict=True)]
    return sorted(doors, key=lambda door: (door.path.count("/"), door.name, door.device_id))


def shows(door: Door, content: str, tag: str) -> bool:
    """Return whether a code's tag was made with one of a door's live secret keys.

    The tag is the first 16 hexadecimal digits of HMAC-SHA256 (docs/device-protocol.md).
    """
    device = door.row
    if device is None:
        return False
    keys = [key_of(device, key_id) for key_id in secret_ids(device)]
    good = [signing.same(signing.code_tag(key, content), tag) for key in keys if key]
    return any(good)


def _door(device: Device, health: DeviceHealth | None, row: Device | None) -> Door:
    return Door(
        device_id=device.device_id,
        kind=Kind(device.kind),
        name=device.name,
        place_id=device.place_id,
        path=device.node_path or "",
        online=None if health is None else _is_reached(device, health),
        row=row,
    )


def _is_reached(device: Device, health: DeviceHealth) -> bool:
    """Return whether nothing says that a device is away; a hello since then says it is back."""
    away = [int(health.since)] if health.state == HealthState.OFFLINE.value else []
    away += [] if health.will_online else [int(health.will_at)]
    return all(since < device.hello_at for since in away)


def _upwards(path: str, community_id: str) -> list[str]:
    """Return the nodes of an estate at and above a path."""
    ids = path.split("/")
    if community_id not in ids:
        return []
    return ["/".join(ids[:end]) for end in range(ids.index(community_id) + 1, len(ids) + 1)]
