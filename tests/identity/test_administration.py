"""Accounts and posts: what each duty does, what no duty does alone, and the record of it."""

import time
import uuid
from datetime import timedelta

import pytest

from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unauthenticated, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.permissions import AUDIENCES, DUTIES, PERMISSIONS, conflicting
from chalicelib.identity.rules import posts as rules
from chalicelib.identity.rules.disclosure import Verdict
from chalicelib.identity.rules.organisation import Body, Level
from chalicelib.identity.service import (
    administration,
    bodies,
    disclosure,
    people,
    posts,
    roster,
    sessions,
)
from chalicelib.identity.service import staff as accounts
from chalicelib.identity.service.sought import Sought
from chalicelib.identity.tables.sessions import StaffAccount


def admin(tree, role: str, person: str = "per_admin") -> Caller:
    return Caller(person, "", "government", (role,), 2**40, node_path=tree.county)


def manager(tree, person: str, org_id: str = "") -> Caller:
    return Caller(
        person,
        tree.community,
        "property",
        ("property_manager",),
        2**40,
        tree.estate,
        org_id=org_id,
    )


def new_login() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


@pytest.fixture
def company(tree) -> str:
    return bodies.attach(Body.COMPANY, "和美物业", path=tree.estate).org_id


# -- nobody becomes somebody else alone --------------------------------------------------------


@pytest.mark.parametrize("role", ["security_admin", "audit_admin", "police_officer", "guard"])
def test_a_reset_takes_everything_and_gives_its_asker_nothing(tree, employ, role):
    one = employ(tree.county, role)
    portal = AUDIENCES[role]
    if portal == "government":
        signed = accounts.sign_in(one.login, one.password, one.code(), portal)
        time.sleep(0.005)
    done = administration.reset(admin(tree, "security_admin"), one.login)
    assert not hasattr(done, "setup_code")
    if portal == "government":
        with pytest.raises(Unauthenticated, match="session_ended"):
            sessions.refresh(signed.refresh_token)
    for code in (one.code(30), one.recovery[0]):
        with pytest.raises(Unauthenticated, match="sign_in_refused"):
            accounts.sign_in(one.login, one.password, code, portal)
    given = administration.give_code(admin(tree, "system_admin"), one.login)
    accounts.set_up(one.login, given.setup_code, "Another-Horse-8")


def test_the_system_duty_gives_no_code_for_an_account_in_use(tree, employ):
    one, caller = employ(tree.county, "audit_admin"), admin(tree, "system_admin")
    with pytest.raises(Conflict, match="account_in_use"):
        administration.give_code(caller, one.login)
    late = administration.create(caller, new_login(), tree.estate, name="韩一")
    again = administration.give_code(caller, late.login)
    with pytest.raises(Unauthenticated):
        accounts.set_up(late.login, late.setup_code, "Another-Horse-8")
    accounts.set_up(late.login, again.setup_code, "Another-Horse-8")


def test_a_reset_is_announced(tree, employ):
    one = employ(tree.estate, "guard")
    administration.reset(admin(tree, "security_admin", "per_asker"), one.login)
    said = [row for row in OutboxRow.scan() if row.name == "identity.StaffReset"]
    assert any(one.person_id in row.body and "per_asker" in row.body for row in said)


def test_who_set_up_anew_or_was_just_appointed_is_fresh(tree, employ):
    one = employ(tree.county)
    administration.appoint(admin(tree, "security_admin"), one.login, "security_admin", tree.county)
    settled = clock.now() + rules.SETTLES
    assert posts.is_fresh(one.person_id, "security_admin", clock.now(), rules.SETTLES)
    assert not posts.is_fresh(one.person_id, "security_admin", settled, rules.SETTLES)
    administration.reset(admin(tree, "security_admin"), one.login)
    given = administration.give_code(admin(tree, "system_admin"), one.login)
    late = clock.now() + timedelta(hours=70)
    accounts.set_up(one.login, given.setup_code, "Another-Horse-8", at=late)
    assert posts.is_fresh(one.person_id, "security_admin", settled, rules.SETTLES)


def test_a_disclosure_is_released_by_people_who_hold_their_duty_for_three_days(tree, employ):
    police = Caller("per_p", "", "government", ("police_officer",), 2**40, node_path=tree.street)
    who = people.register_person(tree.community, name="王芳")
    waits = disclosure.ask(
        police,
        disclosure.Asked(
            tree.community, Sought(who), ["name"], "A-1", "D-1", "0" * 64, "秦", "031", "盗窃", 4
        ),
    )
    one = employ(tree.county)
    caller = admin(tree, "security_admin", one.person_id)
    administration.appoint(admin(tree, "security_admin"), one.login, "security_admin", tree.county)

    def release(at):
        return disclosure.judge(
            caller,
            waits.disclosure_id,
            Verdict.RELEASE,
            community_id=tree.community,
            at=at,
        )

    with pytest.raises(Forbidden, match="duty_too_new"):
        release(clock.now())
    outbox.commit(*posts.renewed(one.person_id, clock.now() - rules.SETTLES))
    assert release(clock.now()).released_by == [one.person_id]


