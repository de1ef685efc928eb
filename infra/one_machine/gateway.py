"""API Gateway on one machine: WSGI in, REST proxy event to `app`, reply out.

Served by granian through `front`. It treats chunked bodies, binary types, unknown paths,
wrong methods, preflights and too large bodies as the gateway in front of the Lambdas does, so
that what a client learns here is true there. Thread-safe: nothing is kept between requests.
"""

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from chalicelib.core.payload import LARGEST_EVENT
from functions.manifest import FUNCTIONS
from functions.wakes import Function, Http
from infra.one_machine import rights
from infra.one_machine.invoke import LambdaContext

LARGEST_BODY = 10 * 1024 * 1024
"""API Gateway's limit (REST API quotas). As much again is read and dropped, to be polite."""

INFLATED = 6
"""How many bytes of JSON, at the most, one byte of a body becomes (`\\u0000`)."""

SET_BY_US = ("FORWARDED", "X_FORWARDED_", "X_REAL_IP", "X_AMZN_", "X_AMZ_CF_", "X_REQUEST_ID")
"""Headers that only a gateway may set: a client that sends them is not believed."""

HOP_BY_HOP = frozenset(
    {
        "CONNECTION",
        "KEEP_ALIVE",
        "PROXY",
        "PROXY_AUTHORIZATION",
        "PROXY_CONNECTION",
        "TE",
        "TRAILER",
        "TRANSFER_ENCODING",
        "UPGRADE",
    }
)
REASONS = {
    404: ("no_such_route", "接口不存在"),
    405: ("method_not_allowed", "这个接口不支持该请求方法"),
    413: ("request_too_large", "请求内容过大"),
}

SERVING = {
    wake.audience: function
    for function in FUNCTIONS
    for wake in function.wakes
    if isinstance(wake, Http)
}
OPEN = Function("open_api", ())
"""What is no audience's own is answered by each audience's function, and touches nothing."""

Environ = Mapping[str, Any]
Started = Callable[[str, list[tuple[str, str]]], Any]


