"""The MQTT packets that a relay must understand: CONNECT, PUBLISH, SUBSCRIBE (MQTT 5 and 3.1.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

CONNECT, CONNACK, PUBLISH, SUBSCRIBE, SUBACK = 1, 2, 3, 8, 9
MQTT5 = 5
LONGEST = 1_048_576
"""Bytes of one packet; a device that sends more is cut off."""


class NotMqttError(ValueError):
    """The bytes are no MQTT."""


@dataclass(frozen=True, slots=True)
class Connect:
    """What a device asks for when it connects; `expiry_s` is how long its session is kept."""

    client_id: str
    version: int
    clean: bool
    keepalive_s: int
    expiry_s: int
    will_topic: str
    will: bytes
    will_retained: bool


@dataclass(frozen=True, slots=True)
class Publish:
    """A message; `head` is what stands between topic and payload: packet id and properties."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    head: bytes
    flags: int

    def with_payload(self, payload: bytes) -> bytes:
        """Return the packet with another payload, and all else as it came."""
        return _packet(PUBLISH, self.flags, _text(self.topic) + self.head + payload)


def packets(held: bytearray) -> Iterator[bytes]:
    """Take the whole packets off the front of what has come; raises NotMqttError."""
    while (length := _whole(held)) and len(held) >= length:
        yield bytes(held[:length])
        del held[:length]


def kind_of(packet: bytes) -> int:
    """Return which packet it is (MQTT 5, 2.1.2)."""
    return packet[0] >> 4


def read_connect(packet: bytes) -> Connect:
    """Read a CONNECT packet; raises NotMqttError."""
    body = _Body(packet)
    try:
        body.binary()
        version, flags = body.take(1)[0], body.take(1)[0]
        keepalive_s = body.number()
        asked = body.properties(PacketTypes.CONNECT) if version == MQTT5 else None
        client_id = body.binary().decode()
        if flags & 0x04 and version == MQTT5:
            body.properties(PacketTypes.WILLMESSAGE)
        will_topic, will = (body.binary().decode(), body.binary()) if flags & 0x04 else ("", b"")
    except (IndexError, struct.error, UnicodeDecodeError, MalformedPacket) as failure:
        raise NotMqttError("a CONNECT packet that cannot be read") from failure
    expiry = getattr(asked, "SessionExpiryInterval", 0) if asked else 0
    clean, retained = bool(flags & 0x02), bool(flags & 0x20)
    return Connect(client_id, version, clean, keepalive_s, expiry, will_topic, will, retained)


def read_publish(packet: bytes, version: int) -> Publish:
    """Read a PUBLISH packet; raises NotMqttError."""
    body, flags = _Body(packet), packet[0] & 0x0F
    qos = flags >> 1 & 3
    try:
        topic = body.binary().decode()
        began = body.at
        if qos:
            body.number()
        if version == MQTT5:
            body.properties(PacketTypes.PUBLISH)
    except (IndexError, struct.error, UnicodeDecodeError, MalformedPacket) as failure:
        raise NotMqttError("a PUBLISH packet that cannot be read") from failure
    head = body.packet[began : body.at]
    return Publish(topic, body.packet[body.at :], qos, bool(flags & 1), head, flags)


def read_subscribe(packet: bytes, version: int) -> dict[str, int]:
    """Return the filters that a SUBSCRIBE packet asks for, each with its greatest QoS."""
    body, asked = _Body(packet), dict[str, int]()
    try:
        body.number()
        if version == MQTT5:
            body.properties(PacketTypes.SUBSCRIBE)
        while body.at < len(packet):
            name = body.binary().decode()
            asked[name] = body.take(1)[0] & 3
    except (IndexError, struct.error, UnicodeDecodeError, MalformedPacket) as failure:
        raise NotMqttError("a SUBSCRIBE packet that cannot be read") from failure
    return asked


def write_publish(topic: str, payload: bytes, version: int, *, retained: bool = False) -> bytes:
    """Return a PUBLISH packet of QoS 0, which needs no packet id of the broker's."""
    none = b"\x00" if version == MQTT5 else b""
    return _packet(PUBLISH, int(retained), _text(topic) + none + payload)


class _Body:
    """A packet behind its fixed header, read from front to back."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.at = 1
        while packet[self.at] & 0x80:
            self.at += 1
        self.at += 1

    def take(self, length: int) -> bytes:
        taken = self.packet[self.at : self.at + length]
        if len(taken) < length:
            raise IndexError(length)
        self.at += length
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(2))

    def binary(self) -> bytes:
        return self.take(self.number())

    def properties(self, of: int) -> Properties:
        found = Properties(of)
        _, length = found.unpack(self.packet[self.at :])
        self.at += length
        return found


def _whole(held: bytearray) -> int:
    """Return the length of the first packet with its header, 0 while that is not known."""
    length, shift = 0, 0
    for place, byte in enumerate(held[1:5], start=1):
        length |= (byte & 0x7F) << shift
        if not byte & 0x80:
            if length > LONGEST:
                raise NotMqttError(f"a packet of {length} bytes")
            return 1 + place + length
        shift += 7
    if len(held) >= 5:
        raise NotMqttError("a packet without a length")
    return 0


def _packet(kind: int, flags: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([kind << 4 | flags, *length]) + body


def _text(words: str) -> bytes:
    written = words.encode()
    return len(written).to_bytes(2) + written