def test_nobody_acts_on_themselves(tree, employ):
    one = employ(tree.county, "security_admin")
    caller = admin(tree, "security_admin", one.person_id)
    for attempt in (
        lambda: administration.reset(caller, one.login),
        lambda: administration.give_code(caller, one.login),
        lambda: administration.appoint(caller, one.login, "county_officer", tree.county),
    ):
        with pytest.raises(Forbidden, match="not_yourself"):
            attempt()


def test_an_administrator_acts_in_their_own_subtree(tree, employ):
    guard = employ(tree.estate, "guard")
    stranger = Caller("per_x", "", "government", ("security_admin",), 2**40, node_path="elsewhere")
    for attempt in (
        lambda: administration.reset(stranger, guard.login),
        lambda: administration.give_code(stranger, guard.login),
        lambda: administration.appoint(stranger, guard.login, "worker", "elsewhere"),
        lambda: administration.appoint(stranger, guard.login, "worker", tree.estate),
        lambda: administration.create(stranger, "someone-new", tree.estate, name="某人"),
        lambda: roster.members(stranger, tree.county, limit=9, after=None),
    ):
        with pytest.raises(NotFound):
            attempt()
    nowhere = f"{tree.county}/nowhere"
    with pytest.raises(NotFound, match="no_such_node"):
        administration.create(admin(tree, "system_admin"), "someone-new", nowhere, name="某人")


def test_credentials_are_taken_by_who_has_authority_over_every_post(tree, employ, company):
    """Else a county's administrator, or a manager, opens what their person holds elsewhere."""
    one = employ(tree.estate, "guard", org_id=company)
    elsewhere = "another-county/street/nb/estate"
    outbox.commit(*posts.rows(one.person_id, "worker", [elsewhere], org_id=company))
    for attempt in (
        lambda: administration.reset(admin(tree, "security_admin"), one.login),
        lambda: administration.give_code(admin(tree, "system_admin"), one.login),
        lambda: administration.reset_hired(manager(tree, "per_boss", company), one.login),
    ):
        with pytest.raises(NotFound, match="no_such_account"):
            attempt()


# -- posts: where, for whom, and with what -----------------------------------------------------


@pytest.mark.parametrize(
    ("role", "level", "body", "reason"),
    [
        ("emperor", Level.ESTATE, None, "no_such_role"),
        ("resident", Level.ESTATE, None, "no_such_role"),
        ("property_manager", Level.STREET, Body.COMPANY, "wrong_level"),
        ("property_manager", Level.BUILDING, Body.COMPANY, "wrong_level"),
        ("property_manager", Level.ESTATE, None, "organisation_required"),
        ("property_manager", Level.ESTATE, Body.COMMITTEE, "wrong_organisation"),
        ("property_manager", Level.ESTATE, Body.COMPANY, None),
        ("guard", Level.BUILDING, Body.COMPANY, None),
        ("police_officer", Level.STREET, Body.POLICE_STATION, None),
        ("system_admin", Level.STREET, None, "wrong_level"),
        ("county_officer", Level.COUNTY, None, None),
        ("county_officer", Level.COUNTY, Body.OFFICE, None),
        ("county_officer", Level.COUNTY, Body.COMPANY, "wrong_organisation"),
    ],
)
def test_a_role_stands_at_its_level_for_its_kind_of_body(role, level, body, reason):
    assert rules.misplaced(role, level, body) == reason


def test_every_role_has_its_level():
    assert set(rules.LEVELS) == set(PERMISSIONS) - {"resident"}


