"""Use cases of gates: which ones a flat's people reach, who stands at one, what staff set."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.access.rules import gates as rules
from chalicelib.access.rules.gates import Near, Proof, Setting
from chalicelib.access.service import sight
from chalicelib.access.tables.gates import ESTATE, GateSetting, effective
from chalicelib.core import clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.paths import within
from chalicelib.core.reading import Wish, at_once
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity


@dataclass(frozen=True)
class GateView:
    """A door that the caller's flats reach; `online` is None if it never said anything."""

    device_id: str
    name: str
    kind: devices.Kind
    opens: bool
    online: bool | None
    unit_ids: list[str]


@dataclass(frozen=True)
class Gates:
    """The doors from the street to the caller's flats."""

    items: list[GateView]


@dataclass(frozen=True)
class SettingView:
    """What staff set for a gate, or for all of the estate (`device_id` None)."""

    device_id: str | None
    latitude: float | None
    longitude: float | None
    radius_m: int
    suffices: list[Proof]
    set_by: str
    set_at: datetime


@dataclass(frozen=True)
class Settings:
    """One page of settings."""

    items: list[SettingView]
    next: str | None


@dataclass(frozen=True)
class Gate:
    """A door of the caller's estate with all that decides on an opening, and what was read too."""

    door: devices.Door
    setting: Setting
    flat_path: str
    more: Sequence[Any] = ()


def gate_of(caller: Caller, device_id: str, unit_id: str, *more: Wish) -> Gate:
    """Return a door that opens and serves a flat of the caller's estate; one read.

    Raises NotFound `no_such_device`, `no_such_unit`, Unprocessable `not_a_gate`,
    `gate_elsewhere`.
    """
    community_id = caller.community_id
    device, health, own, estate, flat, *rest = at_once(
        *devices.door_wishes(community_id, device_id),
        Wish(GateSetting, community_id, device_id),
        Wish(GateSetting, community_id, ESTATE),
        identity.flat_wish(community_id, unit_id),
        *more,
    )
    door = devices.door_of(community_id, device, health)
    path = identity.flat_path(flat)
    if path is None:
        raise NotFound("no_such_unit", "没有找到该房屋")
    if door.op is None:
        raise Unprocessable("not_a_gate", "该设备不是可以开启的门")
    if not within(path, door.path):
        raise Unprocessable("gate_elsewhere", "该门不通往这套房屋")
    return Gate(door, effective(own, estate), path, rest)


def require_near(gate: Gate, near: Near, at: datetime) -> Proof:
    """Return how somebody showed that they stand at a gate.

    A code that counts is enough where codes suffice; else the location is looked at. Raises
    Unprocessable with a code of `rules.REFUSALS`.
    """
    refusals = list[str]()
    for proof, given in ((Proof.CODE, bool(near.code)), (Proof.LOCATION, near.location)):
        if not given:
            continue
        reason = _refusal(gate, proof, near, at)
        if reason is None:
            return proof
        refusals.append(reason)
    reason = refusals[0] if refusals else "near_required"
    raise Unprocessable(reason, rules.REFUSALS[reason], details={"takes": _taken(gate.setting)})


def _refusal(gate: Gate, proof: Proof, near: Near, at: datetime) -> str | None:
    if proof not in gate.setting.suffices:
        return "near_not_taken"
    if proof is Proof.LOCATION:
        assert near.location is not None
        return rules.location_refusal(near.location, gate.setting)
    code = rules.code_in(near.code)
    reason = rules.code_refusal(code, gate.door.device_id, at)
    if reason is not None:
        return reason
    assert code is not None
    return None if devices.shows(gate.door, code.content, code.tag) else "bad_code"


def _taken(setting: Setting) -> list[str]:
    return sorted(proof.value for proof in setting.suffices)


def gates(caller: Caller) -> Gates:
    """Return the doors that the caller's flats reach, the outermost first."""
    community_id = caller.community_id
    units = identity.units_of(community_id, caller.subject_id)
    flats = at_once(*(identity.flat_wish(community_id, unit_id) for unit_id in units))
    paths = {
        unit_id: path
        for unit_id, flat in zip(units, flats, strict=True)
        if (path := identity.flat_path(flat))
    }
    items = [
        GateView(
            door.device_id,
            door.name,
            door.kind,
            door.op is not None,
            door.online,
            [unit_id for unit_id, path in paths.items() if within(path, door.path)],
        )
        for door in devices.doors_at(community_id, paths.values())
    ]
    return Gates(items)


# -- what staff set ----------------------------------------------------------------------------


def settings(caller: Caller, *, limit: int, after: str | None) -> Settings:
    """Return one page of what is set in the caller's part of the estate; one read.

    What holds for all gates of the estate holds for those of a part as well.
    """
    rows, following = cursor.page(
        GateSetting.query,
        caller.community_id,
        filter_condition=sight.filter_of(caller, GateSetting.path),
        listing=f"gate-settings/{caller.community_id}/{caller.node_path}",
        limit=limit,
        after=after,
    )
    return Settings([_view(row) for row in rows], following)


def set_gate(caller: Caller, device_id: str, setting: Setting) -> SettingView:
    """Say where a gate stands and which proof of being there suffices.

    Raises NotFound `no_such_device`.
    """
    wishes = devices.door_wishes(caller.community_id, device_id)
    door = devices.door_of(caller.community_id, *at_once(*wishes))
    if not sight.sees(caller, door.path):
        raise NotFound("no_such_device", "没有找到该设备")
    return _keep(caller, device_id, setting, door.path)


def set_estate(caller: Caller, setting: Setting) -> SettingView:
    """Say what holds for gates without a setting of their own; staff of a part set none.

    Raises NotFound `no_such_community`.
    """
    if not caller.has_whole_estate:
        raise NotFound("no_such_community", "没有找到该小区")
    return _keep(caller, ESTATE, setting)


def _keep(caller: Caller, device_id: str, setting: Setting, path: str = "") -> SettingView:
    row = GateSetting.find(caller.community_id, device_id) or GateSetting(
        community_id=caller.community_id, device_id=device_id
    )
    row.latitude, row.longitude = setting.latitude, setting.longitude
    row.radius_m, row.suffices = setting.radius_m, {one.value for one in setting.suffices}
    row.path = path or None
    row.set_by, row.set_at = caller.subject_id, clock.epoch_ms(clock.now())
    shown = _view(row)
    outbox.commit(row, answer=shown)
    return shown


def _view(row: GateSetting) -> SettingView:
    return SettingView(
        device_id=None if row.device_id == ESTATE else row.device_id,
        latitude=None if row.latitude is None else float(row.latitude),
        longitude=None if row.longitude is None else float(row.longitude),
        radius_m=int(row.radius_m),
        suffices=sorted(Proof(one) for one in row.suffices or Proof),
        set_by=row.set_by,
        set_at=clock.from_epoch_ms(int(row.set_at)),
    )
