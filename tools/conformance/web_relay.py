"""A relay between a device and the HTTP address of its deployment: sees requests, plays outages."""

from __future__ import annotations

import http.client
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from tools.conformance.seen import EVENTS, Json, Posted, Watch

ANY_PORT = ("127.0.0.1", 0)
TIMEOUT_S = 15.0
LOST, BUSY = "answer lost", "too many events"
"""Tricks: the answer never comes; the deployment seems to have too much to do."""

BUSY_S = 2
MOST_BODY = 12 * 1024 * 1024
NOT_PASSED_ON = frozenset({"host", "connection", "keep-alive", "transfer-encoding"})


class WebRelay:
    """Listens for one device; `tricks` are played on its next messages, one on each."""

    def __init__(self, base_url: str, watch: Watch, listen: tuple[str, int] = ANY_PORT) -> None:
        self.upstream, self.watch = urlsplit(base_url), watch
        self.tricks: deque[str] = deque()
        self._server = _Server(listen, _Handler)
        self._server.relay = self
        self.url = f"http://{listen[0]}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def passed_on(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send a request on and return the answer; raises OSError or HTTPException."""
        made: type[http.client.HTTPConnection] = http.client.HTTPConnection
        if self.upstream.scheme == "https":
            made = http.client.HTTPSConnection
        with closing(made(self.upstream.netloc, timeout=TIMEOUT_S)) as line:
            target = self.upstream.path.rstrip("/") + path
            line.putrequest(method, target, skip_accept_encoding=True)
            kept = {name: text for name, text in headers.items() if name not in NOT_PASSED_ON}
            for name, text in (kept | {"content-length": str(len(body))}).items():
                line.putheader(name, text)
            line.endheaders(body)
            answer = line.getresponse()
            return answer.status, answer.getheaders(), answer.read()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    relay: WebRelay


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        relay = self.server.relay
        headers = {name.lower(): text for name, text in self.headers.items()}
        body = b"".join(self._body(headers))
        path = self.path.partition("?")[0]
        trick = relay.tricks.popleft() if relay.tricks and path == EVENTS else ""
        if trick == BUSY:
            told = {"code": "too_many_events", "message": "设备上报过于频繁，请稍后再试"}
            relay.watch.add(Posted(path, headers, body, 429, told, trick))
            self._answer(429, [("retry-after", str(BUSY_S))], json.dumps(told).encode())
            return
        try:
            status, given, content = relay.passed_on(self.command, self.path, headers, body)
        except (OSError, http.client.HTTPException) as failure:
            relay.watch.notes.append(f"the deployment did not answer: {failure!r}")
            status, given, content = 502, [], b""
        if trick == LOST:
            relay.watch.add(Posted(path, headers, body, status, _object(content), trick))
            self.close_connection = True
            return
        relay.watch.add(Posted(path, headers, body, status, _object(content)))
        self._answer(status, given, content)

    do_PUT = do_GET = do_POST  # noqa: N815 -- the names that http.server looks for

    def _body(self, headers: dict[str, str]) -> Iterator[bytes]:
        """Yield the body, whether its length stands before it or before each chunk (RFC 9112)."""
        if "chunked" not in headers.get("transfer-encoding", ""):
            yield self.rfile.read(min(int(headers.get("content-length") or 0), MOST_BODY))
            return
        while size := int(self.rfile.readline(20).partition(b";")[0] or b"0", 16):
            yield self.rfile.read(min(size, MOST_BODY))
            self.rfile.readline(2)
        self.rfile.readline(2)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, text in headers:
            if name.lower() not in NOT_PASSED_ON | {"content-length"}:
                self.send_header(name, text)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the report does."""


def _object(content: bytes) -> Json:
    try:
        told = json.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
