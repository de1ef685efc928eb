from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.access.events import DeskDone
from chalicelib.access.tables.desk import DeskRow
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Refusal, Unprocessable
from chalicelib.identity import public as identity
from chalicelib.identity.events import ResidencyEnded
from chalicelib.vehicles import public as vehicles
from chalicelib.vehicles.service import arrivals, parks, waiting
from chalicelib.vehicles.service.arrivals import Admission
from tests.vehicles.conftest import GUEST, MINE, STRANGER


def admit(estate, number: int = 0, **wish):
    arrival = estate.waiting[number]
    said = Admission(**{"reason": "送货", **wish})
    return arrivals.admit(estate.guard(), arrival.arrival_id, said, at=estate.at)


def done(estate, arrival, outcome: str, **later: float) -> None:
    said = DeskDone(
        estate.community,
        "desk_1",
        "plate",
        arrival.arrival_id,
        arrival.arrival_id,
        outcome,
        "grd_1",
        estate.at,
    )
    vehicles.hear_desk(said, at=estate.at + timedelta(**later))


def test_the_guard_lets_a_stranger_in_once(estate):
    estate.see(STRANGER)
    shown = admit(estate, reason="送货")
    assert (shown.state, shown.decided_by) == ("ADMITTED", "grd_1")
    assert estate.ops == [("in", "barrier.open")]
    assert estate.inside == {"other": 1}
    assert estate.waiting == []
    with pytest.raises(Conflict, match="already_decided"):
        arrivals.admit(estate.guard(), shown.arrival_id, Admission(reason="送货"), at=estate.at)
    assert [row.state for row in DeskRow.in_order(estate.community)] == ["DONE"]
    estate.wait(minutes=30)
    estate.see(STRANGER, "out")
    assert (estate.inside, len(estate.ops)) == ({}, 2)


def test_fifty_guards_at_once_open_once(estate):
    estate.see(STRANGER)
    arrival_id = estate.waiting[0].arrival_id

    def let_in(number: int) -> str:
        try:
            guard = estate.guard(f"grd_{number}")
            return arrivals.admit(guard, arrival_id, Admission(reason="送货"), at=estate.at).state
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(let_in, range(50)))
    assert said.count("ADMITTED") == 1
    assert set(said) <= {"ADMITTED", "already_decided", "lost_race"}
    assert len(estate.ops) == 1
    assert estate.inside == {"other": 1}


def test_the_guard_confirms_a_near_match_and_the_registered_plate_is_inside(estate):
    plate_id = estate.register("粤B01234")
    estate.see("粤BO1234")
    seen = waiting.show(estate.guard(), estate.waiting[0].arrival_id)
    (candidate,) = seen.candidates
    assert (candidate.candidate_id, candidate.plate) == (plate_id, "粤B01234")
    assert (seen.reading, seen.withheld) == ("粤BO1234", 0)
    admit(estate, candidate_id=plate_id)
    assert estate.inside == {"resident": 1}
    estate.wait(hours=1)
    estate.see("粤B01234", "out")
    assert estate.states == [("resident", "EXITED")]


def test_a_guard_confirms_no_plate_that_the_car_may_not_be(estate):
    plate_id = estate.register(MINE)
    estate.see(STRANGER)
    for candidate_id in (plate_id, "own_none"):
        with pytest.raises(NotFound, match="no_such_candidate"):
            admit(estate, candidate_id=candidate_id)
    assert (estate.ops, len(estate.waiting)) == ([], 1)


def test_an_unread_car_goes_by_what_the_guard_reads(estate):
    estate.see("unread")
    with pytest.raises(Unprocessable, match="bad_plate"):
        admit(estate, plate="粤B" * 10)
    admit(estate, plate="粤b·12345")
    estate.wait(hours=1)
    estate.see(MINE, "out")
    assert (estate.states, estate.inside) == ([("other", "EXITED")], {})


def test_a_misread_exit_asks_which_car_it_is(estate):
    estate.register("粤B01234")
    estate.see("粤B01234")
    estate.wait(hours=1)
    estate.see("粤BD1234", "out")
    assert estate.desk == ["plate_near"]
    (arrival,) = estate.waiting
    seen = waiting.show(estate.guard(), arrival.arrival_id)
    assert [one.plate for one in seen.candidates] == ["粤B01234"]
    admit(estate, candidate_id=seen.candidates[0].candidate_id)
    assert (estate.states, estate.inside) == ([("resident", "EXITED")], {})
    assert estate.ops[-1] == ("out", "barrier.open")


