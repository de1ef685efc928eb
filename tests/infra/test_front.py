"""The front gives the gateway whole requests, and silent clients nobody's time."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from types import SimpleNamespace
from typing import Any

from infra.one_machine.front import Front
from infra.one_machine.gateway import LARGEST_BODY


class Exchange:
    """A request's body, chunk by chunk, and the answer."""

    def __init__(self, *chunks: bytes, then: float = 0.0, leaves: bool = False) -> None:
        self.chunks, self.then, self.leaves = chunks, then, leaves
        self.taken = 0
        self.answer: tuple[int, list[tuple[str, str]], bytes] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.taken += 1
            yield chunk
        await asyncio.sleep(self.then)
        if self.leaves:
            raise RuntimeError("disconnected")

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answer = (status, headers, body)


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("201 Created", [("x-a", "b")])
    said = {name: value for name, value in environ.items() if isinstance(value, str)}
    return [json.dumps(said | {"size": len(environ["wsgi.input"].read())}).encode()]


def ask(exchange: Exchange, *headers: tuple[str, str], path: str = "/") -> Any:
    scope = SimpleNamespace(
        method="POST",
        path=path,
        query_string="a=1",
        http_version="1.1",
        server="127.0.0.1:8000",
        client="127.0.0.1:4711",
        scheme="http",
        headers=SimpleNamespace(items=lambda: headers),
    )
    asyncio.run(Front(echo, body_s=0.1).__rsgi__(scope, exchange))
    return exchange.answer and json.loads(exchange.answer[2])


def test_a_request_arrives_whole():
    exchange = Exchange(b"ab", b"c")
    seen = ask(exchange, ("content-type", "text/x"), ("x-linli-device", "gate-1"), path="/东")
    assert exchange.answer is not None
    assert exchange.answer[:2] == (201, [("x-a", "b")])
    assert seen["size"] == 3
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/东"
    assert (seen["REMOTE_ADDR"], seen["SERVER_PORT"]) == ("127.0.0.1", "8000")
    assert (seen["CONTENT_TYPE"], seen["HTTP_X_LINLI_DEVICE"]) == ("text/x", "gate-1")


def test_a_header_that_comes_twice_is_believed_neither_time():
    seen = ask(Exchange(), ("x-a", "1"), ("x-a", "2"), ("x_a", "3"))
    assert seen["HTTP_X_A"] == "1,2"


def test_a_body_that_does_not_end_is_408():
    exchange = Exchange(b"{", then=5)
    assert ask(exchange)["code"] == "request_too_slow"
    assert exchange.answer is not None
    assert exchange.answer[0] == 408


def test_a_client_that_leaves_is_not_answered():
    assert ask(Exchange(b"{", leaves=True)) is None


def test_a_body_that_is_too_large_is_not_kept():
    megabyte = b"0" * 2**20
    exchange = Exchange(*[megabyte] * 64)
    assert LARGEST_BODY < ask(exchange)["size"] <= LARGEST_BODY + len(megabyte)
    assert exchange.taken <= 22
    announced = Exchange(megabyte)
    assert ask(announced, ("content-length", str(64 * len(megabyte))))["size"] == 0
    assert announced.taken == 0
