"""I10: nobody's debts decide whether a door opens (民法典 944(3)), whoever writes them where."""

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chalicelib.access.rules.credentials import CredentialKind
from chalicelib.access.rules.decisions import Method
from chalicelib.access.rules.lifts import Trip
from chalicelib.access.service import credential_views, lifts, opening, ringing
from chalicelib.access.service.ringing import Ring
from chalicelib.access.tables.allow_lists import ListEntry
from chalicelib.core import aws, clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Refusal
from chalicelib.core.table import table_name, tables
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity import public as identity
from chalicelib.vehicles import public as vehicles
from tests.access.giving import CARD, given
from tests.access.visitors import ask, by_pin, code, give
from tests.architecture.source import python, tree

DEBTS = ("arrears", "owes", "debt", "unpaid", "balance", "overdue", "blocked", "fee_state")
MEETS = {
    "access": {"access", "core", "devices", "identity"},
    "vehicles": {"access", "core", "devices", "identity", "vehicles"},
    "passages": {"access", "core", "devices", "identity", "passages", "vehicles"},
}
"""What the domains that let people through may know of. Billing is never among them."""


@pytest.mark.parametrize("domain", MEETS)
def test_what_opens_doors_never_learns_of_bills(domain):
    met = {
        name.split(".")[1]
        for path in python("chalicelib")
        if path.parts[1] == domain
        for node in ast.walk(tree(path))
        for name in _imported(node)
        if name.startswith("chalicelib.")
    }
    assert met <= MEETS[domain]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [one.name for one in node.names] if isinstance(node, ast.Import) else []


def in_arrears(house) -> int:
    """Mark every row of the estate in arrears, by every word for it; return how many."""
    marked = 0
    client = aws.client("dynamodb")
    for short in tables():
        for page in client.get_paginator("scan").paginate(TableName=table_name(short)):
            for item in page["Items"]:
                if house.community in repr(item):
                    owed = {word: {"S": "true"} for word in DEBTS if word not in item}
                    client.put_item(TableName=table_name(short), Item={**item, **owed})
                    marked += 1
    return marked


def told(question: Callable[[], Any]) -> Any:
    """Return what an answer says, without its ids and times, or the code of the refusal."""
    try:
        said = question()
    except Refusal as refusal:
        return refusal.code
    names = ("decision", "reason", "floors", "state", "to_floor", "kind", "person_id")
    return {name: getattr(said, name) for name in names if hasattr(said, name)}


def test_no_debt_changes_who_is_let_in(house, sent):
    spots = identity.paths_of(house.community, [("1号楼", "", "")])
    lift = devices.enrol(
        house.community,
        Kind.LIFT_CONTROLLER,
        place_id="lift-1",
        name="1号电梯",
        node_path=spots["1号楼", "", ""],
    )
    host = house.resident()
    given(house)
    first, second = (give(host, visitor=name) for name in ("甲", "乙"))
    pin = credential_views.code(host, given(house, CredentialKind.PIN).credential_id).pin
    owing = Caller(**{**vars(host), "roles": (*host.roles, *DEBTS)})

    def answers(who: Caller, made: Any) -> list[Any]:
        door, near = house.door, house.code(house.gate)
        return [
            *(told(partial(ask, at, CARD, method=Method.CARD)) for at in _doors(house)),
            *(told(partial(by_pin, at, pin)) for at in _doors(house)),
            told(lambda: ask(house.gate, code(host, made.pass_id))),
            told(lambda: opening.open_door(who, house.gate.device_id, "u1", near)),
            told(lambda: opening.open_door(who, door.device_id, "u2", house.code(door))),
            *(told(partial(lifts.call_lift, who, lift.device_id, "u1", Trip(to))) for to in (1, 9)),
            told(lambda: ringing.ring(who, house.gate.device_id, Ring("u2", near))),
            told(lambda: vehicles.subject_of_plate(house.community, "京A12345", at=clock.now())),
            len([row for row in ListEntry.query(house.community) if row.entry]),
        ]

    before = answers(host, first)
    assert [one for one in before if isinstance(one, dict) and one.get("decision") == "allow"]
    assert [one for one in before if isinstance(one, str)], "something is refused as well"
    assert in_arrears(house) > 20
    assert answers(owing, second) == before


def _doors(house) -> list[devices.Enrolment]:
    return [house.gate, house.door, house.other_door]
