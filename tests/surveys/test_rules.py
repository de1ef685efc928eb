"""What may be asked, and what a result never tells of few people."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.surveys import rules
from chalicelib.surveys.rules import LEAST, Asks, Per, Question, QuestionKind, State

AT = datetime(2026, 11, 21, tzinfo=UTC)
DAY = timedelta(days=1)
ONE = Question("q1", QuestionKind.SINGLE, ("yes", "no"))
SOME = Question("q2", QuestionKind.MULTIPLE, ("a", "b", "c"))
GRADE = Question("q3", QuestionKind.SCALE, top=5)
WORDS = Question("q4", QuestionKind.TEXT)
ALL = [ONE, SOME, GRADE, WORDS]
GIVEN: dict[str, Any] = {"q1": "yes", "q2": ["a", "c"], "q3": 5, "q4": "好"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"closes": AT + timedelta(minutes=59)}, "survey_window"),
        ({"closes": AT + 61 * DAY}, "survey_window"),
        ({"questions": []}, "survey_questions"),
        ({"questions": [ONE, ONE]}, "survey_questions"),
        ({"questions": [Question("q", QuestionKind.SINGLE, ("only",))]}, "survey_question"),
        ({"questions": [Question("q", QuestionKind.SINGLE, ("a", "a"))]}, "survey_question"),
        ({"questions": [Question("q", QuestionKind.SCALE, top=11)]}, "survey_question"),
        ({"questions": [Question("q", QuestionKind.SCALE, ("a", "b"), 5)]}, "survey_question"),
        ({"questions": [Question("q", QuestionKind.TEXT, ("a",))]}, "survey_question"),
        ({"asks": Asks.ANONYMOUS, "per": Per.FLAT}, "survey_flat_without_residents"),
    ],
)
def test_what_can_be_asked(change, code):
    wish: dict[str, Any] = {"questions": ALL, "asks": Asks.RESIDENT, "per": Per.FLAT}
    wish |= {"opens": AT, "closes": AT + DAY, **change}
    assert rules.survey_refusal(**wish) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"q2": []}, None),
        ({"q1": "maybe"}, "answer_option"),
        ({"q1": 1}, "answer_option"),
        ({"q2": "a"}, "answer_option"),
        ({"q2": ["a", "a"]}, "answer_option"),
        ({"q2": ["z"]}, "answer_option"),
        ({"q3": 0}, "answer_option"),
        ({"q3": 6}, "answer_option"),
        ({"q3": "5"}, "answer_option"),
        ({"q4": ""}, "answer_option"),
        ({"q4": "字" * 501}, "answer_option"),
        ({"q9": "x"}, "answer_questions"),
    ],
)
def test_what_can_be_answered(change, code):
    assert rules.answers_refusal(ALL, GIVEN | change) == code


def test_only_words_may_be_left_out():
    for name in GIVEN:
        rest = {key: said for key, said in GIVEN.items() if key != name}
        code = None if name == "q4" else "answer_questions"
        assert rules.answers_refusal(ALL, rest) == code


def test_the_clock_opens_and_closes():
    said = [
        rules.state_of(State.SCHEDULED, AT, AT + DAY, at)
        for at in (AT - DAY, AT, AT + DAY - timedelta(seconds=1), AT + DAY)
    ]
    assert said == [State.SCHEDULED, State.OPEN, State.OPEN, State.CLOSED]
    for kept in (State.COUNTED, State.CANCELLED):
        assert rules.state_of(kept, AT, AT + DAY, AT) is kept


few = st.lists(st.integers(0, 12), min_size=2, max_size=4)


@settings(deadline=None, max_examples=60)
@given(few)
def test_what_is_left_out_cannot_be_computed_from_what_is_shown(numbers):
    """Whoever knows the sum, and how we leave out, has at least two numbers to choose from."""
    assume(sum(numbers) >= LEAST)
    counts = {f"o{place}": number for place, number in enumerate(numbers)}
    shown = rules.left_out(counts)
    assert all(count in (None, counts[cell]) for cell, count in shown.items())
    assert not any(0 < (count or 0) < LEAST for count in shown.values())
    hidden = [cell for cell, count in shown.items() if count is None]
    if not hidden:
        return
    left = sum(counts[cell] for cell in hidden)
    assert left >= LEAST
    *first, last = hidden
    worlds = [
        world
        for parts in product(range(left + 1), repeat=len(first))
        if sum(parts) <= left
        for world in [{**counts, **dict(zip(first, parts, strict=True)), last: left - sum(parts)}]
        if rules.left_out(world) == shown
    ]
    for cell in hidden:
        assert len({world[cell] for world in worlds}) > 1, (counts, shown)


answers = st.fixed_dictionaries(
    {
        "q1": st.sampled_from(ONE.options),
        "q2": st.lists(st.sampled_from(SOME.options), unique=True),
        "q3": st.integers(1, 5),
    },
    optional={"q4": st.text("好差 a", min_size=1, max_size=5)},
)


@given(st.lists(answers, max_size=40), st.randoms())
def test_a_result_tells_of_no_small_group_and_of_no_order(given_answers, chance):
    result = rules.result(ALL, given_answers)
    chance.shuffle(given_answers)
    assert rules.result(ALL, given_answers) == result
    if len(given_answers) < LEAST:
        assert result == rules.Result(None)
        return
    assert result.answered == len(given_answers)
    one, some, grade, words = result.questions
    for shown in (one, some, grade):
        assert all(count is None or count == 0 or count >= LEAST for count in shown.counts.values())
    for count in some.counts.values():
        assert count is None or rules.is_big(count, len(given_answers))
    whole = [said["q3"] for said in given_answers]
    if None in grade.counts.values():
        assert grade.mean is None
    else:
        assert grade.mean == round(100 * sum(whole) / len(whole))
    wrote = sum("q4" in said for said in given_answers)
    assert words.texts == (wrote if rules.is_big(wrote, len(whole)) else None)


def test_what_big_groups_said_is_shown_beside_what_is_left_out():
    assert rules.left_out({"a": 41, "b": 9, "c": 3}) == {"a": 41, "b": None, "c": None}
    assert rules.left_out({"a": 41, "b": 9, "c": 0}) == {"a": 41, "b": 9, "c": 0}
    assert rules.left_out({"a": 5, "b": 4, "c": 4}) == dict.fromkeys("abc")


def test_one_dissenter_among_many_is_not_shown():
    said = [{"q1": "yes"}] * 20 + [{"q1": "no"}]
    (shown,) = rules.result([ONE], said).questions
    assert shown.counts == {"yes": None, "no": None}
    (shown,) = rules.result([SOME], [{"q2": ["a"]}] * 20 + [{"q2": []}]).questions
    assert shown.counts == {"a": None, "b": 0, "c": 0}
