"""Floods of sign-in: what a source, a WeChat account, an estate may ask (SECURITY.md 12)."""

import contextlib
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.core.errors import TooMany
from chalicelib.identity import public as identity
from chalicelib.identity.routes.sessions import SIGN_INS
from chalicelib.identity.service import organisation, people, sign_in, wishes
from chalicelib.identity.tables.people import Person
from chalicelib.identity.tables.sessions import WeChatHome

LOGIN, PHONE = "/sns/jscode2session", "/wxa/business/getuserphonenumber"


@pytest.fixture
def openid() -> str:
    return f"o_{uuid.uuid4().hex}"


@pytest.fixture
def ticket(wechat, openid, cloud) -> str:
    return str(sign_in.sign_in(wechat.login_code(openid)).ticket)


def number() -> str:
    return f"139{uuid.uuid4().int % 10**8:08}"


@pytest.fixture
def give_phone(http, wechat, ticket, tree):
    def do(phone: str = "", **more):
        code = wechat.phone_code(phone) if phone else f"bad{uuid.uuid4().hex}"
        body = {"ticket": ticket, "phone_code": code, "community_id": tree.community, **more}
        return http("POST", "/session/phone", body)

    return do


def test_wechat_hears_no_more_of_a_flood_than_the_budget_of_its_source(http, wechat):
    """A thousand bad codes were a thousand calls; whoever comes from elsewhere is served."""
    before = wechat.asked[LOGIN]
    told = Counter(
        http("POST", "/session/wechat", {"js_code": f"bad{n}"}).status for n in range(200)
    )
    assert set(told) == {422, 429}
    assert wechat.asked[LOGIN] - before == told[422]
    assert SIGN_INS.burst <= told[422] < 120
    http.source = "198.51.100.77"
    assert http("POST", "/session/wechat", {"js_code": "bad"}).status == 422


def test_what_cannot_be_read_is_charged_too(http):
    told = Counter(http("POST", "/session/wechat", b"{").status for _ in range(200))
    assert set(told) == {400, 429}


def test_codes_of_phones_are_bought_as_often_as_the_account_may(wechat, give_phone):
    """WeChat charges us for each; 300 on one ticket were asked for."""
    before = wechat.asked[PHONE]
    told = Counter(give_phone().status for _ in range(30))
    assert told == {422: sign_in.PHONES.burst, 429: 30 - sign_in.PHONES.burst}
    assert wechat.asked[PHONE] - before == sign_in.PHONES.burst


def test_one_account_signs_in_so_often(http, wechat, openid):
    told = Counter(
        http("POST", "/session/wechat", {"js_code": wechat.login_code(openid)}).status
        for _ in range(15)
    )
    assert told == {200: sign_in.ACCOUNT.burst, 429: 15 - sign_in.ACCOUNT.burst}


def test_an_estate_that_is_flooded_is_no_other_estate(tree, wechat, give_phone):
    """Only who WeChat vouches for is counted, so that naming an estate does not close it."""
    other = f"com_{uuid.uuid4().hex[:20]}"
    organisation.found_community(other, "林苑", parent=tree.neighbourhood)
    with contextlib.suppress(TooMany):
        for _ in range(2 * sign_in.ESTATE.burst):
            sign_in.ESTATE.charge(tree.community)
    before = wechat.asked[PHONE]
    refused = give_phone(number())
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert wechat.asked[PHONE] == before
    assert list(Person.query(tree.community)) == []
    assert give_phone(number(), community_id=other).status == 200


# -- a ticket signs in once --------------------------------------------------------------------


def homes(openid: str) -> list[WeChatHome]:
    return list(WeChatHome.query(sign_in._account_key(openid)))


def test_a_ticket_links_one_person(give_phone, tree, openid, ticket):
    """It was good for ten minutes: a second number's person was linked to the same account."""
    other = f"com_{uuid.uuid4().hex[:20]}"
    organisation.found_community(other, "林苑", parent=tree.neighbourhood)
    assert give_phone(number()).status == 200
    again = give_phone(number(), community_id=other)
    assert (again.status, again.code) == (401, "ticket_used")
    padded = give_phone(number(), community_id=other, ticket=f"{ticket}=")
    assert padded.status == 400
    assert [home.community_id for home in homes(openid)] == [tree.community]
    assert list(Person.query(other)) == []


def test_of_a_ticket_at_one_time_one_signs_in(give_phone, tree, openid):
    places = [tree.community]
    for _ in range(2):
        places.append(f"com_{uuid.uuid4().hex[:20]}")
        organisation.found_community(places[-1], "林苑", parent=tree.neighbourhood)
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(lambda at: give_phone(number(), community_id=at), places))
    assert sorted(reply.status for reply in replies) == [200, 401, 401]
    assert len(homes(openid)) == 1


def test_a_number_that_was_wrong_spends_no_ticket(give_phone):
    assert give_phone().status == 422
    assert give_phone(number()).status == 200


def test_of_wishes_at_one_time_the_budget_is_granted(http, tree, sign):
    """A hundred at once were a hundred: each read that none was waiting."""
    token = sign(tree.community, "per_w", node=tree.estate)
    people.register_person(tree.community, name="林晓", person_id="per_w")
    for room in range(30):
        identity.add_unit(tree.community, f"u{room}", str(room))

    def wish(room: int) -> int:
        body = {"unit_id": f"u{room}", "tie": "family"}
        headers = {"idempotency_key": f"wish-{room:04}"}
        return int(http("POST", "/resident/bindings", body, token=token, **headers).status)

    with ThreadPoolExecutor(8) as pool:
        told = Counter(pool.map(wish, range(30)))
    assert told[200] <= wishes.WISHES.burst
    assert told[429] >= 20
