"""Budgets: so many at once for each who asks, one more after a while, and whose address it is."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core import budgets, clock, context, web
from chalicelib.core.budgets import Budget
from chalicelib.core.errors import TooMany
from chalicelib.core.route import Route
from chalicelib.core.schema import Shown

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def let_through(budget: Budget, who: str, at: datetime, tries: int = 1) -> int:
    passed = 0
    with clock.standing_at(at):
        for _ in range(tries):
            with contextlib.suppress(TooMany):
                budget.charge(who)
                passed += 1
    return passed


def test_a_flood_passes_as_far_as_the_budget():
    """SECURITY.md 12: ten thousand attempts, and the budget of them are let through."""
    budget = Budget(60, 1)
    assert let_through(budget, "a", NOON, 10_000) == 60
    assert let_through(budget, "a", NOON + timedelta(seconds=10), 1_000) == 10
    assert let_through(budget, "a", NOON + timedelta(hours=1), 1_000) == 60


def test_everybody_has_their_own():
    budget = Budget(1, 60)
    assert [let_through(budget, who, NOON) for who in ("a", "b", "a", "b")] == [1, 1, 0, 0]


def test_a_refusal_says_how_long_to_wait_and_that_is_enough():
    budget = Budget(2, 30)
    let_through(budget, "a", NOON, 2)
    with clock.standing_at(NOON), pytest.raises(TooMany, match="too_many_requests") as refused:
        budget.charge("a")
    assert refused.value.retry_after == 30
    assert let_through(budget, "a", NOON + timedelta(seconds=29), 5) == 0
    assert let_through(budget, "a", NOON + timedelta(seconds=30), 5) == 1


def test_a_clock_that_was_set_back_keeps_nobody_out():
    budget = Budget(2, 30)
    let_through(budget, "a", NOON + timedelta(days=1), 2)
    assert let_through(budget, "a", NOON, 5) == 2


def test_memory_is_bounded():
    budget = Budget(1, 60)
    for number in range(budgets.MOST_KEPT + 5):
        let_through(budget, str(number), NOON)
    assert len(budget._full_at) == budgets.MOST_KEPT


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_one_line_is_one_source(address, source):
    assert budgets.source_of(address) == source


def test_nobody_asks_for_a_session_without_limit():
    def view() -> Shown:
        return Shown()

    with pytest.raises(TypeError, match="without limit"):
        Route("POST", "/session/new", web.SESSION, view, Shown)


def test_a_header_is_nobodys_address(http):
    """SECURITY.md 23: who floods cannot say that they are somebody else each time."""
    body = {"refresh_token": "A" * 40}
    said = [
        http("POST", "/session/refresh", body, x_forwarded_for=f"203.0.113.{n}", forwarded="for=x")
        for n in range(140)
    ]
    refused = [reply for reply in said if reply.status == 429]
    assert refused[0].code == "too_many_requests"
    assert int(refused[0].headers["retry-after"]) > 0
    http.source = "198.51.100.1"
    assert http("POST", "/session/refresh", body).status == 401
    assert context.source() == ""
