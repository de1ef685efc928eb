"""A real MQTT 5 broker at `LINLI_COMMAND_BUS_URL`: one connection per process, Nagle off."""

import socket
import threading
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib.core.config import settings
from chalicelib.devices.events import Order

CONNECT_S = 2.0

_choosing = threading.Lock()
_current: list["_Line"] = []


class _Line:
    """One connection. It is never mended: what it had not delivered is lost with it.

    A client that reconnects would send what it kept, with a new life of its own, long after
    the command's end.
    """

    def __init__(self) -> None:
        import paho.mqtt.client as mqtt  # noqa: PLC0415 -- the vendor library
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415 -- as above

        self.up, self.settled, self.gone = (threading.Event() for _ in range(3))
        address = urlsplit(settings().command_bus_url)
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        self.client.username_pw_set(
            unquote(address.username or ""), unquote(address.password or "")
        )
        self.client.on_connect = self._connected
        self.client.on_disconnect = self._lost
        self.client.on_connect_fail = self._lost
        self.client.on_socket_open = _undelayed
        host, port = address.hostname or "127.0.0.1", address.port or 1883
        self.client.connect_async(host, port, keepalive=30)
        self.client.loop_start()

    def _connected(self, *_: Any) -> None:
        self.up.set()
        self.settled.set()

    def _lost(self, *_: Any) -> None:
        self.up.clear()
        self.gone.set()
        self.settled.set()


def carry(order: Order) -> None:
    """Publish a command; the device answers by a message of its own."""
    publish(order.topic, order.message, expiry_s=order.expiry_s)


def publish(topic: str, payload: bytes, *, expiry_s: int) -> None:
    """Publish one message that the broker drops after `expiry_s` seconds.

    Raises ConnectionError if the broker is out of reach: nothing is kept for later,
    because a command that waits is a command that comes too late.
    """
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 -- the vendor library
    from paho.mqtt.properties import Properties  # noqa: PLC0415 -- as above

    line = _line()
    if not line.settled.wait(CONNECT_S) or not line.up.is_set():
        raise ConnectionError("the MQTT broker is out of reach")
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = expiry_s
    line.client.publish(topic, payload, qos=1, retain=False, properties=properties)


def _line() -> _Line:
    """Return the process's connection, a new one if the last is gone."""
    with _choosing:  # two first calls at once must not make two connections
        if _current and _current[0].gone.is_set():
            _current.pop().client.loop_stop()
        if not _current:
            _current.append(_Line())
        return _current[0]


def _undelayed(_client: Any, _data: Any, connection: Any) -> None:
    """Switch Nagle's algorithm off: it costs 44 to 88 ms a round trip (DEVICES.md)."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
