import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.vehicles import public as vehicles
from chalicelib.vehicles.rules.visits import VisitState
from chalicelib.vehicles.service import hosting, parks
from chalicelib.vehicles.tables.parks import ParkCount
from tests.vehicles.conftest import GUEST, MINE, STRANGER


def test_a_residents_car_comes_and_goes_by_itself(estate):
    estate.register()
    estate.see(MINE)
    assert estate.ops == [("in", "barrier.open")]
    assert estate.inside == {"resident": 1}
    estate.wait(hours=2)
    estate.see(MINE, "out")
    assert estate.ops == [("in", "barrier.open"), ("out", "barrier.open")]
    assert estate.states == [("resident", "EXITED")]
    assert (estate.inside, estate.desk) == ({}, [])
    assert (estate.announced("VehicleEntered"), estate.announced("VehicleLeft")) == (1, 1)


def test_a_visitor_passes_within_the_window_and_the_visit_follows(estate):
    visit = estate.invite()
    estate.see(GUEST)
    assert estate.visit(visit.visit_id).state is VisitState.ENTERED
    assert estate.announced("VisitorArrived") == 1
    estate.wait(hours=1)
    estate.see(GUEST, "out")
    assert estate.visit(visit.visit_id).state is VisitState.EXITED
    assert len(estate.ops) == 2
    estate.wait(minutes=5)
    estate.see(GUEST)  # one entry was allowed
    assert estate.desk == ["visit_used_up"]
    assert len(estate.ops) == 2


@pytest.mark.parametrize(
    ("starts_h", "ends_h", "why"),
    [(1, 4, "visit_too_early"), (-3, 0, "visit_over"), (0, 4, None)],
)
def test_a_window_is_half_open(estate, starts_h, ends_h, why):
    begun = estate.at
    estate.at -= timedelta(hours=4)
    estate.invite(starts=begun + timedelta(hours=starts_h), ends=begun + timedelta(hours=ends_h))
    estate.at = begun
    estate.see(GUEST)
    assert estate.desk == ([why] if why else [])
    assert len(estate.ops) == (0 if why else 1)


def test_unknown_unread_and_unsure_cars_go_to_the_guard(estate):
    estate.register()
    estate.see(STRANGER)
    estate.see("unread")
    estate.wait(minutes=2)
    estate.see(MINE, confidence=0.4)
    for nonsense in ("粤" * 16, 7, None, "x" * 3000):
        estate.see(nonsense, event_id=f"e-{str(nonsense)[:3]}-{estate.community}")
    assert estate.ops == []
    assert estate.inside == {}
    assert set(estate.desk) == {"plate_unknown", "plate_unread"}


def test_a_near_match_is_never_let_in_silently(estate):
    estate.register("粤B01234")
    estate.see("粤BO1234")
    estate.wait(minutes=2)
    estate.see("粤BD1234")
    assert estate.ops == []
    assert estate.desk == ["plate_near", "plate_near"]


def test_a_repeated_event_changes_nothing(estate):
    estate.register()
    event = estate.see(MINE)
    for _ in range(3):
        vehicles.hear_vehicle(event, at=estate.at)
    held = estate.see(STRANGER)
    vehicles.hear_vehicle(held, at=estate.at)
    assert len(estate.ops) == 1
    assert estate.inside == {"resident": 1}
    assert len(estate.stays) == 1
    assert len(estate.waiting) == 1


def test_a_car_read_twice_enters_once(estate):
    visit = estate.invite(entries_allowed=2)
    estate.see(GUEST)
    estate.wait(seconds=2)
    estate.see(GUEST)  # the camera speaks twice of one moment
    assert len(estate.ops) == 1
    estate.wait(seconds=20)
    estate.see(GUEST)  # it stands there still: the barrier is told again, the car enters once
    assert len(estate.ops) == 2
    assert estate.visit(visit.visit_id).entered == 1
    assert estate.inside == {"visitor": 1}


def test_late_events_open_nothing_and_mend_the_stays(estate):
    estate.register()
    noon = estate.at
    estate.wait(hours=1)
    estate.see(MINE, late=True, occurred_at=noon)
    assert estate.ops == []
    assert estate.inside == {"resident": 1}
    estate.see(MINE, "out", late=True, occurred_at=noon + timedelta(minutes=30))
    assert estate.states == [("resident", "EXITED")]
    assert estate.inside == {}


def test_a_car_heard_of_after_its_visit_expired_is_inside_and_may_leave(estate):
    visit, noon = estate.invite(), estate.at
    estate.wait(hours=5)
    hosting.lapse_visits(at=estate.at)
    estate.see(GUEST, late=True, occurred_at=noon + timedelta(hours=1))
    assert estate.visit(visit.visit_id).state is VisitState.EXPIRED
    assert estate.inside == {"visitor": 1}
    estate.see(GUEST, "out")
    assert (estate.inside, estate.states) == ({}, [("visitor", "EXITED")])


