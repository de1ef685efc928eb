"""What is seen of a device from outside: when it was heard, and what stands between it and us."""

from chalicelib.core import clock
from chalicelib.core.logs import logger
from chalicelib.core.table import tenant_key
from chalicelib.devices.rules.health import POWER, SILENCE, Health, HealthState
from chalicelib.devices.rules.silence import Above, Sight, every_ms
from chalicelib.devices.service.registry import children, remembered
from chalicelib.devices.tables.health import DeviceHealth, found_health
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.state import DeviceState

S = HealthState
IN_TROUBLE = frozenset({S.FAULT, S.TICKETED, S.REPAIRING})

MOST_CHILDREN = 100
"""How many silent devices behind a gateway are named."""


def expected_ms(device: Device) -> int:
    """Return how often a device should be heard, in milliseconds."""
    adapted = device.adapter and device.silence_s  # a swap ends the one and may leave the other
    silence_s = int(device.silence_s or 0) if adapted else None
    return every_ms(device.kind, silence_s, adapted=_speaks_its_makers_way(device))


def _speaks_its_makers_way(device: Device) -> bool:
    """Return whether a device speaks a vendor's format, itself or through a gateway that does."""
    through = remembered(device.gateway_id) if device.gateway_id else None
    return bool(device.adapter or (through is not None and through.adapter))


def seen(device: Device, heard_at: int = 0) -> Sight:
    """Return what is seen of a device now; one consistent read, two more if it has a gateway."""
    state = DeviceState.of(device.community_id, device.device_id)
    return Sight(
        at=clock.epoch_ms(clock.now()),
        every_ms=expected_ms(device),
        seen_at=max(heard_at, int(state.seen_at) if state else 0),
        through=device.gateway_id or "",
        above=_above(device.community_id, device.gateway_id) if device.gateway_id else None,
    )


def _above(community_id: str, gateway_id: str) -> Above | None:
    """Return what is seen of a gateway; None if it never spoke: then it explains nothing."""
    health = _health(community_id, gateway_id)
    if health is None or not health.watched_since or health.state is S.RETIRED:
        return None
    state = DeviceState.of(community_id, gateway_id, consistent=False)
    silent = health.course(SILENCE).state is not S.ONLINE
    cut_off = health.course(POWER).state in IN_TROUBLE
    in_trouble = silent or cut_off or health.state is S.MAINTENANCE
    return Above(int(state.seen_at) if state else 0, in_trouble)


def _health(community_id: str, gateway_id: str) -> Health | None:
    """Return a gateway's health; one whose row makes no sense must not hide its children."""
    try:
        row = DeviceHealth.of(community_id, gateway_id, consistent=False)
        return row.facts() if row else None
    except (KeyError, TypeError, ValueError):
        logger().exception("health not understood", extra={"device": gateway_id})
        return None


def silent_behind(community_id: str, gateway_id: str) -> list[str]:
    """Return which devices cannot be heard that speak through a gateway, 100 at the most."""
    ids = children(gateway_id)
    found = found_health([tenant_key(community_id, one) for one in ids])
    silent = (row for row in found.values() if row.down_since)
    return sorted(row.device_id for row in silent)[:MOST_CHILDREN]
