"""A relay between a device and its broker: sees every packet, cuts, lies and slips messages in.

The device connects to us as to the broker; bytes are passed on as they are. What we slip in is
of QoS 0, so that no packet id of the broker's is touched.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from tools.conformance.packets import (
    CONNACK,
    CONNECT,
    PUBLISH,
    SUBSCRIBE,
    NotMqttError,
    Publish,
    kind_of,
    packets,
    read_connect,
    read_publish,
    read_subscribe,
    write_publish,
)
from tools.conformance.seen import Admitted, Connected, Ended, Said, Subscribed, Told, Watch
from tools.conformance.upstream import Line, Upstream

ANY_PORT = ("127.0.0.1", 0)
CHUNK = 65_536

Lie = Callable[[Publish], bytes | None]
"""What the device gets to read instead of a message's payload; None leaves it as it came."""


@dataclass(slots=True)
class _Line:
    """One connection of the device and the one that we made for it."""

    number: int
    device: socket.socket
    broker: Line
    version: int = 5
    writing: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """End both abruptly, as a pulled cable does."""
        both: tuple[Line, Line] = (self.device, self.broker)
        for line in both:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


class BrokerRelay:
    """Listens for one device. `lie` changes what it is told, `shut` refuses its connections."""

    def __init__(
        self, upstream: Upstream, watch: Watch, listen: tuple[str, int] = ANY_PORT
    ) -> None:
        self.upstream, self.watch = upstream, watch
        self.lie: Lie | None = None
        self.shut = False
        self._lines = 0
        self._line: _Line | None = None
        self._door = socket.create_server(listen)
        self.address = (listen[0], int(self._door.getsockname()[1]))

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.close()
        self.cut()

    @property
    def connections(self) -> int:
        """How often the device has connected."""
        return self._lines

    def cut(self) -> None:
        """End the device's connection abruptly; the broker publishes its last will."""
        if self._line is not None:
            self._line.close()

    def slip(self, topic: str, payload: bytes, *, retained: bool = False) -> bool:
        """Hand the device a message as if the broker did; False if it is not connected."""
        line = self._line
        if line is None:
            return False
        packet = write_publish(topic, payload, line.version, retained=retained)
        try:
            self._hand(line, packet)
        except OSError:
            return False
        self.watch.add(Told(line.number, read_publish(packet, line.version)))
        return True

    # -- passing on ----------------------------------------------------------------------------

    def _listen(self) -> None:
        while True:
            try:
                device, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(device,), daemon=True).start()

    def _serve(self, device: socket.socket) -> None:
        """Join the device with the broker until one of them leaves."""
        if self.shut:
            device.close()
            return
        try:
            broker = self.upstream.connect()
        except OSError as failure:
            self.watch.notes.append(f"the broker is out of reach: {failure}")
            device.close()
            return
        device.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines += 1
        line = self._line = _Line(self._lines, device, broker)
        threading.Thread(target=self._down, args=(line,), daemon=True).start()
        self._up(line)
        line.close()
        self.watch.add(Ended(line.number))

    def _up(self, line: _Line) -> None:
        held = bytearray()
        with contextlib.suppress(OSError, NotMqttError):
            while received := line.device.recv(CHUNK):
                held += received
                for packet in packets(held):
                    self._look_up(line, packet)
                    line.broker.sendall(packet)

    def _down(self, line: _Line) -> None:
        held = bytearray()
        with contextlib.suppress(OSError, NotMqttError):
            while received := line.broker.recv(CHUNK):
                held += received
                for packet in packets(held):
                    self._hand(line, self._look_down(line, packet))
        line.close()

    def _hand(self, line: _Line, packet: bytes) -> None:
        with line.writing:
            line.device.sendall(packet)

    def _look_up(self, line: _Line, packet: bytes) -> None:
        kind = kind_of(packet)
        if kind == CONNECT:
            asked = read_connect(packet)
            line.version = asked.version
            self.watch.add(Connected(line.number, asked))
        elif kind == SUBSCRIBE:
            self.watch.add(Subscribed(line.number, read_subscribe(packet, line.version)))
        elif kind == PUBLISH:
            self.watch.add(Said(line.number, read_publish(packet, line.version)))

    def _look_down(self, line: _Line, packet: bytes) -> bytes:
        """Return the packet that the device gets instead: mostly the same."""
        kind = kind_of(packet)
        if kind == CONNACK:
            self.watch.add(Admitted(line.number, packet[3]))
        if kind != PUBLISH:
            return packet
        message = read_publish(packet, line.version)
        other = self.lie(message) if self.lie else None
        if other is not None:
            packet = message.with_payload(other)
            message = read_publish(packet, line.version)
        self.watch.add(Told(line.number, message))
        return packet
