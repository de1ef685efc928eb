"""The record of administrators' acts, the lists of who works where, and zones."""

import uuid
from typing import Any

import pytest

from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.identity.rules.organisation import Body
from chalicelib.identity.service import (
    acts,
    administration,
    bodies,
    names,
    organisation,
    posts,
    roster,
)
from tests.identity.test_administration import admin, manager, new_login


@pytest.fixture
def company(tree) -> str:
    return bodies.attach(Body.COMPANY, "和美物业", path=tree.estate).org_id


def test_every_act_is_on_the_auditors_record(tree, company):
    login, auditor = new_login(), admin(tree, "audit_admin")
    administration.create(admin(tree, "system_admin", "per_sys"), login, tree.estate, name="韩一")
    security = admin(tree, "security_admin", "per_sec")
    administration.appoint(security, login, "guard", tree.estate, org_id=company)
    administration.reset(security, login)
    administration.give_code(admin(tree, "system_admin", "per_sys"), login)
    administration.dismiss(security, login, "guard", tree.estate)
    administration.hire(manager(tree, "per_boss", company), new_login(), "worker", name="冯二")
    seen, after = [], None
    while True:
        page = acts.on(auditor, None, limit=2, after=after)
        seen += [(item.act, item.actor_id) for item in page.items]
        after = page.next
        if after is None:
            break
    assert seen == [
        ("hired", "per_boss"),
        ("dismissed", "per_sec"),
        ("code_given", "per_sys"),
        ("reset", "per_sec"),
        ("appointed", "per_sec"),
        ("created", "per_sys"),
    ]
    beside = Caller("a", "", "government", ("audit_admin",), 2**40, node_path="elsewhere")
    assert acts.on(beside, None, limit=9, after=None).items == []


def test_a_refused_act_leaves_no_record(tree, employ):
    one = employ(tree.county)
    with pytest.raises(Unprocessable):
        administration.appoint(
            admin(tree, "security_admin"), one.login, "street_officer", tree.county
        )
    assert acts.on(admin(tree, "audit_admin"), None, limit=9, after=None).items == []


def test_accounts_are_listed_by_node_with_names_and_posts(tree, company):
    caller, logins = admin(tree, "system_admin"), sorted(new_login() for _ in range(3))
    for login in logins:
        administration.create(caller, login, tree.estate, name=f"员{login[:4]}")
    administration.appoint(
        admin(tree, "security_admin"), logins[0], "guard", tree.estate, org_id=company
    )
    first = roster.members(caller, tree.street, limit=2, after=None)
    rest = roster.members(caller, tree.street, limit=2, after=first.next)
    listed = {item.login: item for item in (*first.items, *rest.items)}
    assert set(listed) == set(logins)
    assert [(post.role, post.org) for post in listed[logins[0]].posts] == [("guard", "和美物业")]
    assert all(item.name and not item.is_set_up for item in listed.values())
    assert roster.members(caller, f"{tree.county}", limit=9, after=None).items


def test_who_is_appointed_to_a_zone_works_in_each_of_its_estates(tree, employ, http, sign):
    other = f"{tree.neighbourhood}/{tree.community}b"
    organisation.found_community(f"{tree.community}b", "梅园", parent=tree.neighbourhood)
    officer = sign("", "o", audience="government", roles=["county_officer"], node=tree.county)

    def ask(path: str, body: object) -> Any:
        key = uuid.uuid4().hex
        return http("POST", path, body, token=officer, idempotency_key=key).body

    served = ask(
        "/government/attachments", {"path": tree.estate, "body": "company", "name": "和美"}
    )
    org_id = served["org_id"]
    zone = ask("/government/zones", {"name": "片区", "paths": [tree.estate, other]})
    one, caller = employ(tree.estate, name="片员"), admin(tree, "security_admin")
    with pytest.raises(Unprocessable, match="wrong_organisation"):  # it serves one of the two
        administration.appoint(caller, one.login, "property_clerk", zone["path"], org_id=org_id)
    again = {"path": other, "body": "company", "name": "和美", "org_id": org_id}
    assert ask("/government/attachments", again)["org_id"] == org_id
    administration.appoint(caller, one.login, "property_clerk", zone["path"], org_id=org_id)
    chosen = http("POST", "/session/staff", one.body())
    assert chosen.body["details"]["node_paths"] == sorted([tree.estate, other])
    for later, estate, beside in ((0, tree.estate, other), (30, other, tree.estate)):
        body = one.body(node_path=estate, code=one.code(later))
        token = http("POST", "/session/staff", body).body["access_token"]
        assert http("GET", f"/property/tree?under={estate}", token=token).status == 200
        assert http("GET", f"/property/tree?under={beside}", token=token).status == 404
    listed = http("GET", "/government/zones", token=officer).body["items"]
    assert [item["path"] for item in listed] == [zone["path"]]
    still = {"path": other, "org_id": org_id}
    assert ask("/government/attachments/detach", still)["code"] == "still_staffed"
    administration.dismiss(caller, one.login, "property_clerk", zone["path"])
    assert posts.held_by(one.person_id) == []
    who = (f"{tree.community}b", one.person_id)
    assert names.of_people([who]) == {who: "片员"}
    assert ask("/government/attachments/detach", still)["org_id"] == org_id