def test_a_company_attached_over_http_gets_its_first_manager(tree, employ, http, sign):
    officer = sign("", "o", audience="government", roles=["county_officer"], node=tree.county)
    asked = {"path": tree.estate, "body": "company", "name": "和美物业"}
    served = http("POST", "/government/attachments", asked, token=officer, idempotency_key="k" * 9)
    one = employ(tree.estate)
    caller = admin(tree, "security_admin")
    with pytest.raises(Unprocessable, match="organisation_required"):
        administration.appoint(caller, one.login, "property_manager", tree.estate)
    with pytest.raises(Unprocessable, match="wrong_organisation"):
        administration.appoint(caller, one.login, "guard", tree.estate, org_id="org_none")
    org_id = served.body["org_id"]
    administration.appoint(caller, one.login, "property_manager", tree.estate, org_id=org_id)
    signed = http("POST", "/session/staff", one.body()).body
    hired = {"login": new_login(), "name": "冯安", "role": "guard"}
    token = signed["access_token"]
    assert http("POST", "/property/staff", hired, token=token).status == 200
    listed = http("GET", "/property/staff", token=token).body["items"]
    assert {(item["login"], item["name"], item["role"]) for item in listed} == {
        (one.login, None, "property_manager"),
        (hired["login"], "冯安", "guard"),
    }


def test_one_person_has_many_roles_and_one_account(tree, employ, company):
    one, caller = employ(tree.estate), admin(tree, "security_admin")
    committee = bodies.attach(Body.COMMITTEE, "业委会", path=tree.estate).org_id
    for role, org_id in (("guard", company), ("worker", company), ("committee_chair", committee)):
        administration.appoint(caller, one.login, role, tree.estate, org_id=org_id)
    assert {post.role for post in posts.held_by(one.person_id)} == {
        "guard",
        "worker",
        "committee_chair",
    }
    with pytest.raises(Conflict, match="already_appointed"):
        administration.appoint(caller, one.login, "guard", tree.estate, org_id=company)
    other = bodies.attach(Body.COMPANY, "别家", path=tree.estate).org_id
    with pytest.raises(Conflict, match="serves_another"):
        administration.appoint(caller, one.login, "property_clerk", tree.estate, org_id=other)


def test_a_resident_gets_their_one_account(tree, employ, http):
    who = people.register_person(tree.community, name="赵委员")
    caller = admin(tree, "system_admin")
    made = administration.create(caller, new_login(), tree.estate, person_id=who)
    assert made.person_id == who
    with pytest.raises(Conflict, match="has_account"):
        administration.create(caller, new_login(), tree.estate, person_id=who)
    with pytest.raises(NotFound, match="no_such_person"):
        administration.create(caller, new_login(), tree.street, person_id=who)
    for said in ({}, {"name": "赵", "person_id": who}):
        with pytest.raises(Unprocessable, match="name_or_person"):
            administration.create(caller, new_login(), tree.estate, **said)


# -- duties ------------------------------------------------------------------------------------


def test_nobody_holds_two_duties(tree, employ):
    caller = admin(tree, "security_admin")
    for duty in DUTIES:
        account = employ(tree.county, duty)
        for other in DUTIES - {duty} | {"county_officer"}:
            with pytest.raises(Unprocessable, match="duties_conflict"):
                administration.appoint(caller, account.login, other, tree.county)
    both = employ(tree.county, "system_admin", "security_admin")  # as if written past the rule
    with pytest.raises(Forbidden, match="duties_conflict"):
        accounts.sign_in(both.login, both.password, both.code(), "government")


def test_of_two_appointments_at_once_one_is_judged_anew(tree, employ):
    """Both read no duty; the account's version lets one of them through."""
    one, caller = employ(tree.county), admin(tree, "security_admin")
    read = StaffAccount.find(one.login)
    administration.appoint(caller, one.login, "security_admin", tree.county)
    assert read is not None
    late = posts.rows(one.person_id, "system_admin", [tree.county])
    with pytest.raises(Conflict, match="lost_race"):
        outbox.commit(read, *late)


def test_a_refresh_ends_where_two_duties_meet(tree, employ):
    one = employ(tree.county, "system_admin")
    signed = accounts.sign_in(one.login, one.password, one.code(), "government")
    outbox.commit(*posts.rows(one.person_id, "security_admin", [tree.county]))
    with pytest.raises(Unauthenticated, match="session_ended"):
        sessions.refresh(signed.refresh_token)


def test_the_duties_share_no_permission_but_their_own_affairs():
    """What one does another may read, that is what an audit administrator is for."""
    own = PERMISSIONS["worker"]
    for duty in DUTIES:
        for other in DUTIES - {duty}:
            shared = PERMISSIONS[duty] & PERMISSIONS[other] - own
            assert [one for one in shared if ".read_" not in one] == []
    assert not conflicting(frozenset({"audit_admin", "resident"}))
    assert not conflicting(frozenset({"guard", "worker", "resident"}))
    assert conflicting(frozenset({"police_officer", "security_admin"}))


# -- a manager's own ---------------------------------------------------------------------------


