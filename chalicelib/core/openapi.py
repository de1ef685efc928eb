"""OpenAPI 3.1 documents, one per audience, made from the routes themselves."""

import re
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.core import web
from chalicelib.core.errors import NotFound
from chalicelib.core.schema import Problem, Shown

AUDIENCES = (*web.PEOPLE, web.DEVICE)
TITLES = {
    "resident": "Linli 业主端 (mini-program)",
    "property": "Linli 物业端 (property company)",
    "committee": "Linli 业委会端 (owners' committee)",
    "government": "Linli 政务端 (government)",
    "device": "Linli 设备接入 (devices)",
}
PROBLEMS = {
    "400": "The request is not understood: `bad_json`, `invalid_request`, …",
    "401": "Nobody is asking: `token_missing`, `token_expired`, `token_invalid`, `bad_signature`",
    "403": "The caller may not do this: `not_permitted`",
    "404": "No such object in the caller's community",
    "409": "Somebody was first, or the idempotency key has another body",
    "413": "The body is over its limit",
    "415": "The content type is not taken here",
    "422": "A rule of the domain refuses, with a stable reason",
    "429": "Too often; see Retry-After",
    "500": "Our fault: `internal_error`",
}
_REF = "#/components/schemas/{model}"


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


@router.get("/openapi/{file}", audience=web.OPEN, reply=Document)
def show_document(file: str) -> Document:
    """Show an audience's document, `/openapi/resident.json`."""
    audience, _, extension = file.partition(".")
    if audience not in AUDIENCES or extension != "json":
        raise NotFound("no_such_document", "没有这份接口文档")
    return Document.model_validate(document(audience))


@lru_cache(maxsize=len(AUDIENCES))
def document(audience: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an audience's routes."""
    routes = [route for route in web.ROUTES if route.audience == audience]
    paths: dict[str, Any] = {}
    for route in sorted(routes, key=lambda one: (one.path, one.method)):
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLES[audience], "version": "0.1.0"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(routes),
            "securitySchemes": {_scheme(audience): _SCHEMES[_scheme(audience)]},
        },
        "security": [{_scheme(audience): []}],
    }


_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: v1,<base64 HMAC-SHA256 of id.timestamp.body>",
    },
}
_SIGNED = ("webhook-id", "webhook-timestamp", "x-linli-device", "x-linli-key-id")


def _scheme(audience: str) -> str:
    return "signature" if audience == web.DEVICE else "token"


def _operation(route: web.Route) -> dict[str, Any]:
    summary, _, rest = (route.view.__doc__ or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{_words(route.path)}",
        "summary": summary,
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if rest.strip():
        operation["description"] = " ".join(rest.split())
    if route.permission:
        operation["x-permission"] = route.permission
    body = route.documents or route.takes.get("body")
    if body is not None:
        schema = {"$ref": _REF.format(model=body.__name__)}
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
    return operation


_JSON = "application/json"


def _words(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", path.lower()).strip("_")


def _parameters(route: web.Route) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if query := route.takes.get("query"):
        properties = query.model_json_schema()["properties"]
        found += [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in properties.items()
        ]
    if route.once:
        key = {"type": "string", "pattern": web.KEY_PATTERN}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    if route.audience == web.DEVICE:
        text = {"type": "string"}
        found += [
            {"name": name, "in": "header", "required": True, "schema": text} for name in _SIGNED
        ]
    return found


def _responses(route: web.Route) -> dict[str, Any]:
    shown = {"schema": {"$ref": _REF.format(model=route.reply.__name__)}}
    replies: dict[str, Any] = {"200": {"description": "Done", "content": {_JSON: shown}}}
    if route.pending is not None:
        replies["202"] = {
            "description": "Under way; ask again",
            "content": {_JSON: shown},
        }
    problem = {_JSON: {"schema": {"$ref": _REF.format(model="Problem")}}}
    for status, meaning in PROBLEMS.items():
        replies[status] = {"description": meaning, "content": problem}
    return replies


def _schemas(routes: list[web.Route]) -> dict[str, Any]:
    inputs = [route.documents or route.takes.get("body") for route in routes]
    wanted: list[tuple[type[BaseModel], Any]] = [(Problem, "serialization")]
    wanted += [(model, "validation") for model in inputs if model is not None]
    wanted += [(route.reply, "serialization") for route in routes]
    unique = {model: (model, mode) for model, mode in wanted}
    _, definitions = models_json_schema(list(unique.values()), ref_template=_REF)
    return dict(sorted(definitions["$defs"].items()))
