from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.vehicles.rules import passing, visits
from chalicelib.vehicles.rules.passing import CarKind, Entry, Why, entering, free
from chalicelib.vehicles.rules.plates import normalise
from chalicelib.vehicles.rules.visits import ARROWS, VisitState

AT = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
LEGAL = {
    ("DRAFT", "PENDING"), ("DRAFT", "CANCELLED"), ("DRAFT", "EXPIRED"),
    ("PENDING", "APPROVED"), ("PENDING", "REJECTED"), ("PENDING", "CANCELLED"),
    ("PENDING", "EXPIRED"), ("APPROVED", "ENTERED"), ("APPROVED", "CANCELLED"),
    ("APPROVED", "EXPIRED"), ("ENTERED", "EXITED"), ("ENTERED", "OVERSTAYED"),
    ("OVERSTAYED", "EXITED"), ("EXITED", "ENTERED"), ("EXITED", "CANCELLED"),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), list(product(VisitState, VisitState)))
def test_every_pair_of_states_is_legal_or_not_as_the_flow_says(one, other):
    assert visits.may_follow(one, other) == ((one.value, other.value) in LEGAL)


def test_every_state_can_be_reached_and_ends():
    reached, new = set(), {VisitState.DRAFT}
    while new:
        reached |= new
        new = {following for one in new for following in ARROWS[one]} - reached
    assert reached == set(VisitState)


@pytest.mark.parametrize(
    ("starts", "ends", "code"),
    [
        (timedelta(0), timedelta(minutes=5), None),
        (timedelta(0), timedelta(minutes=4, seconds=59), "window_too_short"),
        (timedelta(hours=-1), timedelta(0), "window_over"),
        (timedelta(0), timedelta(days=30), None),
        (timedelta(0), timedelta(days=30, seconds=1), "window_too_long"),
        (timedelta(days=90), timedelta(days=90, hours=8), None),
        (timedelta(days=90, seconds=1), timedelta(days=91), "window_too_far"),
        (timedelta(hours=1), timedelta(minutes=30), "window_too_short"),
    ],
)
def test_windows_at_their_edges(starts, ends, code):
    assert visits.window_refusal(AT + starts, AT + ends, AT) == code


def test_the_month_is_that_of_the_calendar_on_the_wall():
    assert visits.month_of(datetime(2026, 11, 30, 15, 59, tzinfo=UTC)) == "2026-11"
    assert visits.month_of(datetime(2026, 11, 30, 16, 0, tzinfo=UTC)) == "2026-12"


@given(*[st.integers(0, 100)] * 4)
def test_windows_overlap_if_they_share_an_instant(a, b, c, d):
    one, other = (a, a + b), (c, c + d)
    assert visits.overlaps(one, other) == bool(set(range(*one)) & set(range(*other))) or not (
        b and d
    )


entries = st.builds(
    Entry,
    id=st.sampled_from(["a", "b", "c"]),
    kind=st.sampled_from([CarKind.RESIDENT, CarKind.VISITOR, CarKind.EMERGENCY]),
    index=st.sampled_from(["mine", "near"]),
    starts=st.none() | st.integers(0, 100),
    ends=st.none() | st.integers(0, 100),
    left=st.none() | st.integers(0, 2),
    is_good=st.booleans(),
)


@given(st.lists(entries, max_size=5), st.integers(0, 100), st.booleans())
def test_only_the_very_plates_good_entry_of_now_opens(known, at_ms, has_space):
    plate = normalise("粤B12345")
    verdict = entering(plate, "mine", known, at_ms, has_space=has_space)
    if not verdict.opens:
        assert verdict.why is not None
        return
    entry = verdict.entry
    assert entry is not None
    assert entry.index == "mine"
    assert entry.is_good
    assert entry.left != 0
    assert (entry.starts or 0) <= at_ms < (entry.ends if entry.ends is not None else 10**9)
    assert has_space or verdict.kind is not CarKind.VISITOR


@given(st.lists(entries, max_size=5), st.integers(0, 100))
def test_a_full_car_park_keeps_no_resident_out(known, at_ms):
    plate = normalise("粤B12345")
    with_space = entering(plate, "mine", known, at_ms, has_space=True)
    without = entering(plate, "mine", known, at_ms, has_space=False)
    if with_space.kind is CarKind.VISITOR and with_space.opens:
        assert without.why is Why.FULL
    else:
        assert without == with_space


def test_who_is_on_duty_passes_whatever_is_known():
    for text in ("粤B1234警", "粤X1234应急", "VA12345", "WJ12345"):
        verdict = entering(normalise(text), "x", (), 0, has_space=False)
        assert (verdict.opens, verdict.kind) == (True, CarKind.EMERGENCY)


@pytest.mark.parametrize(
    ("lane", "reported", "inside", "way"),
    [
        ("in", "out", True, "in"),
        (None, "out", False, "out"),
        (None, "in", True, "in"),
        (None, "unknown", True, "out"),
        (None, None, False, "in"),
    ],
)
def test_which_way_a_car_goes(lane, reported, inside, way):
    assert passing.side_of(reported, lane, is_inside=inside) == way


counts = st.dictionaries(st.sampled_from([kind.value for kind in CarKind]), st.integers(0, 50))


@given(st.integers(0, 60), st.integers(0, 60), counts)
def test_free_spaces_are_never_negative_and_owners_spaces_never_guests(spaces, guests, inside):
    shown = free(spaces, guests, inside)
    assert shown.all is not None
    assert shown.guests is not None
    assert 0 <= shown.all <= spaces
    assert 0 <= shown.guests <= guests
    assert shown.guests == free(spaces, guests, {**inside, "resident": 1_000}).guests
    assert free(None, None, inside) == passing.Free(None, None)
