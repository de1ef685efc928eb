"""Nobody calls what their role may not, and nobody reaches another estate's objects.

Every route × every role × foreign ids, generated; after each refused call DynamoDB holds
exactly what it held before.
"""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from chalicelib.core import aws
from chalicelib.core.permissions import AUDIENCES, PERMISSIONS
from chalicelib.core.route import STAFF
from chalicelib.core.table import describe, table_name
from chalicelib.core.web import Route
from infra import rows
from infra.one_machine import dynamodb
from tests.invariants import matrix
from tools.permissions import may

OWN_AFFAIRS = {
    "POST /property/imports",
    "POST /property/imports/check",
    "POST /property/staff",
    "POST /property/units",
    "POST /resident/deletion",
    "POST /resident/evidence",
}
"""They act on the caller's own estate, and name nothing of another one. (A sign-in name is
taken everywhere at once, and that it is taken is told: 409.)"""

KNOCKED = 404
"""What stands elsewhere does not exist."""


Items = dict[str, list[Any]]


class Services(dict[str, Any]):
    """A DynamoDB of its own, and everything else as it is."""

    def __missing__(self, service: str) -> Any:
        return aws._made(service)


class World:
    """Both estates, and the store that they alone are in."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.home, there = matrix.found("home"), matrix.found("there")
        self.foreign = matrix.furnish(there)
        self.tokens = {role: self.home.token(role) for role in PERMISSIONS}
        self.own = {role: there.token(role, self.foreign["person_id"]) for role in PERMISSIONS}
        self.names = [row.Meta.table_name for row in rows.load().values()]
        self.kept = self.items()

    def items(self) -> Items:
        """Return everything that is stored, by table."""
        return {name: self.client.scan(TableName=name)["Items"] for name in self.names}

    def changes(self) -> Items:
        """Return what is stored and was not, or was and is not, by table."""
        now = self.items()
        pairs = {name: (self.kept[name], now[name]) for name in self.names}
        return {
            name: [one for one in (*old, *new) if one not in old or one not in new]
            for name, (old, new) in pairs.items()
            if sorted(map(repr, old)) != sorted(map(repr, new))
        }

    def restore(self) -> None:
        """Make the store what it was."""
        changed = self.changes()
        for row in (row for row in rows.load().values() if row.Meta.table_name in changed):
            name = row.Meta.table_name
            keys = [key["AttributeName"] for key in describe(row)["KeySchema"]]
            for item in changed[name]:
                self.client.delete_item(TableName=name, Key={key: item[key] for key in keys})
            for item in self.kept[name]:
                self.client.put_item(TableName=name, Item=item)

    def looks(self) -> int:
        """Return how many looks at personal data are on record."""
        return len(self.client.scan(TableName=table_name("views"))["Items"])

    def secrets_of_there(self) -> set[str]:
        """Return what no answer to somebody from home may contain."""
        words = {str(word) for word in self.foreign.values() if isinstance(word, str)}
        return {word for word in words if len(word) > 5} | {"外人", "外门", "there-county"}


@pytest.fixture(scope="module")
def world(cloud: None) -> Iterator[World]:
    """Another access key sees another database (infra/one_machine/dynamodb.py)."""
    own = boto3.client(
        "dynamodb", aws_access_key_id=f"M{secrets.token_hex(8)}", aws_secret_access_key="x"
    )
    with aws.using(Services(dynamodb=own)):
        dynamodb.ensure_tables(own)
        yield World(own)


ROUTES = matrix.routes()
NAMING = [
    route
    for route in ROUTES
    if f"{route.method} {route.path}" not in OWN_AFFAIRS and matrix.names_something(route)
]
every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")


@every_route
def test_nobody_reaches_what_is_not_theirs(route, world, http):
    """A role that may not is refused (403), of this portal or of another one.

    Who may call it finds that another estate's objects do not exist (404), and is never
    shown one (I11). No refused call has changed a byte of any table.
    """
    with aws.using(Services(dynamodb=world.client)):
        request = matrix.request(route, world.foreign)
        assert ask(http, request, None).code == "token_missing"
        for role in (role for role in PERMISSIONS if not may(route, role)):
            refused(route, role, ask(http, request, world.tokens[role]))
        assert world.changes() == {}
        if f"{route.method} {route.path}" in OWN_AFFAIRS:
            return
        for role in (role for role in PERMISSIONS if may(route, role)):
            found_nothing(world, request, role, ask(http, request, world.tokens[role]))
        changed = world.changes()
        world.restore()
    assert not (request.foreign and changed)


def refused(route: Route, role: str, reply: Any) -> None:
    mine = AUDIENCES[role] == route.audience
    assert (reply.status, reply.code) == (403, "not_permitted" if mine else "wrong_audience"), role


def found_nothing(world: World, request: matrix.Request, role: str, reply: Any) -> None:
    told = json.dumps(reply.body, ensure_ascii=False, default=repr)
    assert reply.status not in (400, 500), told
    assert reply.status == KNOCKED or not request.foreign, (role, reply.status, told)
    if reply.status < 400:
        assert [word for word in world.secrets_of_there() if word in told] == []


@pytest.mark.parametrize("route", NAMING, ids=lambda r: f"{r.method} {r.path}")
def test_the_same_request_of_their_own_people_is_heard(route, world, http):
    """Else the 404 above would prove nothing: the ids are real, the request well-formed.

    And staff who are told something of a resident have left a record of it.
    """
    with aws.using(Services(dynamodb=world.client)):
        request, statuses = matrix.request(route, world.foreign), set()
        for role in (role for role in PERMISSIONS if may(route, role)):
            before = world.looks()
            reply = ask(http, request, world.own[role])
            statuses.add(reply.status)
            told = json.dumps(reply.body, ensure_ascii=False, default=repr)
            if route.audience in STAFF and any(word in told for word in matrix.TELLING):
                assert world.looks() > before, f"{role}: call core.audit.viewing first"
        world.restore()
    assert statuses != {404}
    assert 500 not in statuses


def test_every_role_may_call_something():
    for role in PERMISSIONS:
        assert any(may(route, role) for route in ROUTES), role


def ask(http: Any, request: matrix.Request, token: str | None) -> Any:
    key = secrets.token_hex(8)
    headers = {"idempotency_key": key, "accept": "application/pdf"}  # what is a file says so
    return http(request.method, request.path, request.body, token=token, **headers)
