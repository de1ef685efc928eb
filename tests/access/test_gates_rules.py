from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.access.rules import desk, opening, ringing
from chalicelib.access.rules.desk import DeskState
from chalicelib.access.rules.gates import (
    Located,
    Setting,
    code_in,
    code_refusal,
    location_refusal,
    metres_between,
    step_at,
)
from chalicelib.access.rules.opening import OpeningState

AT = datetime(2026, 1, 1, tzinfo=UTC)
PLACED = Setting(latitude=30.0, longitude=120.0, radius_m=100)
DEGREE_M = 111_195


def north(metres: float, accuracy_m: float = 10) -> Located:
    return Located(30.0 + metres / DEGREE_M, 120.0, accuracy_m)


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("LG1.gate-1.58899200.0123456789abcdef", "gate-1"),
        ("LG1.gate-1.58899200.0123456789ABCDEF", None),
        ("LG1.gate-1.58899200.0123456789abcde", None),
        ("LG1.gate.1.58899200.0123456789abcdef", None),
        ("LG1.gate-1.-1.0123456789abcdef", None),
        ("d:gate-1", None),
        ("", None),
        ("LG1.gate-1.58899200.0123456789abcdef\n", None),
        (f"LG1.{'g' * 65}.1.0123456789abcdef", None),
    ],
)
def test_a_code_is_read_strictly(text, device):
    code = code_in(text)
    assert (code.device_id if code else None) == device


@given(st.integers(min_value=-1000, max_value=1000))
def test_a_code_lives_one_step_around_ours(steps):
    code = code_in(f"LG1.gate.{step_at(AT) + steps}.0123456789abcdef")
    assert code_refusal(code, "gate", AT) == (None if abs(steps) <= 1 else "code_stale")
    assert code_refusal(code, "other", AT) == "bad_code"


@pytest.mark.parametrize(
    ("said", "setting", "reason"),
    [
        (north(0), PLACED, None),
        (north(99), PLACED, None),
        (north(102), PLACED, "not_near"),
        (north(0, accuracy_m=100), PLACED, None),
        (north(0, accuracy_m=101), PLACED, "location_vague"),
        (north(0, accuracy_m=-1), PLACED, "location_vague"),
        (north(0, accuracy_m=300), Setting(30.0, 120.0, radius_m=500), None),
        (north(0), Setting(), "gate_not_placed"),
        (Located(-30.0, -60.0, 5), PLACED, "not_near"),
    ],
)
def test_a_location_counts_within_the_radius_if_it_is_exact(said, setting, reason):
    assert location_refusal(said, setting) == reason


DEGREES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(DEGREES, DEGREES)
def test_distance_is_symmetric_and_at_most_half_the_earth(one, other):
    there, back = metres_between(*one, *other), metres_between(*other, *one)
    assert there == pytest.approx(back, abs=1e-3)
    assert 0 <= there <= 20_100_000


@given(
    st.lists(st.tuples(st.sampled_from(DeskState), st.integers(0, 10**12)), min_size=2, max_size=30)
)
def test_the_queue_shows_who_waits_longest_first_and_the_latest_done_last(requests):
    ordered = sorted(requests, key=lambda one: desk.order(*one))
    ranks = [list(DeskState).index(state) for state, _ in ordered]
    assert ranks == sorted(ranks)
    for state in DeskState:
        times = [at for one, at in ordered if one is state]
        assert times == sorted(times, reverse=state is DeskState.DONE)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("1号楼 1单元 101", "1号楼 1单元 1**"), ("101", "1**"), ("1号楼 7", "1号楼 7"), ("", "")],
)
def test_a_guard_reads_no_whole_room_number(name, shown):
    assert desk.masked_room(name) == shown


@pytest.mark.parametrize("state", OpeningState)
@pytest.mark.parametrize("following", OpeningState)
def test_nothing_follows_the_end_of_an_opening(state, following):
    legal = state is OpeningState.SENT and following is not OpeningState.SENT
    assert opening.may_follow(state, following) is legal


def test_an_opening_without_an_answer_is_unknown_two_seconds_after_its_end():
    end = AT + timedelta(seconds=5)
    assert opening.shown_state(OpeningState.SENT, end, AT + timedelta(seconds=6.9)) == "SENT"
    assert opening.shown_state(OpeningState.SENT, end, AT + timedelta(seconds=7)) == "UNKNOWN"
    assert opening.shown_state(OpeningState.OPENED, end, AT + timedelta(days=1)) == "OPENED"


def test_one_phone_and_all_phones_have_their_limits():
    assert ringing.refusal([], "a") is None
    assert ringing.refusal(["a"] * 3, "a") is None
    assert ringing.refusal(["a"] * 4, "a") == "rung_too_often"
    assert ringing.refusal([f"b{n}" for n in range(11)], "a") is None
    assert ringing.refusal([f"b{n}" for n in range(12)], "a") == "flat_rung_too_often"
