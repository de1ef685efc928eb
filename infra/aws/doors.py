"""Two doors to ministack for what it does not speak itself; both carry bytes, unread.

`Broker`: its MQTT broker speaks WebSocket, our simulated devices plain TCP as at any broker.
`Door`: buckets and queues refuse plain HTTP (`aws:SecureTransport`), and ministack without a
certificate hears nothing else; the door says of each request that it came by TLS, as the load
balancer in front of such a service does.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Coroutine
from typing import Any, Self

import websockets

LARGEST_HEAD = 64 * 1024
CONNECTION = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)


class Relay:
    """A loopback port whose connections are carried elsewhere, in a thread of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._held: set[asyncio.Task[Any] | None] = set()
        """Open connections: the loop itself holds its tasks weakly, and they would be collected."""

    def __enter__(self) -> Self:
        """Listen on loopback."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._welcome, "127.0.0.1", self.port, limit=LARGEST_HEAD),
            self._loop,
        ).result(5)
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection, then the loop."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _end(self) -> None:
        while open_still := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in open_still:
                task.cancel()
            await asyncio.wait(open_still, timeout=1)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held.add(asyncio.current_task())
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.IncompleteReadError, websockets.WebSocketException):
            pass  # either side may leave at any time
        finally:
            writer.close()
            self._held.discard(asyncio.current_task())

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class Broker(Relay):
    """MQTT over TCP outside, MQTT over WebSocket inside."""

    def __init__(self, inner: int, name: str) -> None:
        super().__init__()
        self._inner = inner
        self._name = name

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with websockets.connect(
            self._name,
            host="127.0.0.1",
            port=self._inner,
            subprotocols=[websockets.Subprotocol("mqtt")],
            proxy=None,
            close_timeout=0.2,
        ) as inner:

            async def upward() -> None:
                while sent := await reader.read(LARGEST_HEAD):
                    await inner.send(sent)

            async def downward() -> None:
                async for said in inner:
                    writer.write(said if isinstance(said, bytes) else said.encode())
                    await writer.drain()

            await _first_of(upward(), downward())


class Door(Relay):
    """HTTP outside and inside; one request a connection, marked as having come by TLS."""

    def __init__(self, inner: int) -> None:
        super().__init__()
        self._inner = inner

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        request, _, headers = CONNECTION.sub(b"", head).partition(b"\r\n")
        inward, outward = await asyncio.open_connection("127.0.0.1", self._inner)
        outward.write(request + b"\r\nx-forwarded-proto: https\r\nconnection: close\r\n" + headers)
        try:
            await _first_of(_pump(reader, outward), _pump(inward, writer), last=1)
        finally:
            outward.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while said := await reader.read(LARGEST_HEAD):
        writer.write(said)
        await writer.drain()


async def _first_of(*ways: Coroutine[Any, Any, None], last: int | None = None) -> None:
    """Run both ways until the first ends, or until that of index `last` does."""
    pumps = [asyncio.create_task(way) for way in ways]
    waited = pumps if last is None else [pumps[last]]
    try:
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
