"""Staff get no personal field unless a look is on record: a forgotten call fails closed."""

from typing import Any

import pytest

from chalicelib.core import audit, context, serving
from chalicelib.core.auth import Caller
from chalicelib.core.route import Route
from chalicelib.core.schema import Page, Personal, Shown, is_personal, may_be_personal
from tests.invariants.store import in_memory


class Named(Shown):
    id: str
    name: Personal[str | None] = None


class Within(Shown):
    person: Named | None = None
    count: int = 0


class Plain(Shown):
    id: str


def view() -> Named:
    return Named(id="per_1", name="林一")


def answer(audience: str, reply: Any, *, looked: bool) -> int:
    route = Route("GET", f"/{audience}/x", audience, view, type(reply), "identity.read_me")
    return int(serving._reply(route, reply, looked=looked).status_code)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Named(id="a", name="林一"), True),
        (Named(id="a"), False),
        (Within(person=Named(id="a", name="林一")), True),
        (Within(), False),
        (Page[Named](items=[Named(id="a"), Named(id="b", name="林一")]), True),
        (Page[Named](items=[]), False),
        (Plain(id="a"), False),
    ],
)
def test_a_personal_field_is_seen_wherever_it_stands(reply, said):
    assert is_personal(reply) is said
    kind: Any = type(reply)
    assert may_be_personal(kind) is not isinstance(reply, Plain)


@pytest.mark.parametrize("audience", ["property", "committee", "government"])
def test_staff_are_not_answered_with_one_before_the_look_is_on_record(audience):
    named = Named(id="a", name="林一")
    with pytest.raises(RuntimeError, match=r"call core\.audit\.viewing first"):
        answer(audience, named, looked=False)
    assert answer(audience, named, looked=True) == 200
    assert answer(audience, Named(id="a"), looked=False) == 200
    assert answer("resident", named, looked=False) == 200


def test_a_look_is_noticed_while_a_request_is_served(community):
    clerk = Caller("s", community, "property", ("guard",), 2**40)
    with in_memory(), context.looking() as looks:
        audit.viewing_all(clerk, [])
        assert not looks.noted
        audit.viewing(clerk, "per_1", purpose="care", ticket="T1", fields=["name"])
        assert looks.noted
