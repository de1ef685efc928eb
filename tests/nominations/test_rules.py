"""Who may be put on a ballot, and what follows from a round: pure verdicts."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.nominations.public import nominations
from chalicelib.nominations.rules import Filling, SlateFacts, Standing, Tied
from chalicelib.voting.rules import Weight, elect

TODAY = date(2026, 11, 21)
LAST = TODAY + timedelta(days=10)
PEOPLE, COMPANY = SlateFacts(Filling.COMMITTEE, LAST), SlateFacts(Filling.COMPANY, LAST)
PUT = SlateFacts(Filling.COMMITTEE, LAST, is_put=True)


@pytest.mark.parametrize(
    ("filling", "seats", "days", "code"),
    [
        (Filling.COMMITTEE, 5, 3, None),
        (Filling.COMMITTEE, 5, 2, "slate_days"),
        (Filling.COMMITTEE, 5, 61, "slate_days"),
        (Filling.VACANCY, 0, 10, "slate_seats"),
        (Filling.VACANCY, 32, 10, "slate_seats"),
        (Filling.COMPANY, 1, 10, None),
        (Filling.COMPANY, 2, 10, "slate_seats"),
    ],
)
def test_a_call_has_seats_and_days(filling, seats, days, code):
    assert nominations.slate_refusal(filling, seats, TODAY + timedelta(days=days), TODAY) == code


def test_the_last_day_belongs_to_the_call_and_the_next_one_does_not():
    after = LAST + timedelta(days=1)
    assert nominations.nomination_refusal(PEOPLE, LAST, is_owner=True) is None
    assert nominations.nomination_refusal(PEOPLE, after, is_owner=True) == "slate_closed"
    assert nominations.bid_refusal(COMPANY, LAST) is None
    assert nominations.bid_refusal(COMPANY, after) == "slate_closed"
    assert nominations.draft_refusal(PEOPLE, 5, 9, LAST) == "slate_still_open"
    assert nominations.draft_refusal(PEOPLE, 5, 9, after) is None


def test_only_owners_stand_and_only_for_what_people_stand_for():
    refusal = nominations.nomination_refusal
    assert refusal(PEOPLE, TODAY, is_owner=False) == "candidate_not_an_owner"
    assert refusal(COMPANY, TODAY, is_owner=True) == "slate_of_companies"
    assert nominations.bid_refusal(PEOPLE, TODAY) == "slate_of_people"


def test_nothing_changes_once_it_was_noticed():
    assert nominations.change_refusal(PUT, Standing.STANDING) == "slate_closed"
    assert nominations.extension_refusal(PUT, LAST + timedelta(days=1), TODAY) == "slate_closed"
    assert nominations.draft_refusal(PUT, 5, 9, LAST) == "slate_put_already"
    for gone in (Standing.WITHDRAWN, Standing.STRUCK):
        assert nominations.change_refusal(PEOPLE, gone) == "candidacy_not_standing"


def test_a_call_is_only_ever_made_longer():
    refusal = nominations.extension_refusal
    assert refusal(PEOPLE, LAST, TODAY) == "slate_days"
    assert refusal(PEOPLE, LAST + timedelta(days=1), LAST + timedelta(days=2)) == "slate_days"
    assert refusal(PEOPLE, LAST + timedelta(days=5), LAST + timedelta(days=2)) is None


@given(st.integers(1, 31), st.integers(0, 60))
def test_fewer_candidates_than_seats_are_never_put(seats, standing):
    code = nominations.draft_refusal(PEOPLE, seats, standing, LAST + timedelta(days=1))
    assert (code is None) == (seats <= standing <= nominations.MOST_ON_A_BALLOT)


weights = st.builds(Weight, st.integers(5_001, 10_000), st.integers(51, 100))


@given(st.integers(1, 9), st.lists(weights, min_size=1, max_size=12), st.data())
def test_a_run_off_fills_the_very_seats_that_were_left(seats, votes, data):
    """However often it ties: nobody sits twice, nobody elected stands again, no seat is lost."""
    roll = took_part = Weight(10_000, 100)
    everybody = [f"c{number:02}" for number in range(len(votes))]
    candidates = dict(zip(everybody, votes, strict=True))
    before: tuple[str, ...] = ()
    left = seats
    for _ in range(5):
        won = elect(left, candidates, roll, took_part)
        result: dict[str, Any] = {"status": won.status, "elected": list(won.elected)}
        result |= {"run_off": list(won.run_off), "run_off_seats": won.run_off_seats}
        filled = nominations.filled(result, seats, before)
        tied = nominations.run_off_of(result)
        assert len(filled.elected) == len(set(filled.elected))
        assert filled.to_fill == seats - len(filled.elected) >= 0
        assert filled.is_over == (tied is None)
        if tied is None:
            return
        assert not set(tied.candidates) & set(filled.elected)
        assert 0 < tied.seats <= filled.to_fill
        assert len(tied.candidates) > tied.seats
        before, left = filled.elected, tied.seats
        candidates = {name: data.draw(weights) for name in tied.candidates}


def test_who_is_elected_without_a_tie_needs_no_run_off():
    assert nominations.run_off_of({"status": "ELECTED", "elected": ["a"]}) is None
    tie = {"status": "RUN_OFF", "elected": ["a"], "run_off": ["b", "c"], "run_off_seats": 1}
    assert nominations.run_off_of(tie) == Tied(("b", "c"), 1, ("a",))
    with pytest.raises(ValueError, match="do not fit"):
        nominations.filled({"elected": ["a"]}, 5, ("a",))


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1)), st.sets(st.text(min_size=1)))
def test_who_is_not_on_the_frozen_roll_is_named(candidates, on_roll):
    missing = nominations.off_roll(candidates, sorted(on_roll))
    assert {candidates[name] for name in missing} == set(candidates.values()) - on_roll
    assert missing == sorted(missing)
