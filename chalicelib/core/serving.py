"""What happens to a request: caller, permission, parsing, idempotency, answer or refusal.

Chalice is the router only. Its middleware sees finished replies and its authoriser scopes
are never enforced, so everything that may refuse a request is done here. What a route
declares is checked when it is declared: a route that could fail open does not import.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from chalice.app import Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib.core import auth, budgets, context, ids, once, outbox
from chalicelib.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotAcceptable,
    NotFound,
    Refusal,
    TooMany,
    Unavailable,
)
from chalicelib.core.logs import logger
from chalicelib.core.route import CORS, KEY_PATTERN, NEXT, PEOPLE, STAFF, File, Route
from chalicelib.core.schema import is_personal
from chalicelib.core.typed import adapter

Model = TypeVar("Model", bound=BaseModel)

_request: ContextVar[Request] = ContextVar("request")
_KEY = re.compile(KEY_PATTERN)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_JSON = {"Content-Type": "application/json"}
_CHALICE_CODES = {405: "method_not_allowed", 415: "unsupported_media_type"}
_MESSAGES = {
    "method_not_allowed": "这个接口不支持该请求方法",
    "unsupported_media_type": "不支持的内容类型",
    "internal_error": "系统繁忙，请稍后再试",
}


@dataclass(frozen=True)
class Raw:
    """A request as it came, for views that verify a signature over its bytes."""

    headers: Mapping[str, str]
    body: bytes


def middleware(request: Request, get_response: Any) -> Response:
    """Keep the request for this thread, and give Chalice's own errors our shape.

    `app.current_request` is one attribute for all threads.
    """
    token = _request.set(request)
    try:
        with context.asked_from(_source(request)):
            response: Response = get_response(request)
    finally:
        _request.reset(token)
    if isinstance(response.body, dict) and "Code" in response.body:
        code = _CHALICE_CODES.get(response.status_code, "internal_error")
        problem = _problem(response.status_code, code, _MESSAGES[code], _request_id(request))
        problem.headers.update(CORS.get_access_control_headers())
        return problem
    return response


def serve(route: Route, path: dict[str, str]) -> Response:
    """Answer the current request by a route's view, whatever happens."""
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
        shown = problems[:MOST_PROBLEMS]
        raise BadRequest("invalid_request", "请求内容不符合要求", details=shown) from failure


MOST_PROBLEMS = 20
"""How many faults of one body are listed."""


def _answer(route: Route, request: Request, path: dict[str, str], request_id: str) -> Response:
    caller = _caller(route, request)
    if route.budget is not None:
        route.budget.charge(_payer(caller))
    if route.audience in PEOPLE and not all(_ID.fullmatch(value) for value in path.values()):
        raise NotFound("no_such_object", "没有找到该对象")
    _check_accepted(route, request)
    arguments = {**path, **_arguments(route, request, caller)}
    wanted = _wanted_once(route, request, caller)
    with context.serving(request_id, wanted), context.looking() as looks:
        result = _first_answer(route, arguments) if route.once else route.view(**arguments)
        if route.then is not None:
            result = route.then(result)
    return _reply(route, result, looked=looks.noted)


def _caller(route: Route, request: Request) -> auth.Caller | None:
    if route.audience not in PEOPLE:
        return None
    caller = auth.verified(request.headers.get("authorization"), route.audience)
    if not caller.may(route.permission or ""):
        raise Forbidden("not_permitted", "您没有权限进行此操作")
    return caller


def _check_accepted(route: Route, request: Request) -> None:
    """Refuse who does not ask for a file's type: API Gateway would send them base64 text.

    It looks at the first type of `Accept` alone (API Gateway developer guide, binary media).
    """
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
    if isinstance(route.reply, str) and first != route.reply:
        raise NotAcceptable(
            "not_acceptable", f"请求头须带 Accept: {route.reply}", details={"accept": route.reply}
        )


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


def _first_answer(route: Route, arguments: dict[str, Any]) -> Any:
    """Run the view under its key, or give the first answer again if the key is spent.

    A view that found nothing to commit spends the key here, with its answer alone, so that
    the same key with another body is refused in every case.
    """
    wanted = context.once()
    assert wanted is not None
    try:
        result = route.view(**arguments)
        if not wanted.spent:
            outbox.commit(answer=result)
    except once.Replayed as replayed:
        record = replayed.record
    except Refusal:
        earlier = once.answered(wanted)
        if earlier is None:
            raise
        record = earlier
    else:
        return result
    if record.fingerprint != wanted.fingerprint:
        raise Conflict("idempotency_key_reused", "该幂等键已用于另一个请求")
    return adapter(route.returns).validate_python(record.answer)


def _reply(route: Route, result: Any, *, looked: bool) -> Response:
    if isinstance(route.reply, str):
        return _Bytes(result, route.reply)
    shown = result if isinstance(result, route.reply) else route.reply.model_validate(result)
    if route.audience in STAFF and not looked and is_personal(shown):
        raise RuntimeError(f"{route.method} {route.path}: call core.audit.viewing first")
    status = 202 if route.pending is not None and route.pending(result) else 200
    return Response(body=shown.model_dump_json(), status_code=status, headers=dict(_JSON))


class _Bytes(Response):
    """A reply of bytes: what Chalice would ask of the media type, `_check_accepted` has asked."""

    def __init__(self, file: File, kind: str) -> None:
        headers: dict[str, str | list[str]] = {
            "Content-Type": kind,
            "Content-Disposition": f'attachment; filename="{file.name}"',
            "Cache-Control": "no-store",
        }
        headers |= {NEXT: file.next} if file.next else {}
        super().__init__(base64.b64encode(file.content).decode(), headers)

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:
        """Return the proxy reply; its body is base64 already."""
        return {**super().to_dict(binary_types), "isBase64Encoded": True}


def _wanted_once(route: Route, request: Request, caller: auth.Caller | None) -> context.Once | None:
    if not route.once or caller is None:
        return None
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise BadRequest("idempotency_key_required", "缺少或无效的 Idempotency-Key")
    where = json.dumps(request.uri_params or {}, sort_keys=True)
    said = f"{route.method} {route.path} {where}\n".encode() + _bytes(request)
    digest = hashlib.sha256(said).hexdigest()
    for_ever = route.once == "for_ever"
    return context.Once(caller.tenant, caller.subject_id, key, digest, for_ever=for_ever)


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


def _payer(caller: auth.Caller | None) -> str:
    if caller is None:
        return context.source()
    return f"{caller.tenant}#{caller.subject_id}"


def _source(request: Request) -> str:
    """Return who the gateway is connected to; headers say what their sender likes."""
    return budgets.source_of(request.context.get("identity", {}).get("sourceIp") or "")


def _request_id(request: Request) -> str:
    return request.context.get("requestId") or ids.new_id("req")
