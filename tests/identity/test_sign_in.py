"""Residents: a WeChat code, a phone number, and everything that is no such thing."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import pytest

from benchmarks.calls import counting
from chalicelib.core import clock, outbox, sealing
from chalicelib.core.errors import Conflict, Unauthenticated, Unavailable
from chalicelib.core.revocations import Revocation
from chalicelib.identity import public as identity
from chalicelib.identity.gateways import wechat as gateway
from chalicelib.identity.public import add_unit
from chalicelib.identity.rules import sessions as rules
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import organisation, people, sign_in
from chalicelib.identity.service.organisation import Place
from chalicelib.identity.tables.people import Person
from chalicelib.identity.tables.sessions import Session, WeChatHome
from simulators.wechat.state import RISKY, Fault


@pytest.fixture
def openid() -> str:
    return f"o_{uuid.uuid4().hex}"


@pytest.fixture
def phone() -> str:
    return f"139{uuid.uuid4().int % 10**8:08}"


@pytest.fixture
def known(tree, phone) -> str:
    """A resident whom the property company registered with their phone number."""
    return people.register_person(tree.community, name="林晓", phone=phone)


@pytest.fixture
def arrive(http, wechat, openid):
    def do(**more):
        return http("POST", "/session/wechat", {"js_code": wechat.login_code(openid), **more})

    return do


@pytest.fixture
def give_phone(http, wechat, arrive, phone):
    def do(ticket="", **more):
        body = {"ticket": ticket or arrive().body["ticket"], **more}
        return http("POST", "/session/phone", {"phone_code": wechat.phone_code(phone), **body})

    return do


def test_who_is_not_known_gets_a_ticket_and_nothing_else(arrive):
    reply = arrive()
    assert (reply.status, reply.body["session"]) == (200, None)
    assert reply.body["ticket"]


def test_the_registered_number_is_that_person(known, give_phone, arrive, tree, http):
    signed = give_phone().body["session"]
    assert (signed["subject_id"], signed["community_id"]) == (known, tree.community)
    assert signed["node_path"] == tree.estate
    again = arrive(device="iPhone").body
    assert (again["session"]["subject_id"], again["ticket"]) == (known, None)
    assert http("GET", "/resident/me", token=again["session"]["access_token"]).status == 200


def test_a_new_number_becomes_a_person_without_a_flat(give_phone, arrive, tree, http, phone):
    ticket = arrive().body["ticket"]
    assert give_phone(ticket).code == "choose_community"
    signed = give_phone(ticket, community_id=tree.community).body["session"]
    me = http("GET", "/resident/me", token=signed["access_token"]).body
    assert (me["subject_id"], me["unit_ids"]) == (signed["subject_id"], [])
    person = people.find_person(tree.community, signed["subject_id"])
    assert person is not None
    assert phone.encode() not in bytes(person.phone)


def test_nobody_is_made_in_an_estate_that_is_none(give_phone):
    reply = give_phone(community_id="com_nowhere")
    assert (reply.status, reply.code) == (404, "no_such_community")


def test_a_number_has_one_owner_in_a_community(known, tree, phone):
    with pytest.raises(Conflict, match="lost_race"):
        people.register_person(tree.community, name="林父", phone=phone)
    (claim,) = people.persons_by_phone(sealing.index("phone", phone))
    assert claim.person_id == known


def test_of_newcomers_at_once_a_number_makes_one(tree, phone, wechat):
    def arrive(number: int) -> bool:
        ticket = str(sign_in.sign_in(wechat.login_code(f"o_{phone}_{number}")).ticket)
        try:
            sign_in.add_phone(ticket, wechat.phone_code(phone), community_id=tree.community)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(arrive, range(4))) == 1
    assert len(list(Person.query(tree.community))) == 1


@pytest.fixture
def as_another(http, wechat, phone):
    """Sign in with the same number by another WeChat account."""
    other = f"o_{uuid.uuid4().hex}"

    def do():
        first = http("POST", "/session/wechat", {"js_code": wechat.login_code(other)}).body
        body = {"ticket": first["ticket"], "phone_code": wechat.phone_code(phone)}
        return http("POST", "/session/phone", body)

    return do


def test_a_recycled_number_takes_nobody_over(known, give_phone, tree, as_another, openid):
    add_unit(tree.community, "u1", "101")
    identity.move_in(tree.community, "u1", known, Tie.OWNER)
    give_phone()
    refused = as_another()
    assert (refused.status, refused.code) == (409, "other_wechat")
    linked = sign_in.wechat_of(tree.community, known)
    assert linked is not None
    assert linked.openid == openid


def test_the_company_lets_a_second_account_in(known, give_phone, tree, as_another, http, sign):  # noqa: PLR0917 -- fixtures
    give_phone()
    clerk = sign(tree.community, "clerk", audience="property", roles=["property_clerk"])
    path = f"/property/people/{known}/unlink-wechat"
    assert http("POST", path, token=clerk).status == 200
    assert http("POST", path, token=clerk).code == "no_wechat"
    assert as_another().body["session"]["subject_id"] == known


def test_the_estate_is_found_from_the_counties_down(tree, http):
    add_unit(tree.community, "u1", "101", at=Place("1号楼", "", "101", 1))
    pages: list[dict[str, str]] = []
    after = ""
    while not pages or after:
        found = http("GET", f"/session/places?limit=100{after}").body
        pages += found["items"]
        after = found["next"] and f"&cursor={quote(found['next'])}"
    assert {"county"} == {place["level"] for place in pages}
    assert tree.county in {place["path"] for place in pages}
    (street,) = http("GET", f"/session/places?under={tree.county}").body["items"]
    (below,) = http("GET", f"/session/places?under={street['path']}").body["items"]
    (estate,) = http("GET", f"/session/places?under={below['path']}").body["items"]
    assert (estate["node_id"], estate["name"]) == (tree.community, "和苑")
    for path in (estate["path"], "nowhere", f"{tree.county}/nowhere"):
        reply = http("GET", f"/session/places?under={path}")
        assert (reply.status, reply.code) == (404, "no_such_node")


def test_a_sign_in_is_three_calls(known, give_phone, wechat, openid):
    give_phone()
    sign_in._path_of.cache_clear()
    code = wechat.login_code(openid)
    with counting("dynamodb") as stored:
        sign_in.sign_in(code)
    assert stored.total <= 3, str(stored)


def test_two_communities_and_the_one_used_last(known, give_phone, arrive, tree, phone):

    other = f"com_{uuid.uuid4().hex[:20]}"
    organisation.found_community(other, "林苑", parent=tree.neighbourhood)
    there = people.register_person(other, name="林晓", phone=phone)
    assert give_phone().body["community_ids"] == sorted([tree.community, other])
    assert arrive(community_id=other).body["session"]["subject_id"] == there
    assert arrive().body["session"]["subject_id"] == there
    assert arrive(community_id=tree.community).body["session"]["subject_id"] == known
    elsewhere = arrive(community_id="com_third").body
    assert (elsewhere["session"], bool(elsewhere["ticket"])) == (None, True)


def test_links_end_with_the_person(known, give_phone, arrive, tree, openid):
    give_phone()
    linked = sign_in.wechat_of(tree.community, known)
    assert linked is not None
    assert linked.openid == openid
    outbox.commit(deletes=sign_in.links_of(people.person_of(tree.community, known)))
    assert arrive().body["session"] is None


def test_moving_out_signs_out(known, give_phone, tree, http):

    add_unit(tree.community, "u1", "101")
    identity.move_in(tree.community, "u1", known, Tie.OWNER)
    signed = give_phone().body["session"]
    identity.move_out(tree.community, "u1", known, at=clock.now() + timedelta(milliseconds=1))
    reply = http("POST", "/session/refresh", {"refresh_token": signed["refresh_token"]})
    assert (reply.status, reply.code) == (401, "session_ended")


# -- bad input: a stable code, and nothing changed ---------------------------------------------


def contents() -> list[int]:
    return [
        sum(1 for _ in row.scan(attributes_to_get=["version"]))
        for row in (Session, WeChatHome, Revocation, Person)
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"js_code": "nonsense"}, 422, "wechat_code_invalid"),
        ({"js_code": ""}, 400, "invalid_request"),
        ({"js_code": "x" * 1_000_000}, 400, "invalid_request"),
        ({"js_code": "a\x00b"}, 400, "invalid_request"),
        ({"js_code": "a\u202eb"}, 400, "invalid_request"),
        ({"js_code": "x", "device": "\u202eiPhone"}, 400, "invalid_request"),
        ({"js_code": "x", "openid": "o_1"}, 400, "invalid_request"),
        ({"js_code": "x", "community_id": "a/b"}, 400, "invalid_request"),
        ({"js_code": ["x"]}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
    ],
)
def test_what_is_no_login_code(http, wechat, body, status, code):
    before = contents()
    reply = http("POST", "/session/wechat", body)
    assert (reply.status, reply.code) == (status, code)
    assert contents() == before


def test_a_used_and_an_expired_code(http, wechat, openid):
    code = wechat.login_code(openid)
    assert http("POST", "/session/wechat", {"js_code": code}).status == 200
    reply = http("POST", "/session/wechat", {"js_code": code})
    assert (reply.status, reply.code) == (422, "wechat_code_used")
    late = wechat.login_code(openid)
    wechat.logins[late].made -= 301
    reply = http("POST", "/session/wechat", {"js_code": late})
    assert (reply.status, reply.code) == (422, "wechat_code_invalid")


@pytest.mark.parametrize("ticket", ["x" * 40, "AAAA" * 40])
def test_a_forged_ticket(http, wechat, phone, ticket):
    body = {"ticket": ticket, "phone_code": wechat.phone_code(phone)}
    reply = http("POST", "/session/phone", body)
    assert (reply.status, reply.code) == (401, "ticket_invalid")


def test_a_refresh_token_is_no_ticket(known, give_phone, http, wechat, phone):
    signed = give_phone().body["session"]
    body = {"ticket": signed["refresh_token"], "phone_code": wechat.phone_code(phone)}
    assert http("POST", "/session/phone", body).code == "ticket_invalid"


def test_a_ticket_of_yesterday(arrive, wechat, phone):
    ticket, late = arrive().body["ticket"], clock.now() + rules.TICKET_LIVES
    with pytest.raises(Unauthenticated, match="ticket_expired"):
        sign_in.add_phone(ticket, wechat.phone_code(phone), at=late)


def test_a_used_phone_code(known, arrive, http, wechat, phone):
    body = {"ticket": arrive().body["ticket"], "phone_code": wechat.phone_code(phone)}
    assert http("POST", "/session/phone", body).status == 200
    reply = http("POST", "/session/phone", body)
    assert (reply.status, reply.code) == (422, "wechat_code_used")


# -- WeChat's own failures ---------------------------------------------------------------------

LOGIN = "/sns/jscode2session"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault(errcode=-1, times=1), 200, None),
        (Fault(status=502, times=2), 200, None),
        (Fault(errcode=-1, times=3), 503, "wechat_unavailable"),
        (Fault(cut=True), 503, "wechat_unavailable"),
        (Fault(errcode=45011), 429, "wechat_busy"),
        (Fault(errcode=40226), 403, "wechat_user_blocked"),
        (Fault(errcode=48001), 503, "wechat_unavailable"),
    ],
)
def test_wechats_failures_have_our_codes(arrive, wechat, fault, status, code):
    wechat.faults[LOGIN] = fault
    reply = arrive()
    assert (reply.status, reply.body.get("code")) == (status, code)
    wechat.faults.clear()


def test_our_secret_is_in_no_refusal_and_no_log(wechat, arrive, caplog):
    wechat.faults[LOGIN] = Fault(cut=True)
    with pytest.raises(Unavailable) as refused:
        gateway.sign_in("x")
    assert refused.value.__suppress_context__
    assert wechat.secret not in caplog.text


def test_a_stale_access_token_is_replaced_once(cloud, wechat):
    gateway.check_text("o_1", "邻居好", scene=2)
    wechat.tokens.clear()
    before = wechat.asked["/cgi-bin/stable_token"]
    assert gateway.check_text("o_1", f"有{RISKY}", scene=2).suggest == "risky"
    gateway.check_media("o_1", "https://media.invalid/1.jpg", media_type=2, scene=2)
    assert wechat.asked["/cgi-bin/stable_token"] == before + 1


def test_a_code_picture(cloud, wechat):
    assert gateway.qr_code("g=1", "pages/open").startswith(b"\xff\xd8")
