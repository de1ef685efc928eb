"""The demo's devices put in place, through the use cases that a real estate's are."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from chalicelib.core import keyring
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.devices import public as devices
from chalicelib.devices.schemas.adapters import AdapterSettings
from chalicelib.devices.service import attaching
from chalicelib.identity import public as identity
from infra.one_machine.demo_devices import Installed


def ensure(community_id: str, installed: Iterable[Installed]) -> None:
    """Enrol what is missing, and let it be heard; the estate's rooms must be there.

    Whatever a run that was killed half-way has made is left alone.
    """
    wanted = list(installed)
    paths = identity.paths_of(community_id, {one.spot for one in wanted})
    for one in wanted:
        if devices.account(one.device_id) is None:
            with suppress(Conflict):
                _enrol(community_id, one, paths[one.spot])
        if one.adapter:
            _hear_vendor(community_id, one)


def shown(one: Installed) -> dict[str, Any]:
    """Return what demo.json says of a device; its vendor posts to `adapter_path`."""
    known = devices.account(one.device_id)
    assert known is not None, one.device_id
    path = f"/device/adapters/{one.adapter}/{one.device_id}/{_vendor_token(one.device_id)}"
    return {
        "id": one.device_id,
        "kind": known.kind,
        "key_id": known.key_id,
        "key": known.key,
        "community_id": known.community_id,
        "place_id": known.place_id,
        "mqtt_user": one.device_id,
        "gateway_id": one.gateway_id,
        "serial": one.hardware.serial,
        "adapter": one.adapter,
        "adapter_path": path if one.adapter else "",
        "adapter_settings": one.settings,
    }


def _enrol(community_id: str, one: Installed, node_path: str) -> None:
    devices.enrol(
        community_id,
        one.kind,
        place_id=one.place_id,
        name=one.name,
        device_id=one.device_id,
        node_path=node_path,
        gateway_id=one.gateway_id,
        hardware=one.hardware,
    )


def _hear_vendor(community_id: str, one: Installed) -> None:
    """Let a device speak its vendor's format, at an address that lasts."""
    try:
        attaching.attachment(community_id, one.device_id)
    except NotFound:
        settings = AdapterSettings.model_validate(one.settings)
        wish = devices.AdapterWish(one.adapter, settings, token=_vendor_token(one.device_id))
        devices.attach(community_id, one.device_id, wish)


def _vendor_token(device_id: str) -> str:
    """Return the token of a demo device's vendor address, the same at every start."""
    return keyring.derived(f"demo-adapter/{device_id}").hex()[:32]