def test_a_manager_hires_resets_and_dismisses_their_own_and_nobody_else(tree, employ, company):
    caller = manager(tree, "per_boss", company)
    hired = administration.hire(caller, new_login(), "guard", name="冯安")
    assert administration.reset_hired(caller, hired.login).setup_code
    for role in ("property_manager", "county_officer", "security_admin", "resident", "x"):
        with pytest.raises(Forbidden, match="role_not_hired") as refused:
            administration.hire(caller, new_login(), role, name="某人")
        assert refused.value.details == {"roles": ["guard", "property_clerk", "worker"]}
    boss = employ(tree.estate, "property_manager", org_id=company)
    beside = employ(tree.estate, "guard", org_id="org_other")
    officer = employ(tree.street, "street_officer")
    for login in (boss.login, beside.login, officer.login, "nobody-at-all"):
        with pytest.raises(NotFound, match="no_such_account"):
            administration.reset_hired(caller, login)
    with pytest.raises(NotFound, match="no_such_appointment"):
        administration.dismiss_hired(caller, beside.login, "guard", tree.estate)
    with pytest.raises(Forbidden, match="role_not_hired"):
        administration.dismiss_hired(caller, boss.login, "property_manager", tree.estate)
    gone = administration.dismiss_hired(caller, hired.login, "guard", tree.estate)
    assert (gone.role, gone.node_path, gone.org_id) == ("guard", tree.estate, company)
    assert posts.held_by(hired.person_id) == []


def test_who_is_dismissed_is_out_at_once(tree, employ):
    guard, caller = employ(tree.estate, "guard"), admin(tree, "security_admin")
    signed = accounts.sign_in(guard.login, guard.password, guard.code(), "property")
    time.sleep(0.005)
    administration.dismiss(caller, guard.login, "guard", tree.estate)
    with pytest.raises(Unauthenticated, match="session_ended"):
        sessions.refresh(signed.refresh_token)
    with pytest.raises(Forbidden, match="no_post"):
        accounts.sign_in(guard.login, guard.password, guard.code(30), "property")
    with pytest.raises(NotFound, match="no_such_appointment"):
        administration.dismiss(caller, guard.login, "guard", tree.estate)


def test_a_refresh_reads_the_posts_anew(tree, employ, company):
    guard, caller = employ(tree.estate, "guard", org_id=company), admin(tree, "security_admin")
    signed = accounts.sign_in(guard.login, guard.password, guard.code(), "property")
    administration.appoint(caller, guard.login, "worker", tree.estate, org_id=company)
    assert sessions.refresh(signed.refresh_token).roles == ("guard", "worker")


def test_over_http_each_duty_does_its_own_part(tree, employ, http):
    tokens = {}
    for duty in sorted(DUTIES):
        one = employ(tree.county, duty)
        reply = http("POST", "/session/staff", one.body(portal="government"))
        tokens[duty] = reply.body["access_token"]
    login = new_login()
    org_id = bodies.attach(Body.COMMITTEE, "业委会", path=tree.estate).org_id
    new = {"login": login, "node_path": tree.estate, "name": "卫主任"}
    post = {"role": "committee_chair", "node_path": tree.estate, "org_id": org_id}
    assert http("POST", "/government/staff", new, token=tokens["security_admin"]).status == 403
    made = http("POST", "/government/staff", new, token=tokens["system_admin"])
    assert made.status == 200
    path = f"/government/staff/{login}"
    assert http("POST", f"{path}/appoint", post, token=tokens["system_admin"]).status == 403
    appointed = http("POST", f"{path}/appoint", post, token=tokens["security_admin"])
    assert appointed.body == {"login": login, "person_id": made.body["person_id"], **post}
    password = {"login": login, "password": "Correct-Horse-7"}
    body = {**password, "setup_code": made.body["setup_code"]}
    code = http("POST", "/session/setup", body).body["recovery_codes"][0]
    signed = http("POST", "/session/staff", {**password, "code": code, "portal": "committee"})
    assert signed.body["roles"] == ["committee_chair"]
    reset = http("POST", f"{path}/reset", token=tokens["security_admin"])
    assert (reset.status, "setup_code" in reset.body) == (200, False)
    assert http("POST", f"{path}/setup-code", token=tokens["security_admin"]).status == 403
    assert http("POST", f"{path}/setup-code", token=tokens["system_admin"]).status == 200
    told = http("GET", "/government/acts", token=tokens["audit_admin"]).body["items"]
    assert [item["act"] for item in told][:4] == ["code_given", "reset", "appointed", "created"]
    listed = http("GET", f"/government/staff?under={tree.estate}", token=tokens["audit_admin"])
    assert [item["name"] for item in listed.body["items"]] == ["卫主任"]
