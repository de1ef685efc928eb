"""Staff: two factors, recovery, set-up; who guesses is in `test_lockout`."""

import statistics
import time
import uuid
from datetime import timedelta

import pytest

from benchmarks.calls import counting
from chalicelib.core import clock, outbox
from chalicelib.core.errors import Conflict, Unauthenticated
from chalicelib.identity.rules import sessions as rules
from chalicelib.identity.rules.guesses import FREE_TRIES
from chalicelib.identity.service import posts
from chalicelib.identity.service import staff as accounts
from chalicelib.identity.tables.sessions import StaffAccount


def row_of(login: str) -> StaffAccount:
    found = StaffAccount.find(login)
    assert found is not None
    return found


def test_password_and_code_open_a_session(tree, employ, http):
    guard = employ(tree.estate, "guard")
    signed = http("POST", "/session/staff", guard.body(device="值班室")).body
    assert (signed["roles"], signed["node_path"]) == (["guard"], tree.estate)
    assert signed["community_id"] == tree.community
    assert http("GET", "/property/alerts", token=signed["access_token"]).status == 200
    assert http("GET", "/property/staff", token=signed["access_token"]).status == 403


def test_an_officer_above_estates_has_no_community(tree, employ, http):
    officer = employ(tree.street, "street_officer")
    signed = http("POST", "/session/staff", officer.body(portal="government")).body
    assert (signed["community_id"], signed["node_path"]) == ("", tree.street)
    assert http("GET", "/government/me", token=signed["access_token"]).status == 200


def test_a_sign_in_is_three_calls(tree, employ):
    guard = employ(tree.estate, "guard")
    with counting("dynamodb") as stored:
        accounts.sign_in(guard.login, guard.password, guard.code(), "property")
    assert stored.total <= 3, str(stored)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"code": "000000"},
        {"code": "AAAAA-AAAAA"},
        {"login": "nobody-at-all"},
    ],
)
def test_whatever_was_wrong_is_told_alike(tree, employ, http, wrong):
    reply = http("POST", "/session/staff", employ(tree.estate, "guard").body(**wrong))
    assert (reply.status, reply.code) == (401, "sign_in_refused")


def test_a_code_is_good_once(tree, employ):
    guard, code = (one := employ(tree.estate, "guard")), one.code()
    accounts.sign_in(guard.login, guard.password, code, "property")
    with pytest.raises(Unauthenticated, match="sign_in_refused"):
        accounts.sign_in(guard.login, guard.password, code, "property")
    accounts.sign_in(guard.login, guard.password, guard.code(30), "property")
    with pytest.raises(Unauthenticated, match="sign_in_refused"):
        accounts.sign_in(guard.login, guard.password, guard.code(0), "property")


def test_a_recovery_code_is_good_once(tree, employ):
    guard = employ(tree.estate, "guard")
    assert len(set(guard.recovery)) == rules.RECOVERY_CODES
    for typed in (guard.recovery[0], guard.recovery[1].lower().replace("-", "")):
        accounts.sign_in(guard.login, guard.password, typed, "property")
        with pytest.raises(Unauthenticated):
            accounts.sign_in(guard.login, guard.password, typed, "property")


@pytest.mark.parametrize("exists", [True, False])
def test_a_day_later_a_name_still_tells_nothing(tree, employ, exists):
    """DynamoDB deletes late: the row of a name that nobody has is there after its day."""
    login = employ(tree.estate, "guard").login if exists else f"x{uuid.uuid4().hex[:10]}"
    at = clock.now() - timedelta(days=2)
    for _ in range(FREE_TRIES):
        with pytest.raises(Unauthenticated):
            accounts.sign_in(login, "wrong", "000000", "property", at=at)
    with pytest.raises(Unauthenticated, match="sign_in_refused"):
        accounts.sign_in(login, "wrong", "000000", "property")
    row = StaffAccount.kept(login)
    assert row is not None
    assert {count[0] for count in row.counts.values()} == {1}


