"""Which devices there are, where they stand, and how one of them is changed."""

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pynamodb.pagination import ResultIterator

from chalicelib.core import clock, cursor, keyring, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.paths import in_part, part_of
from chalicelib.core.table import READ_AT_ONCE, Row, tenant_key
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.tables.registry import Device, DeviceSerial, retired_key, serial_key
from chalicelib.identity import public as identity

REMEMBERED_S = 30
"""How long a process may still accept a device or key that was withdrawn meanwhile."""

REREAD_S = 1
"""How often at the most a device is read again because of a key that it did not have."""

TRIES = 4
"""How often a change is made anew that met another one of the same device."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Wanted:
    """Which devices a list shows: of a kind, at a place, under a node; or the retired ones."""

    kind: str = ""
    place_id: str = ""
    under: str = ""
    retired: bool = False


@dataclass(frozen=True)
class Listing:
    """One page of a community's devices."""

    items: list[Device]
    next: str | None


@dataclass(frozen=True)
class Change(Generic[Answer]):
    """What a change of a device commits with it; `kept` is the answer that a retry gets."""

    answer: Answer
    kept: Any = None
    rows: Sequence[Row] = ()
    deletes: Sequence[Row] = ()
    events: Sequence[Any] = field(default_factory=tuple)
    given: Sequence[outbox.Given] = ()


def listing(
    caller: Caller,
    wanted: Wanted,
    *,
    limit: int,
    after: str | None,
    at_once: int = READ_AT_ONCE,
) -> Listing:
    """Return one page of the devices that a caller sees, in the order of the list's key.

    One wish beside the list's own key filters what is read, and a page may be short.
    Raises NotFound `no_such_node` for a node beside the caller's subtree, BadRequest
    `bad_cursor`.
    """
    community_id = caller.community_id
    under = node_seen(caller, wanted.under) if wanted.under else subtree_of(caller)
    name = f"devices/{community_id}/{wanted}/{under}"
    size = at_once if _is_filtered(wanted, under) else limit
    page = _found(community_id, wanted, under, size, cursor.unseal(after, listing=name))
    items, ended = Device.first_of(page, limit)
    return Listing(items, cursor.seal(ended, listing=name))


def _found(
    community_id: str, wanted: Wanted, under: str, size: int, start: dict[str, Any] | None
) -> ResultIterator[Device]:
    """Query the narrowest list; what is left of the wish filters it."""
    options: dict[str, Any] = {"page_size": size, "last_evaluated_key": start}
    of_kind = Device.kind == wanted.kind if wanted.kind else None
    below = Device.node_key.startswith(f"{under}/") if under else None
    if wanted.retired:
        at = (Device.node_path == under) | Device.node_path.startswith(f"{under}/")
        at_and_kind = at & of_kind if of_kind is not None else at
        wish = at_and_kind if under else of_kind
        return Device.by_kind.query(retired_key(community_id), filter_condition=wish, **options)
    if wanted.place_id:
        key = tenant_key(community_id, wanted.place_id)
        return Device.by_place.query(key, of_kind, filter_condition=below, **options)
    if below is not None:
        return Device.by_node.query(community_id, below, filter_condition=of_kind, **options)
    if wanted.kind:
        return Device.by_kind.query(tenant_key(community_id, wanted.kind), **options)
    here = Device.standing != Standing.RETIRED.value
    return Device.by_community.query(community_id, filter_condition=here, **options)


def _is_filtered(wanted: Wanted, under: str) -> bool:
    """Return whether a wish goes beyond the key of the list that answers it."""
    if wanted.retired:
        return bool(under or wanted.kind)
    return bool(under) and bool(wanted.kind or wanted.place_id)


def node_seen(caller: Caller, path: str) -> str:
    """Return the path of a node that a caller sees; an empty one means their own.

    Raises NotFound `no_such_node`, `no_such_community`.
    """
    found = identity.standing_at(caller.community_id, path or subtree_of(caller))
    if not in_part(found, subtree_of(caller)):
        raise NotFound("no_such_node", "没有找到该组织节点")
    return found


def subtree_of(caller: Caller) -> str:
    """Return the node that a caller is confined to; empty if they see the whole estate."""
    return part_of(caller.node_path, caller.community_id)


def is_gateway(community_id: str, device_id: str) -> bool:
    """Return whether there is a gateway of this id in service in a community."""
    device = Device.find(device_id)
    if device is None or device.standing == Standing.RETIRED:
        return False
    return (device.community_id, device.kind) == (community_id, Kind.GATEWAY.value)


def seen_by(caller: Caller, device_id: str) -> Device:
    """Return a device that a caller sees, also a retired one; raises NotFound `no_such_device`.

    Who is appointed to a building sees what stands in that building.
    """
    device = on_record(caller.community_id, device_id)
    if not in_part(device.node_path or "", subtree_of(caller)):
        raise _no_such_device()
    return device


