"""Guessing at accounts of staff: locks by source, races, and that nobody else is kept out."""

import contextlib
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.calls import counting
from chalicelib.core import clock, context, outbox
from chalicelib.core.errors import Forbidden, Refusal, TooMany, Unauthenticated, Unprocessable
from chalicelib.identity.rules import guesses as rules
from chalicelib.identity.rules.guesses import FREE_TRIES, STRANGERS_FREE
from chalicelib.identity.service import lockout, posts
from chalicelib.identity.service import staff as accounts

HOME, ABROAD, THIEF = "198.51.100.1", "198.51.100.2", "203.0.113.1"


def guess(login: str, source: str, at: datetime | None = None, code: str = "000000") -> str:
    """Try with a wrong password; return how it was refused."""
    with context.asked_from(source), pytest.raises(Refusal) as refused:
        accounts.sign_in(login, "wrong", code, "property", at=at)
    return refused.value.code


def enter(one, source: str, code: str = "", at: datetime | None = None) -> str:
    with context.asked_from(source):
        signed = accounts.sign_in(one.login, one.password, code or one.code(), "property", at=at)
    return signed.subject_id


def besiege(login: str, at: datetime | None = None) -> None:
    """Guess from many sources until strangers are locked out."""
    for number in range(STRANGERS_FREE):
        assert guess(login, f"203.0.113.{number}", at) == "sign_in_refused"
    assert guess(login, "203.0.113.250", at) == "sign_in_locked"


@pytest.mark.parametrize("exists", [True, False])
def test_guessing_is_locked_out_whether_the_name_exists_or_not(tree, employ, exists):
    login = employ(tree.estate, "guard").login if exists else f"x{uuid.uuid4().hex[:10]}"
    at = clock.now()
    assert {guess(login, THIEF, at) for _ in range(FREE_TRIES)} == {"sign_in_refused"}
    for wait, said in ((60, "60秒"), (120, "2分钟")):
        with context.asked_from(THIEF), pytest.raises(TooMany, match="sign_in_locked") as locked:
            accounts.sign_in(login, "wrong", "000000", "property", at=at)
        assert locked.value.retry_after == wait
        assert said in locked.value.message
        at += timedelta(seconds=wait + 1)
        assert guess(login, THIEF, at) == "sign_in_refused"


def test_the_right_password_does_not_pass_a_lock(tree, employ, http):
    guard = employ(tree.estate, "guard")
    for _ in range(FREE_TRIES):
        http("POST", "/session/staff", guard.body(code="000000"))
    for code in (guard.code(), guard.recovery[0]):
        reply = http("POST", "/session/staff", guard.body(code=code))
        assert (reply.status, reply.code) == (429, "sign_in_locked")
        assert 0 < int(reply.headers["retry-after"]) <= 60


# -- many at once ------------------------------------------------------------------------------


@pytest.mark.parametrize("portal", ["property", "government"])
def test_of_guesses_at_one_time_each_is_counted(tree, employ, http, portal):
    """One of fifty is right. Where the guard has no post it was 403 to 409 and 401, uncounted."""
    guard = employ(tree.estate, "guard")
    bodies = [guard.body(code=f"{n:06}", portal=portal) for n in range(24)]
    bodies.append(guard.body(portal=portal))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda body: http("POST", "/session/staff", body), bodies))
    told = Counter((reply.status, reply.body.get("code")) for reply in replies)
    assert told[(401, "sign_in_refused")] <= FREE_TRIES
    assert not told[(409, "lost_race")]
    assert told[(429, "sign_in_locked")] + told[(429, "too_many_requests")] >= 18


def test_the_right_code_at_the_wrong_portal_is_spent(tree, employ):
    guard = employ(tree.estate, "guard")
    with pytest.raises(Forbidden, match="no_post"):
        accounts.sign_in(guard.login, guard.password, guard.code(), "government")
    with pytest.raises(Unauthenticated):
        accounts.sign_in(guard.login, guard.password, guard.code(), "property")
    assert enter(guard, HOME, guard.code(30))


def test_the_owner_is_let_in_while_somebody_guesses(tree, employ):
    """Each counted guess turns the row: the owner was told 409 then."""
    guard = employ(tree.estate, "guard")

    def stranger(number: int) -> str:
        return guess(guard.login, f"203.0.113.{number}")

    with ThreadPoolExecutor(6) as pool:
        tried = [pool.submit(stranger, number) for number in range(10)]
        owner = pool.submit(enter, guard, HOME)
        tried += [pool.submit(stranger, number) for number in range(10, 20)]
    assert owner.result() == guard.person_id
    assert {one.result() for one in tried} <= {"sign_in_refused", "too_many_requests"}


def test_one_code_lets_in_once_at_one_time(tree, employ):
    guard = employ(tree.estate, "guard")

    def attempt(_: int) -> str:
        try:
            return enter(guard, HOME, guard.recovery[0])
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(5) as pool:
        told = Counter(pool.map(attempt, range(5)))
    assert told.pop(guard.person_id) == 1
    assert set(told) <= {"sign_in_refused", "sign_in_locked"}


# -- nobody is kept out by others --------------------------------------------------------------


def test_a_guesser_locks_out_nobody_but_themselves(tree, employ):
    guard = employ(tree.estate, "guard")
    for _ in range(FREE_TRIES):
        guess(guard.login, THIEF)
    assert guess(guard.login, THIEF) == "sign_in_locked"
    assert enter(guard, HOME) == guard.person_id


