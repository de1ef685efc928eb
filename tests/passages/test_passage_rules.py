"""What an event says of a passage, and when it happened, whatever a device writes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.passages.rules import passages as rules
from chalicelib.passages.rules.passages import Direction, Method, PassageOutcome, Said, Thing

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


def test_a_card_at_a_door():
    said = rules.read("access.passed", {"method": "card", "holder": "cred_1", "direction": "in"})
    assert said == Said(
        Thing.PERSON, PassageOutcome.PASSED, Method.CARD, Direction.IN, holder="cred_1"
    )


def test_an_unread_plate_is_no_plate():
    said = rules.read("vehicle.passed", {"plate": "unread", "direction": "out"})
    assert (said.plate, said.thing, said.method) == ("", Thing.VEHICLE, Method.PLATE)


@given(
    st.sampled_from(sorted(rules.TYPES)),
    st.dictionaries(
        st.sampled_from(["method", "direction", "holder", "card", "plate", "companions"]), ANYTHING
    ),
)
def test_whatever_a_device_says_something_bounded_is_read(event_type, data):
    said = rules.read(event_type, data)
    assert 0 <= said.companions <= rules.MOST_COMPANIONS
    assert max(map(len, (said.holder, said.card, said.plate))) <= 128


@pytest.mark.parametrize(
    ("label", "believed"),
    [
        (timedelta(0), True),
        (-timedelta(days=27), True),
        (-timedelta(days=29), False),
        (timedelta(minutes=4), True),
        (timedelta(minutes=6), False),
        (timedelta(days=3650), False),
        (-timedelta(days=3650), False),
    ],
)
def test_a_clock_that_cannot_be_right_is_not_believed(label, believed):
    assert rules.happened_at(AT + label, AT) == (AT + label if believed else AT)


@pytest.mark.parametrize(
    ("holder", "ours"),
    [("cred_01J", True), ("pass_01J", True), ("per_1", False), ("0012", False), ("cred_", False)],
)
def test_only_credentials_and_passes_are_ours(holder, ours):
    assert rules.is_ours(holder) is ours


@given(st.integers(0, 200), st.integers(1, 48))
def test_the_days_of_a_period_cover_it_newest_first(start_h, length_h):
    since = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=start_h)
    days = list(rules.days_between(since, since + timedelta(hours=length_h)))
    wanted = {f"{since + timedelta(hours=hour):%Y%m%d}" for hour in range(length_h)}
    assert days == sorted(wanted, reverse=True)
