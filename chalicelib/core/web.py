"""The HTTP layer: one decorator that parses, authorises, answers and documents a view.

Chalice is the router only. Its middleware sees finished replies and its authoriser scopes
are never enforced, so everything that may refuse a request is done here.
"""

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chalice.app import Blueprint, CORSConfig, Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from chalicelib.core import auth, context, ids, once
from chalicelib.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Refusal,
    TooMany,
    Unavailable,
)
from chalicelib.core.logs import logger

OPEN, DEVICE = "open", "device"
PEOPLE = ("resident", "property", "committee", "government")
"""A path's first segment names its audience; people come with tokens, devices with signatures."""

_request: ContextVar[Request] = ContextVar("request")
KEY_PATTERN = r"^[A-Za-z0-9_.:-]{8,64}$"
"""An idempotency key: chosen by the client, one per intended effect."""

_KEY = re.compile(KEY_PATTERN)
_JSON = {"Content-Type": "application/json"}
_CORS = CORSConfig(allow_headers=["Idempotency-Key"], max_age=600)
_DEVICE_TYPES = [
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
]

ROUTES: list["Route"] = []
"""Every route of the running app, for the OpenAPI documents and the permission tests."""


@dataclass(frozen=True)
class Raw:
    """A request as it came, for views that verify a signature over its bytes."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Route:
    """One operation: where, for whom, and what its view takes and gives."""

    method: str
    path: str
    audience: str
    permission: str | None
    view: Callable[..., Any]
    reply: type[BaseModel]
    once: bool = False
    then: Callable[[Any], Any] | None = None
    pending: Callable[[Any], bool] | None = None
    documents: type[BaseModel] | None = None
    takes: Mapping[str, Any] = field(default_factory=dict)


class Router:
    """The routes of one domain; `blueprint` is what `app.py` registers."""

    def __init__(self, name: str) -> None:
        self.blueprint = Blueprint(name)

    def get(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a view that changes nothing; options are those of `Route`."""
        return self._declare("GET", path, options)

    def post(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a view that acts; `once=True` demands an Idempotency-Key."""
        return self._declare("POST", path, options)

    def _declare(
        self, method: str, path: str, options: dict[str, Any]
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def wrap(view: Callable[..., Any]) -> Callable[..., Any]:
            takes = inspect.get_annotations(view, eval_str=True)
            audience = options.pop("audience", path.split("/")[1])
            permission = options.pop("permission", None)
            if audience in PEOPLE and permission is None:
                raise TypeError(f"{method} {path} names no permission")
            route = Route(method, path, audience, permission, view, takes=takes, **options)
            ROUTES.append(route)
            self.blueprint.route(
                path,
                methods=[method],
                name=f"{method} {path}",
                cors=_CORS if audience in PEOPLE else None,
                content_types=_DEVICE_TYPES if audience == DEVICE else ["application/json"],
            )(_served(route))
            return view

        return wrap


def remember_request(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Keep the request for this thread, and give Chalice's own errors our shape.

    Registered as Chalice middleware: `app.current_request` is one attribute for all
    threads.
    """
    token = _request.set(request)
    try:
        response = get_response(request)
    finally:
        _request.reset(token)
    if isinstance(response.body, dict) and "Code" in response.body:
        code = _CHALICE_CODES.get(response.status_code, "internal_error")
        message = _MESSAGES[code]
        return _problem(response.status_code, code, message, _request_id(request))
    return response


_CHALICE_CODES = {405: "method_not_allowed", 415: "unsupported_media_type"}
_MESSAGES = {
    "method_not_allowed": "这个接口不支持该请求方法",
    "unsupported_media_type": "不支持的内容类型",
    "internal_error": "系统繁忙，请稍后再试",
}


def _served(route: Route) -> Callable[..., Response]:
    def serve(**path: str) -> Response:
        request = _request.get()
        request_id = _request_id(request)
        try:
            return _answer(route, request, path, request_id)
        except Refusal as refusal:
            return _refused(refusal, request_id)
        except Exception:  # noqa: BLE001 -- the last line: log it, tell nothing, stay up
            with context.serving(request_id):
                logger().exception("view failed", extra={"route": route.path})
            return _problem(500, "internal_error", _MESSAGES["internal_error"], request_id)

    return serve


def _answer(route: Route, request: Request, path: dict[str, str], request_id: str) -> Response:
    caller = _caller(route, request)
    arguments = {**path, **_arguments(route, request, caller)}
    with context.serving(request_id, _wanted_once(route, request, caller)):
        result = _once(route, arguments)
        if route.then is not None:
            result = route.then(result)
    return _reply(route, result)


def _caller(route: Route, request: Request) -> auth.Caller | None:
    if route.audience not in PEOPLE:
        return None
    caller = auth.verified(request.headers.get("authorization"), route.audience)
    if not caller.may(route.permission or ""):
        raise Forbidden("not_permitted", "您没有权限进行此操作")
    return caller


def _arguments(route: Route, request: Request, caller: auth.Caller | None) -> dict[str, Any]:
    """Return what the view asks for by name: caller, query, body, raw."""
    arguments: dict[str, Any] = {}
    for name, wanted in route.takes.items():
        if name == "caller":
            arguments[name] = caller
        elif name == "query":
            arguments[name] = parsed(wanted, dict(request.query_params or {}))
        elif name == "body":
            arguments[name] = parsed(wanted, _bytes(request))
        elif name == "raw":
            arguments[name] = Raw(request.headers, _bytes(request))
    return arguments


def _once(route: Route, arguments: dict[str, Any]) -> Any:
    """Run the view, or give the first answer again if its key has been used."""
    wanted = context.once()
    try:
        return route.view(**arguments)
    except once.Replayed as replayed:
        record = replayed.record
    except Refusal:
        earlier = once.answered(wanted) if wanted else None
        if earlier is None:
            raise
        record = earlier
    if wanted is None or record.fingerprint != wanted.fingerprint:
        raise Conflict("idempotency_key_reused", "该幂等键已用于另一个请求")
    return TypeAdapter(route.takes["return"]).validate_python(record.answer)


def _reply(route: Route, result: Any) -> Response:
    shown = result if isinstance(result, route.reply) else route.reply.model_validate(result)
    status = 202 if route.pending is not None and route.pending(result) else 200
    return Response(body=shown.model_dump_json(), status_code=status, headers=dict(_JSON))


def _wanted_once(route: Route, request: Request, caller: auth.Caller | None) -> context.Once | None:
    if not route.once or caller is None:
        return None
    key = request.headers.get("idempotency-key", "")
    if not _KEY.match(key):
        raise BadRequest("idempotency_key_required", "缺少或无效的 Idempotency-Key")
    where = json.dumps(request.uri_params or {}, sort_keys=True)
    said = f"{route.method} {route.path} {where}\n".encode() + _bytes(request)
    digest = hashlib.sha256(said).hexdigest()
    return context.Once(caller.community_id, caller.subject_id, key, digest)


Model = TypeVar("Model", bound=BaseModel)


def parsed(model: type[Model], given: bytes | dict[str, Any]) -> Model:
    """Return a body or query as its model; raises BadRequest `bad_json`, `invalid_request`."""
    try:
        if isinstance(given, bytes):
            return model.model_validate_json(given)
        return model.model_validate(given)
    except ValidationError as failure:
        problems = failure.errors(include_input=False, include_url=False, include_context=False)
        if problems[0]["type"] == "json_invalid":
            raise BadRequest("bad_json", "请求内容不是有效的 JSON") from failure
        raise BadRequest("invalid_request", "请求内容不符合要求", details=problems) from failure


def _refused(refusal: Refusal, request_id: str) -> Response:
    response = _problem(
        refusal.status, refusal.code, refusal.message, request_id, details=refusal.details
    )
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, Unavailable):
        response.headers["Retry-After"] = "5"
    return response


def _problem(
    status: int, code: str, message: str, request_id: str, *, details: Any = None
) -> Response:
    body = {"code": code, "message": message, "request_id": request_id}
    if details is not None:
        body["details"] = details
    return Response(body=body, status_code=status, headers=dict(_JSON))


def _bytes(request: Request) -> bytes:
    body = request.raw_body
    return body if isinstance(body, bytes) else body.encode()


def _request_id(request: Request) -> str:
    return request.context.get("requestId") or ids.new_id("req")
