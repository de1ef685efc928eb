"""Verdicts of notices, without a clock or a store."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.notices.rules.consents import MOST, Choice, left_after
from chalicelib.notices.rules.states import NoticeState, verdict
from chalicelib.notices.rules.templates import LONGEST, About, fitted, page_of, read

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
ENDS = ("sent", "no_consent", "lost", "busy", "refused", "late", "later")


@given(st.text(max_size=60), st.sampled_from(sorted(LONGEST)), st.integers(1, 20))
def test_whatever_is_said_fits_its_field(text, kind, number):
    said = fitted(f"{kind}{number}", text)
    assert 0 < len(said) <= LONGEST[kind]
    assert said == " ".join(said.split())
    assert fitted(f"{kind}{number}", said) == said


def test_templates_of_an_installation():
    ring = '{"template_id": "t", "words": {"thing1": "place"}, "page": "p?c={cause_id}"}'
    text = f'{{"ring": {ring}, "x": 1}}'
    (about,) = found = read(text)
    assert about is About.RING
    assert page_of(found[about], "call_1") == "p?c=call_1"
    assert read("{}") == {}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"ring": 1}', '{"ring": {"words": {}}}'])
def test_nonsense_is_no_template(text):
    with pytest.raises(ValueError):  # noqa: PT011 -- JSON's own, too
        read(text)


@given(st.sampled_from(ENDS), st.integers(-60, 600))
def test_every_end_is_a_verdict_and_only_what_was_not_sent_is_given_back(end, seconds):
    deadline = AT + timedelta(seconds=seconds)
    said = verdict(end, "1", at=AT, deadline=deadline)
    assert said.state is not NoticeState.SENDING
    assert (said.due is not None) == (said.state is NoticeState.WAITING)
    assert said.due is None or said.due < deadline
    if said.gives_back:
        assert said.state in {NoticeState.FAILED, NoticeState.LATE}
    if said.state in {NoticeState.SENT, NoticeState.UNKNOWN}:
        assert not said.gives_back


@given(st.lists(st.sampled_from(list(Choice))))
def test_there_are_never_more_than_were_agreed_to(choices):
    left = 0
    for choice in choices:
        left = left_after(left, choice)
        assert 0 <= left <= MOST
    assert left <= sum(choice is not Choice.REJECT for choice in choices)
