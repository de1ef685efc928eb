"""Through which gateways devices may speak, and who is counted behind them."""

from chalicelib.core import outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.service.registry import is_gateway, seen_by
from chalicelib.devices.tables.registry import Device


def require_usable(caller: Caller, kind: Kind, gateway_id: str) -> None:
    """Raise NotFound `no_such_gateway` for one that the caller does not see.

    Raises Unprocessable `gateway_behind_gateway`: gateways speak for devices, never for each
    other, and so there are no circles.
    """
    if gateway_id and kind is Kind.GATEWAY:
        raise Unprocessable("gateway_behind_gateway", "网关不能通过另一个网关接入")
    if gateway_id and not is_seen(caller, gateway_id):
        raise NotFound("no_such_gateway", "没有找到该网关")


def is_seen(caller: Caller, gateway_id: str) -> bool:
    """Return whether a gateway is on record where a caller may look."""
    try:
        seen_by(caller, gateway_id)
    except NotFound:
        return False
    return True


def require_gateway(community_id: str, gateway_id: str) -> None:
    """Raise NotFound `no_such_gateway` for an id, if there is one, of no gateway in service."""
    if gateway_id and not is_gateway(community_id, gateway_id):
        raise NotFound("no_such_gateway", "没有找到该网关")


def joining(community_id: str, gateway_id: str, devices: int = 1) -> outbox.Given:
    """Return that a gateway is in service as devices come under it, and is counted on by them."""
    in_service = (
        (Device.community_id == community_id)
        & (Device.kind == Kind.GATEWAY.value)
        & (Device.standing == Standing.IN_SERVICE.value)
    )
    return outbox.Given(Device, gateway_id, None, in_service, (Device.children.add(devices),))


def leaving(gateway_id: str) -> outbox.Given:
    """Return that a gateway has one device less."""
    known = Device.device_id.exists()
    return outbox.Given(Device, gateway_id, None, known, (Device.children.add(-1),))
