"""A real MQTT 5 broker at `LINLI_COMMAND_BUS_URL`: one connection per process, Nagle off."""

import socket
import threading
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib.core.config import settings

CONNECT_S = 2.0

_making = threading.Lock()


def publish(topic: str, payload: bytes, *, expiry_s: int) -> None:
    """Publish one message that the broker drops after `expiry_s` seconds.

    Raises ConnectionError if the broker is out of reach: nothing is kept for later,
    because a command that waits is a command that comes too late.
    """
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 -- the vendor library
    from paho.mqtt.properties import Properties  # noqa: PLC0415 -- as above

    with _making:  # two first calls at once must not make two connections
        client, connected = _client()
    if not connected.wait(CONNECT_S):
        raise ConnectionError("the MQTT broker is out of reach")
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = expiry_s
    client.publish(topic, payload, qos=1, retain=False, properties=properties)


@lru_cache(maxsize=1)
def _client() -> tuple[Any, threading.Event]:
    import paho.mqtt.client as mqtt  # noqa: PLC0415 -- the vendor library
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415 -- as above

    address, connected = urlsplit(settings().command_bus_url), threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set(unquote(address.username or ""), unquote(address.password or ""))
    client.on_connect = lambda *_: connected.set()
    client.on_disconnect = lambda *_: connected.clear()
    client.on_socket_open = _undelayed
    client.connect_async(address.hostname or "127.0.0.1", address.port or 1883, keepalive=30)
    client.loop_start()
    return client, connected


def _undelayed(_client: Any, _data: Any, connection: Any) -> None:
    """Switch Nagle's algorithm off: it costs 44 to 88 ms a round trip (DEVICES.md)."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