def device_of(community_id: str, device_id: str) -> Device:
    """Return a community's device; another tenant's, or a retired one, counts as none (404)."""
    return in_service(community_id, Device.find(device_id))


def in_service(community_id: str, device: Device | None) -> Device:
    """Return a device that was just read, and remember it; raises NotFound `no_such_device`."""
    if device is not None:
        _keep(device.device_id, device)
    return _in_service(device, community_id)


def on_record(community_id: str, device_id: str) -> Device:
    """Return a community's device, also a retired one; raises NotFound `no_such_device`."""
    device = Device.find(device_id)
    if device is None or device.community_id != community_id:
        raise _no_such_device()
    return device


def amend(community_id: str, device_id: str, change: Callable[[Device], Change[Answer]]) -> Answer:
    """Change a device that is in service, and save it with what the change brings.

    `change` alters the fresh row that it is given, and is called again if something else
    changed the device meanwhile. Raises NotFound `no_such_device`, Conflict `lost_race`.
    """
    for attempt in range(TRIES):
        device = _in_service(Device.find(device_id), community_id)
        made = change(device)
        try:
            outbox.commit(
                device,
                *made.rows,
                events=made.events,
                deletes=made.deletes,
                given=made.given,
                answer=made.kept if made.kept is not None else made.answer,
            )
        except Conflict:
            if attempt == TRIES - 1:
                raise
        else:
            _keep(device_id, device)
            return made.answer
    raise AssertionError("the last attempt returns or raises")


def _in_service(device: Device | None, community_id: str) -> Device:
    known = device is not None and device.community_id == community_id
    if device is None or not known or device.standing == Standing.RETIRED:
        raise _no_such_device()
    return device


def _no_such_device() -> NotFound:
    return NotFound("no_such_device", "没有找到该设备")


def stands_at(community_id: str, device_id: str, kind: Kind, place_id: str) -> bool:
    """Return whether this device of the community is of this kind and at this place."""
    device = remembered(device_id or "-")
    if device is None or device.standing == Standing.RETIRED:
        return False
    stands = (device.community_id, device.kind, device.place_id)
    return stands == (community_id, kind.value, place_id)


def device_at(community_id: str, place_id: str, kind: Kind) -> str | None:
    """Return the id of the device of a kind at a place, or None; retired ones stand nowhere."""
    found = Device.by_place.query(
        tenant_key(community_id, place_id), Device.kind == kind.value, limit=1
    )
    return next((device.device_id for device in found), None)


def device_by_serial(community_id: str, serial: str) -> Device | None:
    """Return the device of a community with a maker's serial number, or None; two reads."""
    claimed = DeviceSerial.find(serial_key(community_id, serial), consistent=False)
    device = remembered(claimed.device_id) if claimed else None
    return device if device is not None and device.community_id == community_id else None


def children(gateway_id: str) -> list[str]:
    """Return the ids of what speaks through a gateway, without the retired."""
    return [child.device_id for child in Device.by_gateway.query(gateway_id)]


def remembered(device_id: str) -> Device | None:
    """Return a device that may be `REMEMBERED_S` old: enough to check a signature by."""
    kept = _known.get(device_id)
    if kept is not None and clock.now() < kept[0]:
        return kept[1]
    return _keep(device_id, Device.find(device_id, consistent=False))


def reread(device: Device) -> Device:
    """Return a device as it is now, if it was not read within `REREAD_S`; else as it was.

    For a key id that nobody knows: a new key must serve at once, and who makes key ids up
    must not make us read for each.
    """
    kept = _known.get(device.device_id)
    young = timedelta(seconds=REMEMBERED_S - REREAD_S)
    if kept is not None and kept[0] - clock.now() > young:
        return kept[1]
    return _keep(device.device_id, Device.find(device.device_id)) or device


_known: OrderedDict[str, tuple[datetime, Device]] = OrderedDict()
_keeping = threading.Lock()
MOST_KNOWN = 4_096


def _keep(device_id: str, device: Device | None) -> Device | None:
    """Remember a device; what does not exist is not remembered, it may be enrolled now."""
    if device is None:
        return None
    with _keeping:
        _known[device_id] = clock.now() + timedelta(seconds=REMEMBERED_S), device
        _known.move_to_end(device_id)
        if len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return device


def key_of(device: Device, key_id: str) -> bytes | None:
    """Return a live secret key of a device, or None; a public key is none."""
    sealed: Any = device.keys.get(key_id)
    return _opened(sealed, f"{device.device_id}/{key_id}") if isinstance(sealed, str) else None


@lru_cache(maxsize=4_096)
def _opened(sealed: str, bound_to: str) -> bytes:
    return keyring.unseal(base64.b64decode(sealed), bound_to)
