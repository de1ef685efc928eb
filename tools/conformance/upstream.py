"""The deployment's broker: plain, or behind TLS that asks for a certificate, as AWS IoT does."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Protocol

CONNECT_S = 10.0
LOOK_S = 1.0


class Line(Protocol):
    """What of a socket is used: one thread reads it, others write."""

    def recv(self, most: int, /) -> bytes:
        """Return what has come; nothing at the end."""

    def sendall(self, content: bytes, /) -> None:
        """Send all of it."""

    def shutdown(self, how: int, /) -> None:
        """End both directions."""

    def close(self) -> None:
        """Give it back."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the broker is; `tls` if it is reached by TLS."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    def connect(self) -> Line:
        """Connect; raises OSError."""
        line = socket.create_connection((self.host, self.port), timeout=CONNECT_S)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is not None:
            return _Sealed(self.tls.wrap_socket(line, server_hostname=self.host))
        line.settimeout(None)
        return line


class _Sealed:
    """A TLS connection between two threads: OpenSSL's may not be read and written at once."""

    def __init__(self, line: ssl.SSLSocket) -> None:
        line.setblocking(False)
        self._line, self._using = line, threading.Lock()

    def recv(self, most: int) -> bytes:
        """Return what has come; raises OSError when it was closed here."""
        while True:
            with self._using:
                try:
                    return self._line.recv(most)
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
            self._wait(read=True)

    def sendall(self, content: bytes) -> None:
        """Send all of it; raises OSError."""
        left = memoryview(content)
        while left:
            with self._using:
                try:
                    left = left[self._line.send(left) :]
                    continue
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
            self._wait(read=False)

    def _wait(self, *, read: bool) -> None:
        line = [self._line]
        try:
            select.select(line if read else [], [] if read else line, [], LOOK_S)
        except ValueError as closed:
            raise OSError("closed") from closed

    def shutdown(self, how: int) -> None:
        """End both directions."""
        self._line.shutdown(how)

    def close(self) -> None:
        """Give it back."""
        self._line.close()
