"""Values that must never be logged or stored in the clear go through every route (abuse 21)."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from chalicelib.core import aws, logs, outbox, sealing, table, web
from chalicelib.core.permissions import AUDIENCES, PERMISSIONS
from chalicelib.core.schema import Shown
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.tables.people import Person, Residency

NAME, PHONE, ID_NUMBER = "金丝雀鸟", "13987650123", "330106198001019999"
TYPED, SECRET = "CANARY-typed-5d1c", "CANARY-secret-90ab"
SEALED = (NAME, PHONE, ID_NUMBER)
ANYTHING = (*SEALED, TYPED, SECRET)


class Heard(logging.Handler):
    """Every record of ours and of every library, as it would be printed."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        ours = logs.logger()._logger
        self.printed = ours.handlers[0].formatter or logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [self.printed.format(record), logging.Formatter().format(record)]

    def found(self, *values: str) -> list[str]:
        escaped = [json.dumps(value)[1:-1] for value in values]
        return [line for line in self.lines if any(one in line for one in (*values, *escaped))]


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler = Heard()
    loggers = [logging.getLogger(), logs.logger()._logger]
    for one in loggers:
        one.addHandler(handler)
    yield handler
    for one in loggers:
        one.removeHandler(handler)


def settle(community: str) -> None:
    key, person = sealing.new_key(community, "per_1"), "per_1"
    facts = zip(("name", "phone", "id_number"), SEALED, strict=True)
    sealed: dict[str, Any] = {
        field: sealing.seal(community, person, field, text, key=key) for field, text in facts
    }
    outbox.commit(
        key,
        Person(community_id=community, person_id=person, **sealed),
        Residency(
            unit_key=tenant_key(community, "u1"),
            person_id=person,
            person_key=tenant_key(community, person),
            community_id=community,
            unit_id="u1",
            tie=Tie.OWNER.value,
        ),
    )


def filled(schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    """A value for a JSON Schema, with the canary wherever a text may stand."""
    if "$ref" in schema:
        return filled(defs[schema["$ref"].rpartition("/")[2]], defs)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return filled(schema[word][0], defs)
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", [None]))))
    parts = {name: filled(one, defs) for name, one in schema.get("properties", {}).items()}
    plain = {
        "object": parts,
        "array": [filled(schema["items"], defs)] if "items" in schema else [],
        "integer": schema.get("minimum", 1),
        "number": schema.get("minimum", 1),
        "boolean": True,
    }
    phone = "phone" in str(schema.get("title", "")).lower()
    return plain.get(schema.get("type", ""), PHONE if phone else TYPED)


def bodies(route: web.Route) -> Iterator[Any]:
    """What to send: filled in, with a stranger's field, and not JSON at all."""
    model = route.takes.get("body")
    if model is None:
        yield None
        return
    schema = TypeAdapter(model).json_schema()
    good = filled(schema, schema.get("$defs", {}))
    yield good
    yield {**(good if isinstance(good, dict) else {}), TYPED: SECRET}
    yield f"{TYPED} {SECRET} {PHONE}".encode()


def requests(route: web.Route) -> Iterator[tuple[str, Any, dict[str, str]]]:
    for person in ("per_1", TYPED):
        path = route.path
        for part in path.split("/"):
            if part.startswith("{"):
                path = path.replace(part, person)
        query = f"?ticket={TYPED}&purpose=repair&cursor={SECRET}&nobody={PHONE}"
        for body in bodies(route):
            yield path, body, {"idempotency_key": f"{TYPED}-{person[:5]}"}
            yield path + query, body, {"x_user": SECRET, "webhook_signature": SECRET}
            yield path + f"?ticket={TYPED}&purpose=repair", body, {}


def test_no_canary_is_ever_logged_or_stored_in_the_clear(http, sign, community, heard):
    settle(community)
    tokens = {
        role: sign(community, "per_1", audience=audience, roles=[role], node=f"c/n/{community}")
        for role, audience in AUDIENCES.items()
    }
    answered = set()
    for route in sorted(web.ROUTES, key=lambda route: "deletion" in route.path):
        able = [
            token
            for role, token in tokens.items()
            if AUDIENCES[role] == route.audience and route.permission in PERMISSIONS[role]
        ]
        for path, body, headers in requests(route):
            for token in (*able[:2], f"{SECRET}.{SECRET}.{SECRET}"):
                reply = http(route.method, path, body, token=token, **headers)
                answered.add((route.path, reply.status < 300))
    assert ("/resident/export", True) in answered
    assert heard.found(*ANYTHING) == []
    assert stored_in_the_clear() == []


def stored_in_the_clear() -> list[str]:
    """The tables that hold a sealed value as it is; what people type is theirs to store."""
    client = aws.client("dynamodb")
    held = []
    for short in table.tables():
        pages = client.get_paginator("scan").paginate(TableName=table.table_name(short))
        text = repr([page["Items"] for page in pages])
        held += [f"{short}: {value}" for value in (*SEALED, SECRET) if value in text]
    return held


def test_a_reply_that_does_not_fit_its_model_is_logged_without_its_values(heard):
    """A fault of ours is logged with its trace; pydantic would print the input in it."""

    class Reply(Shown):
        phone: int

    def fail(model: type[BaseModel]) -> None:
        try:
            model.model_validate({"phone": f"{PHONE}x"})
        except ValueError:
            logs.logger().exception("view failed")

    fail(Reply)
    assert heard.lines
    assert heard.found(*ANYTHING) == []
