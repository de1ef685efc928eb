"""Every route says who may call it, in the words of the one permission table."""

from importlib import import_module

import pytest

from chalicelib.core import web
from chalicelib.core.permissions import AUDIENCES, PERMISSIONS
from tools import permissions

KNOWN = frozenset[str]().union(*PERMISSIONS.values())


@pytest.fixture(scope="module")
def routes() -> list[web.Route]:
    import_module("app")
    return list(web.ROUTES)


def test_every_route_for_people_has_a_known_permission(routes: list[web.Route]) -> None:
    nameless = [
        f"{route.method} {route.path}: {route.permission}"
        for route in routes
        if route.audience in web.PEOPLE and route.permission not in KNOWN
    ]
    assert nameless == [], (
        "give the permission to a role in chalicelib/core/permissions.py, then run make golden"
    )


def test_a_path_begins_with_its_audience(routes: list[web.Route]) -> None:
    """API Gateway and the authoriser pick by the first segment."""
    for route in routes:
        if route.audience != web.OPEN:
            assert route.path.split("/")[1] == route.audience


def test_a_route_is_declared_once(routes: list[web.Route]) -> None:
    names = [(route.method, route.path) for route in routes]
    assert len(names) == len(set(names))


def test_nobody_may_what_no_route_asks(routes: list[web.Route]) -> None:
    """A permission that nothing checks would look like a protection."""
    asked = {(route.audience, route.permission) for route in routes if route.permission}
    given = {(AUDIENCES[role], one) for role, may in PERMISSIONS.items() for one in may}
    assert given <= asked, given - asked


def test_who_may_call_what_is_as_committed() -> None:
    assert permissions.GOLDEN.exists(), "run `make golden`"
    committed = permissions.GOLDEN.read_text(encoding="utf-8")
    assert permissions.render() == committed, "run `make golden` and read the diff"


def test_the_readme_says_the_same() -> None:
    readme = permissions.README.read_text(encoding="utf-8")
    assert permissions.with_section(readme) == readme, "run `make golden` and read the diff"


def test_every_role_has_its_portal() -> None:
    assert set(AUDIENCES) == set(PERMISSIONS)
    assert set(AUDIENCES.values()) == set(web.PEOPLE)
