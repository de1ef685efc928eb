"""By which way a device is commanded: the installation's bus, or a driver of its own."""

import base64
from dataclasses import dataclass
from types import ModuleType

from chalicelib.core import keyring
from chalicelib.core.config import settings
from chalicelib.core.errors import Unprocessable
from chalicelib.core.typed import adapter
from chalicelib.devices.drivers import DRIVERS
from chalicelib.devices.events import Connection
from chalicelib.devices.service.registry import Change, amend
from chalicelib.devices.tables.registry import Device


@dataclass(frozen=True)
class Connected:
    """How a device is commanded from now on; never its password."""

    device_id: str
    driver: str
    host: str | None = None
    port: int | None = None
    channel: int | None = None


def driver_name(device: Device) -> str:
    """Return which driver carries a device's commands."""
    return device.driver or settings().command_bus


def answers_at_once(device: Device) -> bool:
    """Return whether a device's driver brings the answer back with it.

    A bus publishes, and its devices answer by messages of their own.
    """
    name = driver_name(device)
    return name in DRIVERS.names and not is_bus(DRIVERS.load(name))


def is_bus(driver: ModuleType) -> bool:
    """Return whether a driver publishes to devices of our own protocol."""
    return hasattr(driver, "publish")


def connection_of(device: Device) -> Connection | None:
    """Return where a device is reached, opened; None for one on the bus."""
    if not device.address:
        return None
    sealed = base64.b64decode(device.address)
    opened = keyring.unseal(sealed, f"{device.device_id}/address")
    connection: Connection = adapter(Connection).validate_json(opened)
    return connection


def connect(
    community_id: str, device_id: str, driver: str, connection: Connection | None = None
) -> Connected:
    """Have a device's commands carried by a driver, from now on.

    The address is sealed with the password in it. Raises NotFound `no_such_device`,
    Unprocessable `unknown_driver`, `connection_required`, `connection_not_taken`,
    `address_not_an_ip` or `address_not_allowed`.
    """
    _require_possible(community_id, driver, connection)
    at = (connection.host, connection.port, connection.channel) if connection else ()
    connected = Connected(device_id, driver, *at)

    def change(device: Device) -> Change[Connected]:
        device.driver = driver
        device.address = _sealed(device_id, connection) if connection else None
        return Change(connected)

    return amend(community_id, device_id, change)


def _require_possible(community_id: str, driver: str, connection: Connection | None) -> None:
    known = _offered()
    if driver not in known:
        raise Unprocessable("unknown_driver", "没有这种指令通道", details={"known": known})
    plugin = DRIVERS.load(driver)
    if is_bus(plugin):
        if connection is not None:
            raise Unprocessable("connection_not_taken", "该指令通道不需要设备地址")
        return
    if connection is None:
        raise Unprocessable("connection_required", "该指令通道需要设备地址")
    if reason := plugin.refusal(connection, community_id):
        raise Unprocessable(reason, "设备地址不在允许访问的范围内")


def _offered() -> list[str]:
    """Return the drivers that reach a device by its address, and the installation's own bus.

    Another bus has nobody on it: what it was told would be lost without a word.
    """
    own = settings().command_bus
    return [name for name in DRIVERS.names if name == own or not is_bus(DRIVERS.load(name))]


def _sealed(device_id: str, connection: Connection) -> str:
    plain = adapter(Connection).dump_json(connection)
    return base64.b64encode(keyring.seal(plain, f"{device_id}/address")).decode()
