"""What granian calls: bodies are read in its event loop, requests are answered by threads.

So a client that begins a body and falls silent holds no thread; after `BODY_S` it is sent
away, as API Gateway does.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from infra.one_machine.gateway import LARGEST_BODY

THREADS = 32
"""Requests answered at a time: a tap may wait 2 s for its gate."""

BODY_S = 10.0

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Answer = tuple[int, list[tuple[str, str]], bytes]
TurnedAway = Callable[[Mapping[str, Any], bytes], Answer | None]


class Exchange(AsyncIterable[bytes], Protocol):
    """A request's body, and where its answer goes (RSGI's HTTP protocol)."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...  # noqa: D102 -- RSGI's


class Front:
    """An RSGI application in front of a WSGI one.

    `turned_away` may answer a request before any thread is taken for it.
    """

    def __init__(
        self, application: Wsgi, body_s: float = BODY_S, turned_away: TurnedAway = lambda *_: None
    ) -> None:
        self.application = application
        self.body_s = body_s
        self.turned_away = turned_away
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __rsgi__(self, scope: Any, exchange: Exchange) -> None:
        """Answer one request."""
        environ = _environ(scope)
        try:
            async with asyncio.timeout(self.body_s):
                body = await _body(environ, exchange)
        except TimeoutError:
            exchange.response_bytes(*_too_slow())
            return
        except RuntimeError:  # RSGIProtocolError: the client left before its body was here
            return
        if answer := self.turned_away(environ, body):
            exchange.response_bytes(*answer)
            return
        loop = asyncio.get_running_loop()
        exchange.response_bytes(*await loop.run_in_executor(self.pool, self._ask, environ, body))

    def _ask(self, environ: dict[str, Any], body: bytes) -> Answer:
        started: list[Any] = []
        given = {**environ, "wsgi.input": io.BytesIO(body)}
        content = b"".join(self.application(given, lambda *said: started.extend(said)))
        return int(started[0].split()[0]), started[1], content


def _environ(scope: Any) -> dict[str, Any]:
    """Return the request as WSGI has it, but for its body (PEP 3333).

    A header name with `_` is left out: it would pass for another one with `-`.
    """
    environ = {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_PORT": scope.server.rpartition(":")[2],
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.url_scheme": scope.scheme,
    }
    for header, value in scope.headers.items():
        if "_" not in header:
            name = header.replace("-", "_").upper()
            name = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
            environ[name] = f"{environ[name]},{value}" if name in environ else value
    return environ


async def _body(environ: dict[str, Any], exchange: AsyncIterable[bytes]) -> bytes:
    """Return the body, or what was read until it was too large for the gateway."""
    if int(environ.get("CONTENT_LENGTH") or 0) > 2 * LARGEST_BODY:
        return b""
    chunks, size = [], 0
    async for chunk in exchange:
        size += len(chunk)
        if size <= LARGEST_BODY + len(chunk):
            chunks.append(chunk)
        if size > 2 * LARGEST_BODY:
            break
    return b"".join(chunks)


def _too_slow() -> Answer:
    problem = {"code": "request_too_slow", "message": "请求内容发送超时"}
    headers = [("content-type", "application/json"), ("connection", "close")]
    return 408, headers, json.dumps(problem, ensure_ascii=False).encode()
