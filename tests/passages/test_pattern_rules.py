"""Patterns: figures over a card's or a subject's passages, suggested once in their period."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.passages.rules import patterns as rules
from chalicelib.passages.rules.passages import PassageOutcome
from chalicelib.passages.rules.patterns import Pattern, Thresholds, Use

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
KNOWN = Thresholds(uses=4, subjects=3, companions=6, nights=2)


def use(number: int, *, hours: float = 0, **more) -> Use:
    at = AT - timedelta(hours=hours)
    said = {"trail": "t1", "place_id": "east", "outcome": PassageOutcome.PASSED, **more}
    return Use(f"psg_{number}", at, **said)


def patterns(noticed) -> set[Pattern]:
    return {one.pattern for one in noticed}


def test_many_uses_of_a_card_come_with_the_numbers_behind_them():
    uses = [use(n, hours=n, place_id=f"p{n % 2}") for n in range(4)]
    (one,) = rules.of_card(uses, KNOWN, AT)
    assert one.pattern is Pattern.MANY_USES
    assert one.numbers == {"count": 4, "threshold": 4, "hours": 24, "places": 2}
    assert rules.of_card(uses[:3], KNOWN, AT) == []


def test_what_came_twice_is_one_use_and_a_refusal_is_none():
    again = [
        use(1),
        use(1),
        use(1),
        use(1),
        *(use(n, outcome=PassageOutcome.REFUSED) for n in range(9)),
    ]
    assert rules.of_card(again, KNOWN, AT) == []


def test_many_subjects_on_one_card():
    uses = [use(n, hours=30 * n, trail=f"t{n}") for n in range(3)]
    assert patterns(rules.of_card(uses, KNOWN, AT)) == {Pattern.MANY_SUBJECTS}
    assert rules.of_card([use(n, hours=30 * n, trail="") for n in range(3)], KNOWN, AT) == []


def test_one_subject_with_many_companions():
    uses = [use(1, companions=4), use(2, hours=23, companions=2), use(3, hours=25, companions=9)]
    (one,) = rules.of_subject(uses, KNOWN, AT)
    assert (one.pattern, one.numbers["count"]) == (Pattern.MANY_COMPANIONS, 6)


@pytest.mark.parametrize(
    ("night", "hour_utc", "odd"),
    [((1, 5), 17, True), ((1, 5), 21, False), ((23, 5), 15, True), ((23, 5), 20, True)],
)
def test_odd_hours_are_the_estates_own_and_may_span_midnight(night, hour_utc, odd):
    known = Thresholds(nights=2, night_from=night[0], night_until=night[1])
    at = datetime(2026, 11, 20, hour_utc, 30, tzinfo=UTC)
    assert rules.is_night(at, known) is odd


def test_two_passages_of_one_night_are_one_night():
    known = Thresholds(nights=2, night_from=23, night_until=5)
    night = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)  # 23:30 in China
    same = [
        Use(f"p{n}", night + timedelta(hours=n), "t", "east", PassageOutcome.PASSED) for n in (0, 2)
    ]
    assert rules.of_subject(same, known, AT) == []
    other = Use("p3", night + timedelta(days=1), "t", "east", PassageOutcome.PASSED)
    (one,) = rules.of_subject([*same, other], known, AT)
    assert (one.pattern, one.numbers["count"]) == (Pattern.ODD_HOURS, 2)


@given(st.integers(0, 60), st.integers(0, 10))
def test_zero_turns_a_pattern_off_and_a_period_names_it_once(count, offset):
    uses = [use(n, hours=n % 23) for n in range(count)]
    assert rules.of_card(uses, Thresholds(uses=0, subjects=0), AT) == []
    found = rules.of_card(uses, Thresholds(uses=1, subjects=0), AT)
    assert len(found) == min(count, 1)
    later = rules.of_card(uses, Thresholds(uses=1, subjects=0), AT + timedelta(minutes=offset))
    assert {one.period for one in found} >= {one.period for one in later}
