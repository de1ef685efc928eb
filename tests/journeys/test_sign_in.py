"""Everybody signs in as people do, and sees their own subtree only."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable

import pyotp
import pytest
import requests

from chalicelib.core.permissions import AUDIENCES, PERMISSIONS
from chalicelib.identity.rules.organisation import Body
from chalicelib.identity.rules.posts import SERVES
from tests.journeys.town import Town
from tools.simulate.person import Person
from tools.simulate.signing import Json
from tools.simulate.system import System

ESTATE = "binjiang/heping/heping-1/heyuan"
FOREIGN = "binjiang/xinhua/xinhua-1/linyuan"
NODES = {
    "county_officer": "binjiang",
    "street_officer": "binjiang/heping",
    "neighbourhood_officer": "binjiang/heping/heping-1",
    "grid_worker": "binjiang/heping/heping-1",
    "police_officer": "binjiang/heping",
    "system_admin": "binjiang",
    "security_admin": "binjiang",
    "audit_admin": "binjiang",
}
"""Where a role is held; all others at the estate."""

ORGS = {
    Body.COMPANY: "org-hemei",
    Body.COMMITTEE: "org-heyuan-committee",
    Body.POLICE_STATION: "org-heping-police",
}
"""Whom a role is held for, in the demo town."""

PASSWORD = "Correct-Horse-7-Battery"
STAFF = [role for role in PERMISSIONS if role != "resident"]
SEEING = [role for role in STAFF if "identity.read_tree" in PERMISSIONS[role]]


@pytest.fixture
def phone(system: System) -> Callable[..., str]:
    """What happens on somebody's phone, played by the simulated WeChat."""
    url = json.loads((system.state / "env.json").read_text())["LINLI_WECHAT_URL"]

    def play(what: str, **said: str) -> str:
        reply = requests.post(f"{url}/_sim/{what}", json=said, timeout=5)
        return str(reply.json()["code"])

    return play


def session(town: Town, what: str, **body: str) -> requests.Response:
    return Person(town.estate.base_url, "").post(f"/session/{what}", body)


def employed(town: Town, role: str) -> Json:
    """Make an account, appoint and set it up: three people's work, each with their own duty."""
    login, path = f"j{uuid.uuid4().hex[:12]}", NODES.get(role, ESTATE)
    made = town.person("system_admin").post(
        "/government/staff", {"login": login, "name": "试用员", "node_path": path}
    )
    assert made.status_code == 200, made.text
    post = {"role": role, "node_path": path, "org_id": ORGS.get(SERVES.get(role, Body.OFFICE))}
    appointed = town.person("security_admin").post(f"/government/staff/{login}/appoint", post)
    assert appointed.status_code == 200, appointed.text
    code = made.json()["setup_code"]
    enrolled: Json = session(town, "setup", login=login, setup_code=code, password=PASSWORD).json()
    return {**enrolled, "login": login}


def signed_in(town: Town, role: str) -> Json:
    staff = employed(town, role)
    code = pyotp.TOTP(staff["totp_secret"]).at(int(time.time()))
    portal, login = AUDIENCES[role], staff["login"]
    reply = session(town, "staff", login=login, password=PASSWORD, code=code, portal=portal)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


@pytest.mark.parametrize("role", STAFF)
def test_staff_of_every_role_sign_in(town: Town, role: str) -> None:
    signed = signed_in(town, role)
    assert (signed["roles"], signed["node_path"]) == ([role], NODES.get(role, ESTATE))
    person = Person(town.estate.base_url, signed["access_token"])
    assert person.read(f"/{AUDIENCES[role]}/me")["roles"] == [role]
    for portal in {"resident", *AUDIENCES.values()} - {AUDIENCES[role]}:
        assert person.get(f"/{portal}/me").status_code == 403


@pytest.mark.parametrize("role", SEEING)
def test_who_sees_the_tree_sees_their_own_subtree(town: Town, role: str) -> None:
    person = Person(town.estate.base_url, signed_in(town, role)["access_token"])
    path = f"/{AUDIENCES[role]}/tree"
    assert person.get(path, under=ESTATE).status_code == 200
    expected = 200 if NODES.get(role) == "binjiang" else 404
    assert person.get(path, under=FOREIGN).status_code == expected
    assert person.get(path, under="elsewhere").status_code == 404


def test_a_resident_signs_in_by_wechat_and_stays(town: Town, phone: Callable[..., str]) -> None:
    openid = f"o_{uuid.uuid4().hex}"
    stranger = session(town, "wechat", js_code=phone("login_code", openid=openid)).json()
    assert stranger["session"] is None
    code = phone("phone_code", phone=f"137{uuid.uuid4().int % 10**8:08}")
    home = town.estate.community_id
    first = session(town, "phone", ticket=stranger["ticket"], phone_code=code, community_id=home)
    signed = first.json()["session"]
    again = session(town, "wechat", js_code=phone("login_code", openid=openid)).json()["session"]
    assert again["subject_id"] == signed["subject_id"]
    turned = session(town, "refresh", refresh_token=signed["refresh_token"]).json()
    person = Person(town.estate.base_url, turned["access_token"])
    assert person.read("/resident/me")["community_id"] == home
    assert len(person.read("/resident/sessions")["items"]) == 2
    assert session(town, "end", refresh_token=turned["refresh_token"]).status_code == 200
    assert session(town, "refresh", refresh_token=turned["refresh_token"]).status_code == 401
    deadline = time.monotonic() + 7
    while (reply := person.get("/resident/me")).status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.25)
    assert (reply.status_code, reply.json()["code"]) == (401, "token_revoked")
