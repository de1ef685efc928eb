"""Article 278 by the worked examples of LAW.md 1.5, against fractions, and under changes."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.voting.rules import (
    ITEMS,
    MAJOR,
    NOTHING,
    Deeming,
    Returned,
    Weight,
    decide,
    verdict,
)

ROLL = Weight(3_000_000, 300)
TWO_THIRDS = Weight(2_000_000, 200)
DONGGUAN = Weight(1_640_768, 157)  # a real roll: 16,407.68 m²

VECTORS = [
    ("V01 exactly half fails", 4, ROLL, TWO_THIRDS, Weight(1_000_000, 100), "REJECTED"),
    ("V02 one step over half", 4, ROLL, TWO_THIRDS, Weight(1_000_001, 101), "PASS"),
    ("V02 over half by area only", 4, ROLL, TWO_THIRDS, Weight(1_000_001, 100), "REJECTED"),
    ("V02 over half by heads only", 4, ROLL, TWO_THIRDS, Weight(1_000_000, 101), "REJECTED"),
    ("V03 exactly three quarters", 7, ROLL, TWO_THIRDS, Weight(1_500_000, 150), "PASS"),
    ("V04 a hand of area short", 7, ROLL, TWO_THIRDS, Weight(1_499_999, 150), "REJECTED"),
    ("V04 a head short", 7, ROLL, TWO_THIRDS, Weight(1_500_000, 149), "REJECTED"),
    ("V05 area a hand short", 4, ROLL, Weight(1_999_999, 200), Weight(1_999_999, 200), "NO_QUORUM"),
    ("V05 heads one short", 4, ROLL, Weight(2_000_000, 199), Weight(2_000_000, 199), "NO_QUORUM"),
    (
        "V07 201 wanted",
        4,
        Weight(3_010_000, 301),
        Weight(2_100_000, 200),
        Weight(2_100_000, 200),
        "NO_QUORUM",
    ),
    (
        "V07 201 there",
        4,
        Weight(3_010_000, 301),
        Weight(2_100_000, 201),
        Weight(2_100_000, 201),
        "PASS",
    ),
    ("V08 abstainers count", 4, ROLL, TWO_THIRDS, Weight(990_000, 120), "REJECTED"),
    ("V10 use the fund", 5, ROLL, TWO_THIRDS, Weight(1_050_000, 105), "PASS"),
    ("V11 raise the fund", 6, ROLL, TWO_THIRDS, Weight(1_050_000, 105), "REJECTED"),
    ("nobody came", 4, ROLL, NOTHING, NOTHING, "NO_QUORUM"),
    ("all came, none agreed", 9, ROLL, ROLL, NOTHING, "REJECTED"),
    ("all came and agreed", 8, ROLL, ROLL, ROLL, "PASS"),
    ("one owner", 1, Weight(1, 1), Weight(1, 1), Weight(1, 1), "PASS"),
]


@pytest.mark.parametrize(
    ("item", "roll", "took_part", "agreed", "said"),
    [vector[1:] for vector in VECTORS],
    ids=[vector[0] for vector in VECTORS],
)
def test_the_examples_of_the_law(item, roll, took_part, agreed, said):
    assert decide(item, roll, took_part, agreed) == said


@pytest.mark.parametrize(
    ("item", "least"),
    [(5, Weight(546_924, 53)), (8, Weight(820_385, 79))],
    ids=["V15", "V15 major"],
)
def test_the_least_that_passes_on_a_real_roll(item, least):
    quorum = Weight(1_093_846, 105)
    assert decide(item, DONGGUAN, quorum, least) == "PASS"
    assert decide(item, DONGGUAN, quorum, Weight(least.area - 1, least.heads)) == "REJECTED"
    assert decide(item, DONGGUAN, quorum, Weight(least.area, least.heads - 1)) == "REJECTED"
    for short in (Weight(quorum.area - 1, 105), Weight(quorum.area, 104)):
        assert decide(item, DONGGUAN, short, least) == "NO_QUORUM"


def test_items_are_those_of_the_article():
    assert list(ITEMS) == list(range(1, 10))
    assert set(MAJOR) == {6, 7, 8}


BROKEN: Any = 1.0
BAD = [
    (0, ROLL, ROLL, ROLL),
    (10, ROLL, ROLL, ROLL),
    (True, ROLL, ROLL, ROLL),
    ("4", ROLL, ROLL, ROLL),
    (4.0, ROLL, ROLL, ROLL),
    (4, Weight(0, 10), NOTHING, NOTHING),
    (4, Weight(10, 0), NOTHING, NOTHING),
    (4, Weight(-1, 1), NOTHING, NOTHING),
    (4, ROLL, Weight(-1, 1), NOTHING),
    (4, ROLL, ROLL, Weight(1, -1)),
    (4, ROLL, Weight(3_000_001, 300), NOTHING),
    (4, ROLL, Weight(3_000_000, 301), NOTHING),
    (4, ROLL, TWO_THIRDS, Weight(2_000_001, 1)),
    (4, ROLL, TWO_THIRDS, Weight(1, 201)),
    (4, ROLL, TWO_THIRDS, Weight(BROKEN, 1)),
    (4, Weight(BROKEN, 1), NOTHING, NOTHING),
    (4, Weight(True, True), NOTHING, NOTHING),
]


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_bad_input_is_an_error(bad):
    with pytest.raises(ValueError, match=r"item|roll|took_part|agreed"):
        decide(*bad)


def within(whole):
    return st.builds(Weight, st.integers(0, whole.area), st.integers(0, whole.heads))


rolls = st.builds(Weight, st.integers(1, 40), st.integers(1, 40)) | st.builds(
    Weight, st.integers(1, 10**8), st.integers(1, 10**5)
)
numbers = st.sampled_from(sorted(ITEMS))


@st.composite
def counts(draw):
    roll = draw(rolls)
    took_part = draw(within(roll))
    return draw(numbers), roll, took_part, draw(within(took_part))


@given(counts())
def test_the_words_of_the_article_in_fractions(count):
    item, roll, took_part, agreed = count
    bases = [
        (roll.area, took_part.area, agreed.area),
        (roll.heads, took_part.heads, agreed.heads),
    ]
    if any(Fraction(part, whole) < Fraction(2, 3) for whole, part, _ in bases):
        said = "NO_QUORUM"
    else:
        shares = [Fraction(yes, part) for _, part, yes in bases]
        enough = min(shares) >= Fraction(3, 4) if item in MAJOR else min(shares) > Fraction(1, 2)
        said = "PASS" if enough else "REJECTED"
    assert decide(*count) == said


@given(counts(), st.integers(1, 1000), st.integers(1, 1000))
def test_a_decision_does_not_depend_on_the_scale(count, area, heads):
    item, *weights = count
    scaled = [Weight(weight.area * area, weight.heads * heads) for weight in weights]
    assert decide(item, *scaled) == decide(*count)


@given(counts())
def test_what_passes_as_major_passes_as_ordinary(count):
    if decide(6, *count[1:]) == "PASS":
        assert decide(5, *count[1:]) == "PASS"


@st.composite
def returns(draw):
    """A roll of groups, each YES, NO, ABSTAIN, delivered and silent, or not reached."""
    said = draw(st.lists(st.sampled_from("YNASX"), min_size=1, max_size=12))
    return [(Weight(draw(st.integers(1, 30)), 1), one) for one in said]


def judged(item, groups, deeming):
    totals = {
        one: sum((weight for weight, said in groups if said == one), NOTHING) for one in "YNASX"
    }
    returned = Returned(totals["Y"], totals["N"], totals["A"])
    roll = sum(totals.values(), NOTHING)
    return verdict(item, roll, returned, totals["S"], deeming)


@pytest.mark.parametrize("deeming", Deeming)
@given(item=numbers, groups=returns(), data=st.data())
def test_one_more_yes_never_undoes_a_pass(deeming, item, groups, data):
    """I13: whether somebody who took part changes their mind, or somebody more takes part."""
    before = judged(item, groups, deeming)
    which = data.draw(st.integers(0, len(groups) - 1))
    more = [(weight, "Y" if n == which else said) for n, (weight, said) in enumerate(groups)]
    after = judged(item, more, deeming)
    for old, new in ((before.deemed, after.deemed), (before.strict, after.strict)):
        assert (old.decision, new.decision) != ("PASS", "REJECTED")
        assert (old.decision, new.decision) != ("PASS", "NO_QUORUM")


@pytest.mark.parametrize("deeming", Deeming)
@given(item=numbers, groups=returns(), data=st.data())
def test_the_order_of_ballots_does_not_matter(deeming, item, groups, data):
    assert judged(item, data.draw(st.permutations(groups)), deeming) == judged(
        item, groups, deeming
    )


@given(item=numbers, groups=returns())
def test_strict_stands_beside_every_mode_and_is_the_same(item, groups):
    strict = judged(item, groups, Deeming.STRICT)
    assert strict.deemed == strict.strict
    assert {judged(item, groups, mode).strict for mode in Deeming} == {strict.strict}


HALF = Weight(1_500_000, 150)
QUIET = Weight(600_000, 60)


@pytest.mark.parametrize(
    ("deeming", "yes", "no", "said", "took_part", "agreed"),
    [
        ("STRICT", (900_000, 90), (600_000, 60), "NO_QUORUM", HALF, (900_000, 90)),
        (
            "DELIVERED_PARTICIPATES",
            (900_000, 90),
            (600_000, 60),
            "REJECTED",
            HALF + QUIET,
            (900_000, 90),
        ),
        ("FOLLOW_MAJORITY", (900_000, 90), (600_000, 60), "PASS", HALF + QUIET, (1_500_000, 150)),
        ("FOLLOW_MAJORITY", (600_000, 60), (900_000, 90), "REJECTED", HALF + QUIET, (600_000, 60)),
        # the majorities by area and by heads are not the same: nothing is deemed
        ("FOLLOW_MAJORITY", (900_000, 70), (600_000, 80), "NO_QUORUM", HALF, (900_000, 70)),
        # exactly half is no majority
        ("FOLLOW_MAJORITY", (750_000, 80), (750_000, 70), "NO_QUORUM", HALF, (750_000, 80)),
    ],
)
def test_what_silence_is_deemed(deeming, yes, no, said, took_part, agreed):  # noqa: PLR0917 -- a table
    returned = Returned(Weight(*yes), Weight(*no))
    both = verdict(4, ROLL, returned, QUIET, Deeming(deeming))
    assert (both.deemed.decision, both.deemed.took_part) == (said, took_part)
    assert both.deemed.agreed == Weight(*agreed)
    assert both.strict.decision == "NO_QUORUM"


@pytest.mark.parametrize("mode", Deeming)
@pytest.mark.parametrize(
    ("returned", "silent"),
    [
        (Returned(HALF, HALF), Weight(1, 0)),
        (Returned(HALF, HALF, Weight(0, 1)), NOTHING),
        (Returned(HALF, NOTHING), Weight(-1, 0)),
        (Returned(HALF, Weight(-1, 0)), NOTHING),
        (Returned(HALF, NOTHING), Weight(BROKEN, 0)),
    ],
)
def test_a_count_beyond_its_roll_is_an_error(mode, returned, silent):
    with pytest.raises(ValueError, match=r"count|roll"):
        verdict(4, ROLL, returned, silent, mode)
