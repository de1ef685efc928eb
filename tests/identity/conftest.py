"""An estate in its place of the tree, and accounts of its staff."""

import uuid
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest

from chalicelib.core import clock, outbox
from chalicelib.core.paths import tenant_of
from chalicelib.identity.rules.organisation import Level
from chalicelib.identity.service import employees, organisation, posts
from chalicelib.identity.service import staff as accounts


@dataclass(frozen=True)
class Tree:
    """A county of its own, with one estate in it."""

    county: str
    street: str
    neighbourhood: str
    estate: str
    community: str


@pytest.fixture
def tree(cloud: None, community: str) -> Tree:
    county = organisation.plant(Level.COUNTY, "测试区")
    street = organisation.plant(Level.STREET, "测试街道", parent=county)
    neighbourhood = organisation.plant(Level.NEIGHBOURHOOD, "测试社区", parent=street)
    organisation.found_community(community, "和苑", parent=neighbourhood)
    return Tree(county, street, neighbourhood, f"{neighbourhood}/{community}", community)


@dataclass(frozen=True)
class Staff:
    """A set-up account: what its person types."""

    login: str
    password: str
    secret: str
    recovery: tuple[str, ...]
    person_id: str

    def code(self, later_s: int = 0) -> str:
        return str(pyotp.TOTP(self.secret).at(int(clock.now().timestamp()) + later_s))

    def body(self, **more: Any) -> dict[str, Any]:
        return {
            "login": self.login,
            "password": self.password,
            "code": self.code(),
            "portal": "property",
            **more,
        }


PASSWORD = "Correct-Horse-7-Battery"


@pytest.fixture
def employ(cloud: None):
    """Open and set up an account with posts: `employ(path, "guard")`."""

    def do(path: str, *roles: str, login: str = "", org_id: str = "", name: str = "") -> Staff:
        login = login or f"s{uuid.uuid4().hex[:12]}"
        account = accounts.open_account(login, path)
        if name:
            outbox.commit(*employees.new(tenant_of(path), account.person_id, name, login))
        for role in roles:
            outbox.commit(*posts.rows(account.person_id, role, [path], org_id=org_id, login=login))
        enrolled = accounts.set_up(login, account.setup_code, PASSWORD)
        return Staff(
            login, PASSWORD, enrolled.totp_secret, enrolled.recovery_codes, account.person_id
        )

    return do
