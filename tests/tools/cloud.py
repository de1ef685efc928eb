"""The cloud's side of the device protocol, small enough to send what the real one never would."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tools.simulate.estate import Device
from tools.simulate.mqtt_device import Broker, without_delay
from tools.simulate.signing import BadSignature, DeviceKey, Json, envelope, opened


def now_ms() -> int:
    """Cloud epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Cloud:
    """Answers hellos with the time, sends commands, keeps verified and refused acknowledgements."""

    def __init__(self, broker: Broker, device: Device) -> None:
        """Serve one device."""
        self.broker = broker
        self.device = device
        self.key = device.key
        self.session = ""
        self.acks: list[Json] = []
        self.raw_acks: list[bytes | bytearray] = []
        self.tells_time = True
        self._connected = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_socket_open = without_delay
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._connected.set()

    def __enter__(self) -> Self:
        """Connect and subscribe."""
        self._client.connect(self.broker.host, self.broker.port)
        self._client.subscribe([(self._topic("hello"), 1), (self._topic("ack"), 1)])
        self._client.loop_start()
        assert self._connected.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def command(
        self, op: str = "gate.open", *, ttl_ms: int = 5000, session: str | None = None
    ) -> Json:
        """Make a command message for the announced session."""
        now = now_ms()
        return {
            "id": f"cmd-{time.time_ns()}",
            "op": op,
            "args": {},
            "iat": now,
            "exp": now + ttl_ms,
            "session": self.session if session is None else session,
            "by": "test",
        }

    def send(
        self, message: Json, *, expiry_s: int | None = None, key: DeviceKey | None = None
    ) -> str:
        """Sign and publish; `expiry_s` is the broker's message expiry, none if not given."""
        properties = Properties(PacketTypes.PUBLISH)
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        self._publish("cmd", envelope(key or self.key, message), properties)
        return str(message["id"])

    def result(self, command_id: str) -> str | None:
        """The verified result of a command so far."""
        return next((ack["result"] for ack in self.acks if ack["id"] == command_id), None)

    def _topic(self, leaf: str) -> str:
        return f"linli/v1/{self.device.community_id}/{self.device.id}/{leaf}"

    def _publish(self, leaf: str, payload: str, properties: Properties | None = None) -> None:
        self._client.publish(
            self._topic(leaf), payload, qos=1, properties=properties
        ).wait_for_publish(5)

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        if message.topic.endswith("/ack"):
            self.raw_acks.append(message.payload)
            with suppress(BadSignature):
                self.acks.append(opened(self.key, message.payload))
            return
        hello = opened(self.key, message.payload)
        self.session = hello["session"]
        if self.tells_time:
            answer = {
                "cloud": now_ms(),
                "monotonic": hello["monotonic"],
                "session": hello["session"],
            }
            self._client.publish(self._topic("time"), envelope(self.key, answer), qos=1)