def test_a_name_whose_ghost_is_over_can_still_be_given(tree):
    login = f"x{uuid.uuid4().hex[:10]}"
    with pytest.raises(Unauthenticated):
        accounts.sign_in(login, "wrong", "0", "property", at=clock.now() - timedelta(days=2))
    assert StaffAccount.find(login) is None
    assert accounts.open_account(login, tree.estate).login == login


def test_a_name_that_was_only_tried_can_still_be_given(tree, employ):
    login = f"x{uuid.uuid4().hex[:10]}"
    with pytest.raises(Unauthenticated):
        accounts.sign_in(login, "wrong", "000000", "property")
    assert row_of(login).expires
    employ(tree.estate, "guard", login=login)
    assert row_of(login).expires is None
    with pytest.raises(Conflict, match="login_taken"):
        accounts.open_account(login, tree.estate)


def test_an_unknown_name_takes_as_long_as_a_known_one(tree, employ):
    """SECURITY.md 16; the medians may differ by a third, noise of a busy machine included."""
    guard = employ(tree.estate, "guard")

    def seconds(login: str) -> float:
        took = []
        for _ in range(4):
            began = time.perf_counter()
            with pytest.raises(Unauthenticated):
                accounts.sign_in(login, "wrong", "000000", "property")
            took.append(time.perf_counter() - began)
        return statistics.median(took)

    seconds(f"x{uuid.uuid4().hex[:10]}")  # warm
    known, unknown = seconds(guard.login), seconds(f"x{uuid.uuid4().hex[:10]}")
    assert 0.5 < known / unknown < 2


def test_two_places_must_be_told_apart(tree, employ, http):
    manager = employ(tree.estate, "property_manager", "guard")
    accounts.sign_in(manager.login, manager.password, manager.code(-30), "property")
    elsewhere = f"{tree.neighbourhood}/elsewhere"
    outbox.commit(*posts.rows(manager.person_id, "worker", [elsewhere]))
    reply = http("POST", "/session/staff", manager.body())
    assert (reply.status, reply.code) == (422, "choose_post")
    assert reply.body["details"]["node_paths"] == sorted([tree.estate, elsewhere])
    signed = http("POST", "/session/staff", manager.body(node_path=tree.estate)).body
    assert signed["roles"] == ["guard", "property_manager"]


def test_nobody_enters_a_portal_where_they_have_no_post(tree, employ, http):
    guard = employ(tree.estate, "guard")
    reply = http("POST", "/session/staff", guard.body(portal="government"))
    assert (reply.status, reply.code) == (403, "no_post")


# -- set-up and reset --------------------------------------------------------------------------


def test_a_weak_password_is_refused_with_its_reason(tree, http):
    account = accounts.open_account(f"s{uuid.uuid4().hex[:10]}", tree.estate)
    body = {"login": account.login, "setup_code": account.setup_code}
    for password, code in (
        ("short-A1", "password_length"),
        (f"{account.login}-A1", "password_guessable"),
        ("aaaaaaaaaaaaaaA1", "password_guessable"),
        ("alllowercase", "password_too_plain"),
    ):
        reply = http("POST", "/session/setup", {**body, "password": password})
        assert (reply.status, reply.code) == (422, code)


def test_a_setup_code_dies_at_the_first_sign_in_and_after_three_days(tree, employ):
    login = f"s{uuid.uuid4().hex[:10]}"
    account = accounts.open_account(login, tree.estate)
    late = clock.now() + rules.SETUP_LIVES
    with pytest.raises(Unauthenticated):
        accounts.set_up(login, account.setup_code, "Correct-Horse-7", at=late)
    with pytest.raises(Unauthenticated):
        accounts.set_up(login, "AAAAA-AAAAA-AAAAA", "Correct-Horse-7")
    accounts.set_up(login, account.setup_code.lower(), "Correct-Horse-7")
    used = employ(tree.estate, "guard")
    accounts.sign_in(used.login, used.password, used.code(), "property")
    assert row_of(used.login).setup is None


def test_nothing_secret_is_stored_as_it_is(tree, employ):
    guard = employ(tree.estate, "guard")
    stored = repr(row_of(guard.login).serialize())
    assert "$argon2id$" in stored
    for told in (guard.password, guard.secret, *guard.recovery):
        assert told not in stored
        assert told.replace("-", "") not in stored