class Gateway:
    """A WSGI application in front of a Chalice application."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.binary = frozenset(app.api.binary_types)
        # Literal segments sort before `{name}`, as the gateway prefers them.
        self.paths = [(_pattern(path), path) for path in sorted(app.routes, key=_literal_first)]

    def __call__(self, environ: Environ, start_response: Started) -> Iterable[bytes]:
        """Answer one request."""
        request_id = str(uuid.uuid4())
        reply = self._answer(environ, request_id)
        headers, body = _wire(reply, request_id)
        status = HTTPStatus(reply["statusCode"])
        start_response(f"{status.value} {status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer(self, environ: Environ, request_id: str) -> dict[str, Any]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        method = environ["REQUEST_METHOD"]
        resource, parameters = self._match(path)
        body = _body(environ)
        if body is None:
            return _problem(413, request_id)
        if resource is None:
            return _problem(404, request_id)
        views = self.app.routes[resource]
        if method == "OPTIONS":
            return _preflight(views)
        if method not in views:
            return _problem(405, request_id, {"Allow": ", ".join([*sorted(views), "OPTIONS"])})
        event = self._event(environ, path, body, request_id)
        event |= {"resource": resource, "pathParameters": parameters or None}
        event["requestContext"] |= {"resourcePath": resource}
        if len(body) > LARGEST_EVENT // (2 * INFLATED) and _size(event) > LARGEST_EVENT:
            return _problem(413, request_id)  # Lambda's refusal, which API Gateway hands on
        function = SERVING.get(resource.split("/")[1], OPEN)
        context = LambdaContext(function.name, 30, request_id)
        with rights.running(function):
            reply: dict[str, Any] = self.app(event, context)
        return reply

    def _match(self, path: str) -> tuple[str | None, dict[str, str]]:
        trimmed = path.rstrip("/") or "/"
        for pattern, resource in self.paths:
            if found := pattern.fullmatch(trimmed):
                return resource, found.groupdict()
        return None, {}

    def _event(self, environ: Environ, path: str, body: bytes, request_id: str) -> dict[str, Any]:
        headers = _headers(environ)
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        binary = bool(body) and (
            kind in self.binary or f"{kind.partition('/')[0]}/*" in self.binary
        )
        text = base64.b64encode(body).decode() if binary else body.decode("utf-8", "replace")
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        return {
            "path": path,
            "httpMethod": environ["REQUEST_METHOD"],
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": {name: of[-1] for name, of in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "stageVariables": None,
            "body": text or None,
            "isBase64Encoded": binary,
            "requestContext": {
                "requestId": request_id,
                "requestTimeEpoch": time.time_ns() // 1_000_000,
                "httpMethod": environ["REQUEST_METHOD"],
                "path": path,
                "stage": "local",
                "protocol": environ["SERVER_PROTOCOL"],
                "identity": {
                    "sourceIp": environ["REMOTE_ADDR"],
                    "userAgent": headers.get("User-Agent"),
                },
            },
        }


def _pattern(path: str) -> "re.Pattern[str]":
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _literal_first(path: str) -> list[tuple[bool, str]]:
    return [("{" in part, part) for part in path.split("/")]


def _headers(environ: Environ) -> dict[str, str]:
    """Return the headers that a client may set, and those that we set."""
    headers = {
        "Content-Type": environ.get("CONTENT_TYPE"),
        "Content-Length": environ.get("CONTENT_LENGTH"),
        "X-Forwarded-For": environ["REMOTE_ADDR"],
        "X-Forwarded-Proto": environ["wsgi.url_scheme"],
        "X-Forwarded-Port": str(environ["SERVER_PORT"]),
    }
    for name, value in environ.items():
        if name.startswith("HTTP_") and (header := _header(name)):
            headers[header] = value
    return {name: value for name, value in headers.items() if value}


@lru_cache(maxsize=1_024)
def _header(name: str) -> str:
    """Return a header's name on the wire, or nothing if a client may not send it."""
    bare = name.removeprefix("HTTP_")
    if bare in HOP_BY_HOP or bare.startswith(SET_BY_US):
        return ""
    return bare.replace("_", "-").title()


def _body(environ: Environ) -> bytes | None:
    """Return the body, or None if it is too large; read in either case."""
    if int(environ.get("CONTENT_LENGTH") or 0) > 2 * LARGEST_BODY:
        return None
    body: bytes = environ["wsgi.input"].read(2 * LARGEST_BODY)
    return body if len(body) <= LARGEST_BODY else None


def _size(event: Mapping[str, Any]) -> int:
    return len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())


def _preflight(views: Mapping[str, Any]) -> dict[str, Any]:
    """Answer OPTIONS as the mock integrations do: with the CORS headers of the routes."""
    headers = {"Allow": ", ".join([*sorted(views), "OPTIONS"])}
    for view in views.values():
        if view.cors:
            headers |= view.cors.get_access_control_headers()
            headers["Access-Control-Allow-Methods"] = headers["Allow"]
    return {"statusCode": 204, "headers": headers, "body": ""}


def _problem(
    status: int, request_id: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    code, message = REASONS[status]
    body = {"code": code, "message": message, "request_id": request_id}
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "Access-Control-Allow-Origin": "*",
            **(headers or {}),
        },
        "body": json.dumps(body, ensure_ascii=False),
    }


def _wire(reply: Mapping[str, Any], request_id: str) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and bytes of a proxy reply; multi-value headers win, as in the gateway."""
    several: Mapping[str, list[str]] = reply.get("multiValueHeaders") or {}
    taken = {name.lower() for name in several}
    single = (reply.get("headers") or {}).items()
    headers = [(name.lower(), str(value)) for name, value in single if name.lower() not in taken]
    headers += [(name.lower(), str(value)) for name, of in several.items() for value in of]
    if all(name != "x-request-id" for name, _ in headers):
        headers.append(("x-request-id", request_id))
    body = reply.get("body") or ""
    content = base64.b64decode(body) if reply.get("isBase64Encoded") else body.encode()
    return headers, content
