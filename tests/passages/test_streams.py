"""Counts and reviews that follow from the stream: exact when it repeats and reorders."""

import random
from datetime import timedelta

import pytest

from chalicelib.core import clock
from chalicelib.core.errors import Conflict, Forbidden
from chalicelib.identity.events import PersonForgotten
from chalicelib.passages import public as passages
from chalicelib.passages.rules.patterns import Finding, Pattern, ReviewState, Thresholds
from chalicelib.passages.service import counting, traces, watching
from tests.functions.conftest import woken
from tests.identity.residents import NAME
from tests.passages.conftest import Estate

HOUR = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)


def hours(estate: Estate) -> list[counting.HourCount]:
    return counting.of_day(estate.staff("property_manager"), HOUR).items


def crowd(estate: Estate) -> None:
    cred = estate.card()
    for number in range(12):
        way = "in" if number % 3 else "out"
        estate.passes(cred, at=HOUR + timedelta(minutes=5 * number), direction=way)
    passages.record_opening(estate.opened(closed_at=HOUR + timedelta(minutes=7)))
    echo = {"method": "remote"}
    passages.record(estate.event(echo, at=HOUR + timedelta(minutes=7, seconds=1)))


def test_counts_are_exact_however_the_stream_brings_passages(estate: Estate):
    crowd(estate)
    records = estate.images()
    for seed in range(4):
        random.Random(seed).shuffle(records)
        woken("count_passages", {"Records": records[: 9 + seed]})
        woken("count_passages", {"Records": records})
    (hour,) = hours(estate)
    assert (hour.people_in, hour.people_out, hour.people_unclear) == (9, 4, 0)
    assert (hour.at, hour.place_id, hour.people_net_since_midnight) == (HOUR, "east", 5)


def test_a_late_passage_counts_in_its_own_hour(estate: Estate):
    cred = estate.card()
    estate.passes(cred, at=HOUR)
    woken("count_passages", {"Records": estate.images()})
    estate.passes(cred, at=HOUR + timedelta(minutes=1), late=True)
    woken("count_passages", {"Records": estate.images()[1:]})
    (hour,) = hours(estate)
    assert hour.people_in == 2


def test_a_flats_lock_is_counted_nowhere_and_a_buildings_door_not_for_all(estate: Estate):
    cred = estate.card()
    for device in (estate.gate, estate.door, estate.lock):
        estate.passes(cred, at=HOUR, device=device)
    woken("count_passages", {"Records": estate.images()})
    assert {hour.place_id for hour in hours(estate)} == {"east", "b1"}
    owners = counting.of_gates(estate.staff("committee_member"), HOUR)
    assert {hour.place_id for hour in owners.items} == {"east"}


def test_the_hours_of_one_gate(estate: Estate):
    estate.passes(estate.card(), at=HOUR)
    woken("count_passages", {"Records": estate.images()})
    manager = estate.staff("property_manager")
    period = HOUR - timedelta(days=20), HOUR + timedelta(hours=1)
    (hour,) = counting.of_device(manager, estate.gate, *period).items
    assert hour.people_in == 1


# -- patterns ----------------------------------------------------------------------------------


@pytest.fixture
def watched(estate: Estate) -> Estate:
    watching.set_thresholds(estate.staff("property_manager"), Thresholds(uses=5, nights=0))
    return estate


def reviews(estate: Estate, state: ReviewState = ReviewState.OPEN) -> list[watching.ReviewView]:
    manager = estate.staff("property_manager")
    return watching.reviews(manager, state, limit=20, after=None).items


def test_many_uses_of_a_card_suggest_one_review_with_its_numbers(watched: Estate):
    cred = watched.card()
    for number in range(7):
        watched.passes(cred, at=clock.now() - timedelta(minutes=number))
    for _ in range(3):
        woken("watch_passages", {"Records": watched.images()})
    (one,) = reviews(watched)
    assert (one.pattern, one.state) == (Pattern.MANY_USES, ReviewState.OPEN)
    assert one.numbers["threshold"] == 5
    assert one.numbers["count"] >= 5


def test_fewer_uses_suggest_nothing_and_companions_do(watched: Estate):
    cred = watched.card()
    for number in range(4):
        data = {"companions": 3 if number else 0}
        watched.passes(cred, at=clock.now() - timedelta(minutes=number), data=data)
    woken("watch_passages", {"Records": watched.images()})
    assert reviews(watched) == []
    watched.passes(cred, data={"companions": 2})
    woken("watch_passages", {"Records": watched.images()})
    assert {one.pattern for one in reviews(watched)} == {
        Pattern.MANY_COMPANIONS,
        Pattern.MANY_USES,
    }


def test_a_person_judges_and_nothing_is_locked(watched: Estate):
    cred = watched.card()
    for number in range(5):
        watched.passes(cred, at=clock.now() - timedelta(minutes=number))
    woken("watch_passages", {"Records": watched.images()})
    (one,) = reviews(watched)
    manager = watched.staff("property_manager")
    with pytest.raises(Forbidden, match="ticket_required"):
        watching.subject(manager, one.review_id, purpose="核实", ticket="")
    told = watching.subject(manager, one.review_id, purpose="核实", ticket="WO-7")
    assert (told.person_id, told.name) == ("per_1", NAME)
    watching.judge(manager, one.review_id, Finding.EXPLAINED, "家政人员使用")
    assert reviews(watched) == []
    assert reviews(watched, ReviewState.CLOSED)[0].finding is Finding.EXPLAINED
    with pytest.raises(Conflict, match="review_closed"):
        watching.judge(manager, one.review_id, Finding.HARMLESS, "")
    watched.passes(cred)
    assert len(traces.own(watched.resident(), None, limit=20, after=None).items) == 6


# -- forgetting --------------------------------------------------------------------------------


def test_who_is_forgotten_is_in_no_passage_and_the_counts_stay(watched: Estate):
    cred = watched.card()
    for number in range(5):
        watched.passes(cred, at=HOUR + timedelta(minutes=number))
    watched.passes(watched.card("per_9", "u2"), at=HOUR)
    woken("count_passages", {"Records": watched.images()})
    woken("watch_passages", {"Records": watched.images()})
    assert len(list(passages.held_of(watched.community, "per_1"))) == 5
    now = clock.now()
    for _ in range(2):
        passages.forget(PersonForgotten(watched.community, "per_1", now, now))
    assert list(passages.held_of(watched.community, "per_1")) == []
    assert len(list(passages.held_of(watched.community, "per_9"))) == 1
    manager = watched.staff("property_manager")
    for review in reviews(watched):
        told = watching.subject(manager, review.review_id, purpose="核实", ticket="WO-8")
        assert told.person_id is None
    woken("count_passages", {"Records": watched.images()})
    assert hours(watched)[0].people_in == 6
