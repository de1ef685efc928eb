"""OpenAPI 3.1 documents, one per audience, made from the routes themselves."""

import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.core import web
from chalicelib.core.errors import NotFound
from chalicelib.core.schema import Problem, Shown

VERSION = "0.1.0"
AUDIENCES = (*web.PEOPLE, web.DEVICE, web.SESSION)
TITLES = {
    "resident": "Linli 业主端 (mini-program)",
    "property": "Linli 物业端 (property company)",
    "committee": "Linli 业委会端 (owners' committee)",
    "government": "Linli 政务端 (government)",
    "device": "Linli 设备接入 (devices)",
    "session": "Linli 登录 (sign-in)",
}
MEANINGS = {
    400: "The request is not understood: `bad_json`, `invalid_request`, …",
    401: "Nobody is asking: `token_missing`, `token_expired`, `token_revoked`, `bad_signature`, …",
    403: "The caller may not do this: `not_permitted`",
    404: "No such object in the caller's community",
    406: "`Accept` must name the answer's media type",
    409: "Somebody was first, or the idempotency key has another body",
    413: "The body is over its limit",
    415: "The content type is not taken here",
    422: "A rule of the domain refuses, with a stable reason",
    429: "Too often; see Retry-After",
    500: "Our fault: `internal_error`",
    503: "A part that we need does not answer; see Retry-After",
}
WAITING = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}


class Document(BaseModel):
    """An OpenAPI document, as it is."""

    model_config = {"extra": "allow"}


class Health(Shown):
    """The process serves."""

    status: str


router = web.Router(__name__)


@router.get("/healthz", audience=web.OPEN, reply=Health)
def healthz() -> Health:
    """Tell that the process serves; touches nothing else."""
    return Health(status="ok")


@router.get("/openapi/{file}", audience=web.OPEN, reply=Document, refuses=(404,))
def show_document(file: str) -> Document:
    """Show an audience's document, `/openapi/resident.json`."""
    audience, _, extension = file.partition(".")
    if audience not in AUDIENCES or extension != "json":
        raise NotFound("no_such_document", "没有这份接口文档")
    return Document.model_validate(document(audience))


@cache
def document(audience: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an audience's routes.

    Raises ValueError if two different models have one name: generated clients would not
    be able to tell them apart.
    """
    routes = [route for route in web.ROUTES if route.audience == audience]
    refs, schemas = _schemas(routes)
    paths: dict[str, Any] = {}
    for route in sorted(routes, key=lambda one: (one.path, one.method)):
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLES[audience], "version": VERSION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {name: _SCHEMES[name] for name in _schemes(audience)},
        },
        "security": [{name: []} for name in _schemes(audience)],
    }


_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: v1,<base64 HMAC-SHA256 of id.timestamp.body>,"
        " or v1a,<base64 Ed25519 of the same>",
    },
}
_SIGNED = ("webhook-id", "webhook-timestamp", "x-linli-device", "x-linli-key-id")
_JSON = "application/json"
_NEXT_PART = {
    web.NEXT: {
        "description": "the cursor of the next part; absent at the end",
        "schema": {"type": "string"},
    }
}
Refs = Mapping[type[BaseModel], dict[str, str]]


def _schemes(audience: str) -> list[str]:
    if audience == web.SESSION:
        return []  # where a token is got
    return ["signature" if audience == web.DEVICE else "token"]


def _operation(route: web.Route, refs: Refs) -> dict[str, Any]:
    summary, _, rest = (route.view.__doc__ or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.view.__name__,
        "tags": [route.view.__module__.split(".")[1]],
        "summary": summary,
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
    }
    if rest.strip():
        operation["description"] = " ".join(rest.split())
    if route.permission:
        operation["x-permission"] = route.permission
    if not route.signed:
        operation["security"] = []  # its address is the secret
    if route.body is not None:
        content = {kind: {"schema": refs[route.body]} for kind in route.content}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: web.Route) -> list[dict[str, Any]]:
    an_id = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
    found = [_parameter(name, "path", an_id) for name in re.findall(r"{(\w+)}", route.path)]
    if query := route.takes.get("query"):
        found += _query(query)
    if route.once:
        key = {"type": "string", "pattern": f"^{web.KEY_PATTERN}$"}
        found.append(_parameter("Idempotency-Key", "header", key))
    if route.audience == web.DEVICE and route.signed:
        found += [_parameter(name, "header", {"type": "string"}) for name in _SIGNED]
    return found


def _query(query: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the parameters of a query; a named type is written out where it stands."""
    schema = query.model_json_schema()
    needed, named = schema.get("required", ()), schema.get("$defs", {})
    return [
        _parameter(name, "query", _written_out(_without_null(one), named), required=name in needed)
        for name, one in schema["properties"].items()
    ]


def _written_out(schema: dict[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    kept = {key: value for key, value in schema.items() if key != "$ref"}
    return {**named[name], **kept} if name else schema


def _parameter(
    name: str, where: str, schema: dict[str, Any], *, required: bool = True
) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": schema}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a query parameter, which is absent and never null."""
    some = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    kept = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    if len(some) == 1:
        return {**kept, **some[0]}
    return schema


def _responses(route: web.Route, refs: Refs) -> dict[str, Any]:
    if isinstance(route.reply, str):
        shown: dict[str, Any] = {route.reply: {}}
    else:
        shown = {_JSON: {"schema": refs[route.reply]}}
    replies: dict[str, Any] = {"200": {"description": "Done", "content": shown}}
    if isinstance(route.reply, str):
        replies["200"]["headers"] = _NEXT_PART
    if route.pending is not None:
        replies["202"] = {"description": "Under way; ask again", "content": shown}
    for status in sorted(_problems(route)):
        problem: dict[str, Any] = {
            "description": MEANINGS[status],
            "content": {_JSON: {"schema": refs[Problem]}},
        }
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            problem["headers"] = WAITING
        replies[str(status)] = problem
    return replies


def _problems(route: web.Route) -> set[int]:
    """Return the statuses with which this route may refuse: from what it declares."""
    found = {500, *route.refuses, *((406,) if isinstance(route.reply, str) else ())}
    found |= {429} if route.budget is not None else set()
    if route.audience in web.PEOPLE:
        found |= {401, 403, 503}  # 503: who was signed out cannot be read
    if route.audience == web.SESSION:
        found.add(401)
    if route.audience == web.DEVICE:
        found |= {401, 413} if route.signed else {413}
    if route.body is not None:
        found |= {400, 413, 415}
    if "query" in route.takes or route.once:
        found.add(400)
    if route.once:
        found |= {409}
    if route.placeholders:
        found.add(404)
    return found


def _schemas(routes: list[web.Route]) -> tuple[Refs, dict[str, Any]]:
    """Return where each model stands in the document, and all of their schemas."""
    bodies = [route.body for route in routes if route.body is not None]
    wanted: dict[type[BaseModel], Literal["validation", "serialization"]] = {
        Problem: "serialization",
        **dict.fromkeys(bodies, "validation"),
        **{route.reply: "serialization" for route in routes if not isinstance(route.reply, str)},
    }
    placed, definitions = models_json_schema(
        list(wanted.items()),
        ref_template="#/components/schemas/{model}",
    )
    schemas = dict(sorted(definitions["$defs"].items()))
    if twice := [name for name in schemas if "__" in name or name.endswith(("-Input", "-Output"))]:
        raise ValueError(f"two different models share a name: {', '.join(twice)}")
    return {model: placed[model, mode] for model, mode in wanted.items()}, schemas
