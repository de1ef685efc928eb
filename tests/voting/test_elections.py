"""Elections: a majority each, no base before the other, and a run-off for whoever ties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.voting.rules import ElectionResult, Weight, elect

ROLL = Weight(3_000_000, 300)
PRESENT = Weight(2_000_000, 200)


def won(seats, **heads):
    """Elect with areas of 100 m² a head."""
    votes = {name: Weight(10_000 * count, count) for name, count in heads.items()}
    return elect(seats, votes, ROLL, PRESENT)


def test_the_best_with_a_majority_fill_the_seats():
    assert won(2, a=150, b=120, c=110, d=90) == ElectionResult("ELECTED", ("a", "b"))


def test_half_is_no_majority_and_leaves_a_seat_empty():
    assert won(2, a=150, b=100) == ElectionResult("INCOMPLETE", ("a",), vacant=1)


def test_a_tie_for_the_last_seat_is_run_off():
    assert won(2, a=150, b=120, c=120) == ElectionResult("RUN_OFF", ("a",), ("b", "c"), 1)


def test_a_tie_that_the_seats_hold_is_no_tie():
    assert won(2, a=120, b=120, c=101) == ElectionResult("ELECTED", ("a", "b"))


def test_three_may_tie_for_two_seats():
    assert won(3, a=150, b=110, c=110, d=110) == ElectionResult(
        "RUN_OFF", ("a",), ("b", "c", "d"), 2
    )


def test_area_and_heads_that_disagree_are_a_tie():
    votes = {"a": Weight(1_500_000, 110), "b": Weight(1_200_000, 150), "c": Weight(1_100_000, 105)}
    assert elect(1, votes, ROLL, PRESENT) == ElectionResult("RUN_OFF", (), ("a", "b"), 1)
    assert elect(2, votes, ROLL, PRESENT) == ElectionResult("ELECTED", ("b", "a"))


def test_a_company_is_chosen_like_a_single_seat():
    assert won(1, old=95, new=101) == ElectionResult("ELECTED", ("new",))


def test_without_a_quorum_nobody_is_elected():
    votes = {"a": Weight(1_999_999, 200)}
    few = elect(1, votes, ROLL, Weight(1_999_999, 200))
    assert few == ElectionResult("NO_QUORUM", vacant=1)


@pytest.mark.parametrize(
    ("seats", "votes", "took_part"),
    [
        (0, {"a": PRESENT}, PRESENT),
        (-1, {"a": PRESENT}, PRESENT),
        (True, {"a": PRESENT}, PRESENT),
        (1.0, {"a": PRESENT}, PRESENT),
        (1, {}, PRESENT),
        (1, {"a": ROLL}, PRESENT),
        (1, {"a": Weight(-1, 1)}, PRESENT),
        (1, {"a": PRESENT}, Weight(1, 301)),
    ],
)
def test_bad_input_is_an_error(seats, votes, took_part):
    with pytest.raises(ValueError, match=r"election|agreed|took_part"):
        elect(seats, votes, ROLL, took_part)


weights = st.builds(Weight, st.integers(0, 6), st.integers(0, 6))
ballots = st.dictionaries(st.sampled_from("abcdefg"), weights, min_size=1)


@given(st.integers(1, 6), ballots)
def test_seats_are_filled_run_off_or_vacant(seats, votes):
    result = elect(seats, votes, Weight(6, 6), Weight(6, 6))
    assert len(result.elected) + result.run_off_seats + result.vacant == seats
    assert not set(result.elected) & set(result.run_off)
    if result.run_off:
        assert len(result.run_off) > result.run_off_seats > 0
        assert not result.vacant
    for name in (*result.elected, *result.run_off):
        assert votes[name].area > 3
        assert votes[name].heads > 3


@given(st.integers(1, 6), ballots, st.data())
def test_names_and_their_order_decide_nothing(seats, votes, data):
    result = elect(seats, votes, Weight(6, 6), Weight(6, 6))
    order = data.draw(st.permutations(sorted(votes)))
    assert elect(seats, {name: votes[name] for name in order}, Weight(6, 6), Weight(6, 6)) == result
    other = {name.upper(): weight for name, weight in votes.items()}
    renamed = elect(seats, other, Weight(6, 6), Weight(6, 6))
    assert {name.lower() for name in renamed.elected} == set(result.elected)


@given(st.integers(1, 6), ballots, st.data())
def test_more_votes_never_unseat(seats, votes, data):
    before = elect(seats, votes, Weight(6, 6), Weight(6, 6))
    for name in before.elected:
        more = data.draw(
            st.builds(Weight, st.integers(votes[name].area, 6), st.integers(votes[name].heads, 6))
        )
        after = elect(seats, {**votes, name: more}, Weight(6, 6), Weight(6, 6))
        assert name in after.elected