def test_a_waiting_car_asks_once_and_waits_half_an_hour_at_most(estate):
    for _ in range(3):
        estate.see(STRANGER)
        estate.wait(seconds=1)
    assert len(estate.waiting) <= 2, "a minute may turn in between"
    arrival = estate.waiting[0]
    estate.wait(minutes=31)
    assert estate.waiting == []
    with pytest.raises(Unprocessable, match="arrival_over"):
        arrivals.admit(estate.guard(), arrival.arrival_id, Admission(reason="送货"), at=estate.at)
    assert estate.ops == []


def test_a_guest_space_that_is_not_free_is_given_only_knowingly(estate):
    parks.add(estate.manager(), parks.Park("库", 5, 0, {"lane-in": "in"}))
    estate.see(STRANGER)
    with pytest.raises(Conflict, match="car_park_full"):
        admit(estate)
    admit(estate, beyond_capacity=True)
    (shown,) = parks.parks(estate.manager()).items
    assert (shown.free_for_guests, shown.inside["other"]) == (0, 1)


@pytest.mark.parametrize(
    ("outcome", "later_s", "state", "opened"),
    [
        ("let_in", 1, "ADMITTED", 1),
        ("confirmed", 1, "ADMITTED", 1),
        ("turned_away", 1, "TURNED_AWAY", 0),
        ("nobody_there", 1, "TURNED_AWAY", 0),
        ("let_in", 31, "TURNED_AWAY", 0),
    ],
)
def test_a_word_at_the_desk_is_done_while_it_is_fresh(estate, outcome, later_s, state, opened):
    estate.register("粤B01234")
    estate.see("粤BO1234")
    (arrival,) = estate.waiting
    for _ in range(2):
        done(estate, arrival, outcome, seconds=later_s)
    assert len(estate.ops) == opened
    assert waiting.show(estate.guard(), arrival.arrival_id).arrival.state == state
    expected = {"resident": 1} if outcome == "confirmed" else {"other": 1} if opened else {}
    assert estate.inside == expected


def test_another_estates_guard_and_one_of_another_building_find_nothing(estate):
    estate.see(STRANGER)
    arrival_id = estate.waiting[0].arrival_id
    other = Caller("grd_x", "com_other", "property", ("guard",), 2**40)
    path = f"c/s/n/{estate.community}/bld_1"
    part = Caller("grd_y", estate.community, "property", ("guard",), 2**40, node_path=path)
    for guard in (other, part):
        with pytest.raises(NotFound, match="no_such_arrival"):
            arrivals.admit(guard, arrival_id, Admission(reason="送货"), at=estate.at)
        assert waiting.waiting(guard, limit=10, after=None).items == []


def test_an_early_visitor_is_the_guards_to_judge(estate):
    visit = estate.invite(
        starts=estate.at + timedelta(hours=1), ends=estate.at + timedelta(hours=4)
    )
    estate.see(GUEST)
    admit(estate, candidate_id=visit.visit_id)
    assert estate.visit(visit.visit_id).entered == 1
    assert estate.inside == {"visitor": 1}


def test_the_host_who_moved_out_lets_nobody_in(estate):
    visit, plate_id = estate.invite(entries_allowed=3), estate.register(MINE, "per_2")
    estate.see(GUEST)
    estate.wait(minutes=10)
    for person in ("per_1", "per_2"):
        identity.move_out(estate.community, "u1", person)
        ended = estate_ended(estate, person)
        for _ in range(2):
            vehicles.end_with_home(ended, at=estate.at)
    estate.see(GUEST, "out")
    assert estate.states == [("visitor", "EXITED")], "who is inside may leave"
    estate.wait(minutes=10)
    estate.see(GUEST)
    estate.see(MINE)
    assert set(estate.desk) == {"plate_unknown"}
    assert len(estate.ops) == 2
    assert plate_id
    assert visit


def estate_ended(estate, person: str) -> ResidencyEnded:
    return ResidencyEnded(estate.community, "u1", person, clock.now(), "owner", last_home=True)
