"""Tallies are functions of what is on record, in any order; one opening is one person."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.passages.rules import counts as rules
from chalicelib.passages.rules.counts import BUCKET_MS, ECHO_MS, Seen, Tally
from chalicelib.passages.rules.passages import Direction, Method, PassageOutcome, Thing

START = 1_795_248_000_000
SEEN = st.builds(
    Seen,
    at=st.integers(START - ECHO_MS, START + BUCKET_MS + ECHO_MS),
    thing=st.sampled_from(Thing),
    outcome=st.sampled_from(PassageOutcome),
    direction=st.sampled_from(Direction),
    method=st.sampled_from(Method),
    device_id=st.sampled_from(["g1", "g2"]),
    companions=st.integers(0, 5),
    kind=st.sampled_from(["gate", "door"]),
)


def seen(at: int = 0, **more) -> Seen:
    given = {
        "thing": Thing.PERSON,
        "outcome": PassageOutcome.PASSED,
        "direction": Direction.IN,
        "method": Method.CARD,
        "device_id": "g1",
        **more,
    }
    return Seen(at=START + at, **given)


@given(st.lists(SEEN, max_size=30), st.randoms())
def test_the_order_of_rows_changes_nothing(rows, random):
    before = rules.tally(rows, START)
    random.shuffle(rows)
    assert rules.tally(rows, START) == before


@given(st.lists(SEEN, max_size=30))
def test_every_row_of_the_bucket_is_counted_once_or_is_an_echo(rows):
    total = rules.tally(rows, START)
    inside = [row for row in rows if START <= row.at < START + BUCKET_MS]
    assert total.seen == len(inside)
    people = total.people_in + total.people_out + total.people_unclear
    vehicles = total.vehicles_in + total.vehicles_out + total.vehicles_unclear
    assert people + vehicles + total.refused <= sum(1 + row.companions for row in inside)


@pytest.mark.parametrize(
    ("after_ms", "device", "people"),
    [(900, "g1", 1), (ECHO_MS, "g1", 1), (ECHO_MS + 1, "g1", 2), (900, "g2", 2), (-900, "g1", 2)],
)
def test_a_gate_that_confirms_our_opening_is_one_person(after_ms, device, people):
    opened = seen(60_000, outcome=PassageOutcome.OPENED, method=Method.CALL)
    echo = seen(60_000 + after_ms, method=Method.REMOTE, device_id=device)
    assert rules.tally([echo, opened], START).people_in == people


def test_an_echo_at_the_border_of_a_bucket_is_hidden_by_the_opening_before():
    opened = seen(-1_000, outcome=PassageOutcome.OPENED, method=Method.CALL)
    echo = seen(2_000, method=Method.REMOTE)
    assert rules.tally([opened, echo], START) == Tally(seen=1)
    assert START in rules.touched(opened.at)


def test_companions_count_and_a_barrier_that_was_opened_is_no_vehicle_of_its_own():
    rows = [
        seen(companions=3),
        seen(direction=Direction.OUT),
        seen(thing=Thing.VEHICLE, method=Method.PLATE),
        seen(thing=Thing.VEHICLE, outcome=PassageOutcome.OPENED, method=Method.DESK),
        seen(outcome=PassageOutcome.REFUSED, companions=4),
    ]
    total = rules.tally(rows, START)
    assert (total.people_in, total.people_out, total.vehicles_in) == (4, 1, 1)
    assert (total.refused, total.people_net_since_midnight, total.seen) == (1, 3, 5)


def test_a_day_begins_at_midnight_in_china():
    at = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert rules.day_began(at) == at
    assert rules.day_began(datetime(2026, 11, 21, 15, 59, tzinfo=UTC)) == at
