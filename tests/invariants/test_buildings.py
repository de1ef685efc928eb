"""The third world of the matrix: staff of one building, and people of another, in one estate."""

import secrets
from typing import Any

import pytest

from chalicelib.core import clock, outbox, tokens
from chalicelib.core.permissions import PERMISSIONS
from chalicelib.identity.rules.people import BindingState, Tie
from chalicelib.identity.service import moves, organisation, people, posts, staff
from chalicelib.identity.service.organisation import Place
from chalicelib.identity.tables.people import Binding
from tests.invariants import matrix
from tests.invariants.test_matrix import OWN_AFFAIRS
from tools.permissions import may

PLACED = {"unit_id", "person_id", "login", "binding_id", "under"}
"""Names of what stands in a building, or lives there; the rest is the whole estate's."""


@pytest.fixture(scope="module")
def there(cloud: None) -> dict[str, Any]:
    """Put a flat, its owner, a wish, and a member of staff into building B."""
    name = f"b{secrets.token_hex(6)}"
    estate = matrix.found(name)
    who = people.register_person(name, name="乙楼", phone="13900008888")
    for building in "AB":
        at = Place(building, "", "101", 8937)
        organisation.add_unit(name, f"unit-{building}", building, at=at)
    node = organisation.unit(name, "unit-B").path or ""
    path = node.rpartition("/")[0]
    moves.move_in(name, "unit-B", who, Tie.OWNER)
    account = staff.open_account(f"{name}-worker", path)
    held = posts.rows(account.person_id, "worker", [path], org_id=matrix.COMPANY)
    wish = matrix.planted(
        Binding,
        community_id=name,
        binding_id="wish-B",
        unit_id="unit-B",
        person_id=who,
        tie="tenant",
        state="PENDING",
        state_key=people.state_key(name, BindingState.PENDING),
    )
    outbox.commit(*held, wish)
    return {
        "estate": estate,
        "mine": organisation.unit(name, "unit-A").path.rpartition("/")[0],
        "person_id": who,
        "unit_id": "unit-B",
        "binding_id": "wish-B",
        "login": account.login,
        **dict.fromkeys(("node_path", "under", "path"), path),
    }


def token(there: dict[str, Any], role: str, path: str) -> str:
    community = there["estate"].community
    bearer = tokens.Bearer(
        f"per_{role}", community, "property", (role,), path, "ses", matrix.COMPANY
    )
    return tokens.signed(bearer, clock.now())


ROUTES = [
    route
    for route in matrix.routes()
    if route.audience == "property"
    and f"{route.method} {route.path}" not in OWN_AFFAIRS
    and matrix.request(route, dict.fromkeys(matrix.NAMES, "x")).foreign & PLACED
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
def test_staff_of_a_building_find_nobody_of_another(route, there, http):
    names = dict.fromkeys(matrix.NAMES, "x") | there
    request = matrix.request(route, names)
    for role in (role for role in PERMISSIONS if may(route, role)):
        key = secrets.token_hex(8)
        reply = http(
            request.method,
            request.path,
            request.body,
            token=token(there, role, there["mine"]),
            idempotency_key=key,
            accept="application/pdf",  # what is a file says so
        )
        assert reply.status == 404, (role, reply.body)


def test_the_wishes_of_another_building_are_not_listed(there, http):
    def listed(path: str) -> list[str]:
        reply = http("GET", "/property/bindings", token=token(there, "property_clerk", path))
        return [item["binding_id"] for item in reply.body["items"]]

    assert listed(there["mine"]) == []
    assert listed(there["path"]) == ["wish-B"]
    assert listed(there["estate"].path) == ["wish-B"]


def test_who_lives_in_another_building_is_not_moved_here_to_be_seen(there, http):
    body = {"person_id": there["person_id"], "tie": "family", "guardian_id": None}
    signed = token(there, "property_clerk", there["mine"])
    reply = http("POST", "/property/units/unit-A/move-in", body, token=signed)
    assert (reply.status, reply.code) == (404, "no_such_person")
    whole = token(there, "property_clerk", there["estate"].path)
    assert http("POST", "/property/units/unit-A/move-in", body, token=whole).status == 200


def test_an_estate_is_imported_and_numbered_by_who_has_all_of_it(there, http):
    signed = token(there, "property_manager", there["mine"])
    asked = {"building": "B", "entrance": "", "room": "9", "area": 100}
    for path, body in (
        ("/property/units", asked),
        ("/property/imports/check", {"rooms": "YQ==", "residents": ""}),
        ("/property/imports", {"rooms": "YQ==", "residents": ""}),
    ):
        key = secrets.token_hex(8)
        assert http("POST", path, body, token=signed, idempotency_key=key).status == 404