def test_many_guessers_lock_out_strangers_and_not_the_owner(tree, employ):
    guard = employ(tree.estate, "guard")
    enter(guard, HOME, guard.code(-30))
    besiege(guard.login)
    with pytest.raises(TooMany, match="sign_in_locked"):
        enter(guard, ABROAD)
    assert enter(guard, HOME) == guard.person_id
    assert enter(guard, ABROAD, guard.recovery[0]) == guard.person_id


def test_a_set_up_is_not_kept_out_either(tree, employ):
    account = accounts.open_account(f"s{uuid.uuid4().hex[:10]}", tree.estate)
    besiege(account.login)
    with context.asked_from(ABROAD):
        enrolled = accounts.set_up(account.login, account.setup_code, "Correct-Horse-7")
    assert enrolled.totp_secret


def test_one_guess_in_a_quarter_of_an_hour_locks_nothing(tree, employ):
    """Failures never lapsed while they went on: one guess in time kept everybody out for good."""
    guard, at = employ(tree.estate, "guard"), clock.now() - timedelta(days=1)
    for number in range(60):
        when = at + number * timedelta(minutes=15)
        assert guess(guard.login, f"203.0.113.{number % 3}", when) == "sign_in_refused"
    assert enter(guard, ABROAD) == guard.person_id


def test_a_siege_ends(tree, employ):
    guard, at = employ(tree.estate, "guard"), clock.now() - timedelta(minutes=20)
    besiege(guard.login, at)
    assert enter(guard, ABROAD) == guard.person_id


def test_strangers_share_the_time_of_hashing_and_the_owner_does_not_wait(tree, employ):
    """SECURITY.md 12: a password costs 30 ms of a core, whoever sends it."""
    guard = employ(tree.estate, "guard")
    enter(guard, HOME, guard.code(-30))
    with clock.standing_at(clock.now() - timedelta(hours=1)):
        for _ in range(lockout.STRANGERS.burst):
            with contextlib.suppress(TooMany):
                lockout.STRANGERS.charge("all")
        with counting("dynamodb") as stored:
            assert guess(guard.login, THIEF) == "too_many_requests"
        assert stored.total == 1
        assert guess(guard.login, HOME) == "sign_in_refused"
        assert guess(guard.login, ABROAD, code=guard.recovery[0]) == "sign_in_refused"


def test_a_spray_over_many_names_is_the_budget_of_its_source(tree, http):
    def spray(number: int) -> int:
        body = {"login": f"sp{uuid.uuid4().hex[:9]}", "password": "Company2026!!",
                "code": f"{number:06}", "portal": "property"}  # fmt: skip
        return int(http("POST", "/session/staff", body).status)

    told = Counter(spray(number) for number in range(90))
    assert set(told) == {401, 429}
    assert told[401] < 85


def test_what_a_failure_logs_names_nobody_and_can_be_counted(tree, employ, caplog):
    guard = employ(tree.estate, "guard")
    for source in (THIEF, THIEF, ABROAD):
        guess(guard.login, source)
    said = [vars(one) for one in caplog.records if one.msg == "sign-in refused"]
    assert len({one["account"] for one in said}) == 1
    first, second, third = (one["source"] for one in said)
    assert first == second != third
    for told in (guard.login, THIEF, ABROAD):
        assert told not in repr(said)


def test_a_choice_of_posts_spends_nothing(tree, employ):
    manager = employ(tree.estate, "property_manager")
    other = f"{tree.neighbourhood}/elsewhere"
    outbox.commit(*posts.rows(manager.person_id, "guard", [other]))
    with pytest.raises(Unprocessable, match="choose_post"):
        enter(manager, HOME)
    with context.asked_from(HOME):
        accounts.sign_in(
            manager.login, manager.password, manager.code(), "property", node_path=other
        )


# -- pure rules --------------------------------------------------------------------------------

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_lock_doubles_up_to_a_quarter_of_an_hour():
    waits = [rules.locked_for(n).total_seconds() / 60 for n in (-5, -1, 0, 1, 2, 3, 4, 500)]
    assert waits == [0, 0, 1, 2, 4, 8, 15, 15]


def test_a_row_remembers_few_sources_and_the_owner_among_them():
    counts: rules.Counts = {}
    for number in range(10):
        counts = rules.signed_in(counts, f"home-{number}", NOON + timedelta(days=number))
    for number in range(500):
        counts = rules.failed(counts, f"thief-{number}", NOON + timedelta(days=9))
    assert len(counts) == rules.MOST_KNOWN + rules.MOST_STRANGE + 1
    assert {f"home-{n}" for n in range(6, 10)} <= set(counts)
    assert counts[rules.STRANGERS].failures == STRANGERS_FREE + rules.MOST_OVER


def test_who_did_not_come_for_a_month_is_a_stranger():
    counts = rules.signed_in({}, "home", NOON)
    at = NOON + rules.KNOWN_FOR
    for number in range(STRANGERS_FREE):
        counts = rules.failed(counts, f"thief-{number}", at - timedelta(seconds=1))
    assert rules.locked_until(counts, "home", at - timedelta(seconds=1), trusted=False) < at
    assert rules.locked_until(counts, "home", at, trusted=False) > at
