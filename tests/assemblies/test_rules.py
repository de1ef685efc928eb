"""The procedure of LAW.md 1.3: which step may follow, and on which day."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.assemblies.public import procedure as rules
from chalicelib.assemblies.rules import (
    AreaSource,
    Clause,
    Delivery,
    LegalMode,
    Periods,
    State,
    Timetable,
)

LEGAL = {
    ("DRAFT", "NOTICED"),
    ("NOTICED", "OPEN"),
    ("OPEN", "CLOSED"),
    ("CLOSED", "OBJECTION"),
    ("OBJECTION", "FINAL"),
    ("OBJECTION", "ANNULLED"),
    ("FINAL", "ANNULLED"),
}
DAY = timedelta(days=1)
OPENS = date(2026, 5, 17)
GOOD = Timetable(
    record_on=OPENS - 20 * DAY,
    roll_published_on=OPENS - 18 * DAY,
    noticed_on=OPENS - 16 * DAY,
    opens_on=OPENS,
    closes_on=OPENS + 15 * DAY,
)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("following", State)
def test_only_the_arrows_of_the_law_are_legal(state, following):
    code = rules.move_refusal(state, following)
    assert (code is None) is ((state.value, following.value) in LEGAL)
    assert code in {None, "vote_not_in_that_state"}


def test_every_state_has_its_arrows_and_an_end():
    assert set(rules.ARROWS) == set(State)
    assert [state for state in State if not rules.ARROWS[state]] == [State.ANNULLED]


@pytest.mark.parametrize("state", State)
def test_items_are_frozen_once_noticed(state):
    assert rules.change_refusal(state) == (None if state is State.DRAFT else "vote_items_frozen")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, None),
        ({"noticed_on": OPENS - 15 * DAY}, "vote_notice_too_short"),
        ({"roll_published_on": OPENS - 15 * DAY}, "vote_roll_published_late"),
        ({"record_on": OPENS - 17 * DAY}, "vote_record_date_late"),
        ({"closes_on": OPENS + 4 * DAY}, "vote_window_length"),
        ({"closes_on": OPENS + 5 * DAY}, None),
        ({"closes_on": OPENS + 60 * DAY}, None),
        ({"closes_on": OPENS + 61 * DAY}, "vote_window_length"),
        ({"closes_on": OPENS - DAY}, "vote_window_length"),
    ],
)
def test_the_days_of_a_notice(changed, code):
    assert rules.timetable_refusal(replace(GOOD, **changed)) == code


def test_a_city_may_set_other_days():
    hangzhou = Periods(notice=7, citation="杭州市物业管理条例 20")
    assert rules.timetable_refusal(replace(GOOD, noticed_on=OPENS - 7 * DAY), hangzhou) is None


@pytest.mark.parametrize(
    ("areas", "found"),
    [
        ({"REGISTER": 8937, "SURVEY": 8940, "CONTRACT": 9000}, (8937, "REGISTER")),
        ({"CONTRACT": 9000, "SURVEY": 8940}, (8940, "SURVEY")),
        ({"REGISTER": 0, "CONTRACT": 9000}, (9000, "CONTRACT")),
        ({}, None),
    ],
)
def test_the_register_s_area_comes_first(areas, found):
    assert rules.area_of({AreaSource(source): area for source, area in areas.items()}) == found


@pytest.mark.parametrize(
    ("asking", "roll", "may"), [(60, 300, True), (59, 300, False), (61, 301, True), (0, 1, False)]
)
def test_a_fifth_of_the_owners_forces_a_meeting(asking, roll, may):
    assert rules.may_convene(asking, roll) is may


@pytest.mark.parametrize(("asking", "roll"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_no_share_of_a_roll_is_an_error(asking, roll):
    with pytest.raises(ValueError, match="no share"):
        rules.may_convene(asking, roll)


def test_a_result_is_published_in_three_days_and_open_to_objections_for_fifteen():
    assert rules.publish_by(date(2026, 6, 1)) == date(2026, 6, 4)
    assert rules.object_by(date(2026, 6, 4)) == date(2026, 6, 19)


@pytest.mark.parametrize(
    ("state", "on", "code"),
    [
        (State.OBJECTION, date(2026, 6, 19), None),
        (State.OBJECTION, date(2026, 6, 20), "vote_objection_late"),
        (State.CLOSED, date(2026, 6, 5), "vote_not_in_that_state"),
        (State.FINAL, date(2026, 6, 5), "vote_not_in_that_state"),
    ],
)
def test_when_an_objection_is_taken(state, on, code):
    assert rules.objection_refusal(state, date(2026, 6, 4), on) == code


@pytest.mark.parametrize(
    ("on", "unanswered", "code"),
    [
        (date(2026, 6, 19), 0, "vote_objection_period"),
        (date(2026, 6, 20), 1, "vote_objections_unanswered"),
        (date(2026, 6, 20), 0, None),
    ],
)
def test_when_a_result_is_final(on, unanswered, code):
    assert rules.final_refusal(date(2026, 6, 4), on, unanswered) == code


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.integers(0, 40))
def test_an_objection_in_time_is_never_too_late_for_the_result(published, days):
    on = published + days * DAY
    objects = rules.objection_refusal(State.OBJECTION, published, on) is None
    assert objects is (rules.final_refusal(published, on, 0) is not None)


@pytest.mark.parametrize(
    ("known", "last"),
    [(date(2026, 6, 20), date(2027, 6, 20)), (date(2028, 2, 29), date(2029, 2, 28))],
)
def test_a_year_to_go_to_court(known, last):
    assert rules.annul_by(known) == last


def test_a_committee_is_filed_in_thirty_days():
    assert rules.file_by(date(2026, 6, 20)) == date(2026, 7, 20)


@pytest.mark.parametrize(
    ("disputed", "kept"),
    [(date(2026, 6, 20), date(2031, 6, 20)), (date(2033, 1, 1), date(2033, 1, 1))],
)
def test_evidence_is_kept_five_years_and_until_disputes_end(disputed, kept):
    assert rules.keep_until(date(2026, 6, 20), disputed) == kept


@pytest.mark.parametrize(
    ("already", "is_written", "code"),
    [
        (0, True, None),
        (2, True, None),
        (3, True, "proxy_cap_reached"),
        (0, False, "proxy_not_written"),
    ],
)
def test_a_proxy_is_written_and_for_three_owners_at_most(already, is_written, code):
    assert rules.proxy_refusal(already, is_written=is_written) == code


@pytest.mark.parametrize(
    ("seats", "term", "code"),
    [
        (5, 5, None),
        (7, 3, None),
        (6, 3, "committee_seats"),
        (3, 3, "committee_seats"),
        (5, 6, "committee_term"),
        (5, 0, "committee_term"),
    ],
)
def test_a_committee_is_odd_and_has_a_term(seats, term, code):
    assert rules.committee_refusal(seats, term) == code


def test_a_small_estate_in_beijing_may_elect_three():
    beijing = Periods(least_seats=3, citation="北京市物业管理条例")
    assert rules.committee_refusal(3, 3, beijing) is None


TEXT = "送达后未表决的，计入已表决的多数票。"
CLAUSE = Clause(
    TEXT,
    hashlib.sha256(TEXT.encode()).hexdigest(),
    is_in_notice=True,
    warns_of_consequence=True,
    is_allowed_here=True,
)


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        (CLAUSE, None),
        (None, "deeming_clause_missing"),
        (replace(CLAUSE, text=""), "deeming_clause_missing"),
        (replace(CLAUSE, text=TEXT + "。"), "deeming_clause_changed"),
        (replace(CLAUSE, is_in_notice=False), "deeming_clause_not_noticed"),
        (replace(CLAUSE, warns_of_consequence=False), "deeming_clause_not_noticed"),
        (replace(CLAUSE, is_allowed_here=False), "deeming_not_allowed_here"),
    ],
)
def test_silence_means_something_only_where_all_was_said(clause, code):
    assert rules.clause_refusal(clause) == code


def test_only_what_reached_the_owner_is_delivered():
    assert set(rules.EFFECTIVE) == {Delivery.SIGNED, Delivery.OPENED_BY_OWNER}


def test_every_legal_mode_has_its_sentence_and_the_default_claims_nothing():
    assert set(rules.SHOWN) == set(LegalMode)
    assert "征求意见" in rules.SHOWN[LegalMode.CONSULTATIVE]


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(-5, 40), st.integers(-5, 90))
def test_a_draft_has_days_that_can_still_be_noticed(today, ahead, window):
    opens = today + timedelta(days=ahead)
    said = rules.draft_refusal(opens, opens + timedelta(days=window), today)
    assert (said is None) == (ahead > 0 and 5 <= window <= 60)


@given(st.integers(0, 40), st.sampled_from(State))
def test_an_objection_to_the_roll_leaves_three_days_for_its_answer(ahead, state):
    opens = date(2026, 12, 20)
    said = rules.roll_objection_refusal(state, opens, opens - timedelta(days=ahead))
    assert (said is None) == (state is State.NOTICED and ahead >= 3)


@given(st.integers(0, 3), st.integers(0, 20))
def test_a_vote_opens_only_answered_and_with_five_days_left(unanswered, left):
    day = date(2026, 12, 20)
    said = rules.opening_refusal(unanswered, day, day + timedelta(days=left))
    assert (said is None) == (unanswered == 0 and left >= 5)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_a_day_of_china_starts_in_itself(day):
    start = rules.start_of(day)
    assert rules.day_of(start) == day
    assert rules.day_of(start - timedelta(milliseconds=1)) == day - timedelta(days=1)