def test_however_many_come_at_once_no_space_is_taken_twice(estate):
    made = parks.add(estate.manager(), parks.Park("库", 20, 3, {"lane-in": "in"}))
    cars = [f"粤B5000{number}" for number in range(8)]
    for plate in cars:
        estate.invite(plate)
    events = [estate.event(plate) for plate in cars]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda event: vehicles.hear_vehicle(event, at=estate.at), events))
    assert ParkCount.of(estate.community, made.park_id).inside()["visitor"] == 3
    assert len(estate.ops) == 3
    assert estate.desk == ["car_park_full"] * 5


def test_an_exit_heard_of_before_its_entry_becomes_one_stay(estate):
    estate.register()
    noon = estate.at
    estate.wait(hours=2)
    estate.see(MINE, "out")
    assert estate.states == [("resident", "ORPHAN")]
    assert estate.ops == [("out", "barrier.open")], "nobody is kept in"
    estate.see(MINE, late=True, occurred_at=noon)
    assert estate.states == [("resident", "EXITED")]
    assert estate.inside == {}


def test_what_is_heard_too_late_moves_no_barrier(estate):
    estate.register()
    vehicles.hear_vehicle(estate.event(MINE), at=estate.at + timedelta(seconds=31))
    assert (estate.ops, estate.inside, estate.desk) == ([], {}, ["heard_late"])
    vehicles.hear_vehicle(estate.event(MINE), at=estate.at + timedelta(minutes=6))
    assert (estate.ops, estate.inside) == ([], {"resident": 1})
    assert len(estate.desk) == 1


def test_a_second_entry_makes_an_orphan_of_the_first(estate):
    estate.register()
    estate.see(MINE)
    estate.wait(hours=3)
    estate.see(MINE)
    assert estate.states == [("resident", "ORPHAN"), ("resident", "ENTERED")]
    assert estate.inside == {"resident": 1}


@pytest.mark.parametrize("plate", ["粤B1234警", "粤X1234应急", "WJ粤12345", "VA12345"])
def test_who_is_on_duty_always_passes_and_is_on_record(estate, plate):
    park = parks.Park("全", 0, 0, {"lane-in": "in"})
    made = parks.add(estate.manager(), park)
    estate.see(plate, confidence=0.9)
    assert estate.ops == [("in", "barrier.open")]
    assert estate.states == [("emergency", "ENTERED")]
    assert ParkCount.of(estate.community, made.park_id).inside()["emergency"] == 1


def test_a_full_car_park_sends_visitors_to_the_guard_and_residents_home(estate):
    park = parks.add(
        estate.manager(), parks.Park("库", 10, 1, {"lane-in": "in", "lane-out": "out"})
    )
    estate.register()
    estate.invite()
    estate.invite(STRANGER)
    estate.see(GUEST)
    estate.see(STRANGER)
    estate.see(MINE)
    assert estate.desk == ["car_park_full"]
    (shown,) = parks.parks(estate.manager()).items
    assert (shown.park_id, shown.free, shown.free_for_guests) == (park.park_id, 8, 0)
    estate.wait(minutes=5)
    estate.see(GUEST, "out")
    estate.see(STRANGER)
    assert shown.inside["visitor"] == 1
    assert len(estate.ops) == 4


def test_a_barrier_that_does_not_open_is_the_guards(estate):
    estate.register()
    estate.see(MINE)
    vehicles.hear_barrier(estate.settled("EXPIRED"))
    vehicles.hear_barrier(estate.settled("DONE"))
    assert estate.desk == ["barrier_failed"]
    assert [row.opened for row in estate.stays] == ["UNKNOWN"]


def test_a_lane_without_a_barrier_counts_all_the_same(estate):
    estate.register()
    event = dataclasses.replace(estate.event(MINE), place_id="no-barrier")
    vehicles.hear_vehicle(event, at=estate.at)
    assert (estate.ops, estate.inside) == ([], {"resident": 1})


def test_counts_are_made_right_again_when_nothing_moves(estate):
    estate.register()
    estate.see(MINE)
    row = ParkCount.of(estate.community, "main")
    row.residents = 7
    row.save()
    assert parks.recount(at=estate.at) == 0
    estate.wait(hours=2)
    assert parks.recount(at=estate.at) >= 1
    assert estate.inside == {"resident": 1}


def test_a_count_that_is_wrong_never_falls_below_zero_nor_keeps_a_car_in(estate):
    estate.register()
    estate.see(MINE)
    row = ParkCount.of(estate.community, "main")
    row.residents = 0
    row.save()
    estate.wait(minutes=5)
    estate.see(MINE, "out")
    assert ParkCount.of(estate.community, "main").residents == 0
    assert estate.states == [("resident", "EXITED")]


def test_staff_close_a_stay_that_is_over_once(estate):
    estate.register()
    estate.see(MINE)
    (stay,) = estate.stays
    estate.close(stay.stay_id)
    assert (estate.states, estate.inside) == ([("resident", "ORPHAN")], {})
    with pytest.raises(Conflict, match="stay_ended"):
        estate.close(stay.stay_id)
