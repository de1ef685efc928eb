"""What must not happen at barriers: guesses that open, strangers credited, cars nobody asks for."""

from datetime import timedelta

import pytest

from chalicelib.access.tables.desk import DeskRow
from chalicelib.core import audit, clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.devices.tables.registry import Device
from chalicelib.identity.events import PersonForgotten, ResidencyEnded
from chalicelib.vehicles import public as vehicles
from chalicelib.vehicles.rules.visits import VisitState
from chalicelib.vehicles.service import arrivals, hosting, judging, quotas, stays, waiting
from chalicelib.vehicles.service.arrivals import Admission
from chalicelib.vehicles.tables.books import book_key, plate_index
from chalicelib.vehicles.tables.plates import PlateRow
from chalicelib.vehicles.tables.stays import ArrivalRow
from tests.vehicles.conftest import GUEST, MINE, STRANGER
from tests.vehicles.test_arrivals import done


@pytest.mark.parametrize("plate", ["粤B1234警", "WJ粤12345", "VA12345"])
def test_a_guess_that_looks_like_police_opens_nothing(estate, plate):
    estate.see(plate, confidence=0.05)
    assert (estate.ops, estate.desk, estate.inside) == ([], ["on_duty_unsure"], {})


def test_an_ambulance_that_the_estate_listed_passes_also_when_it_is_a_guess(estate):
    judging.list_on_duty(estate.manager(), "粤B66120", "救护车", at=estate.at)
    estate.see("粤B66120", confidence=0.05)
    assert estate.states == [("emergency", "ENTERED")]


def plate_state(estate, plate_id: str) -> str:
    row = PlateRow.of(estate.community, plate_id)
    assert row is not None
    return row.state


def test_a_move_out_that_is_told_late_ends_nothing_of_a_later_stay(estate):
    left = estate.at - timedelta(days=1)
    plate_id, visit = estate.register(), estate.invite()
    vehicles.end_with_home(ResidencyEnded(estate.community, "u1", "per_1", left), at=estate.at)
    assert plate_state(estate, plate_id) == "APPROVED"
    assert estate.visit(visit.visit_id).state is VisitState.APPROVED
    now = ResidencyEnded(estate.community, "u1", "per_1", estate.at)
    vehicles.end_with_home(now, at=estate.at)
    assert plate_state(estate, plate_id) == "ENDED"
    assert estate.visit(visit.visit_id).state is VisitState.CANCELLED


def test_a_plate_is_nobodys_before_it_was_registered(estate):
    estate.register()
    estate.invite(starts=estate.at - timedelta(minutes=10))
    for plate in (MINE, GUEST):
        for minutes, person in ((-5, False), (1, True)):
            at = estate.at + timedelta(minutes=minutes)
            found = vehicles.subject_of_plate(estate.community, plate, at)
            assert found is not None
            assert bool(found.person_id) is person, (plate, minutes)


@pytest.mark.parametrize("outcome", ["let_in", "confirmed"])
def test_a_guards_word_stands_where_the_barrier_cannot_be_told(estate, outcome):
    estate.register("粤B01234")
    estate.see("粤BO1234")
    (arrival,) = estate.waiting
    barrier = Device.find(estate.barriers["in"])
    assert barrier is not None
    barrier.keys = {"k9": {"public": "x"}}
    barrier.save()
    for _ in range(2):
        done(estate, arrival, outcome)
    assert (estate.ops, estate.waiting) == ([], [])
    assert sum(estate.inside.values()) == 1
    assert "barrier_unavailable" in estate.desk, "the guard opens by hand"


def test_a_second_car_that_is_not_read_asks_although_the_first_waits(estate):
    estate.see("unread")
    estate.see("unread")
    assert len(estate.waiting) == 1, "the same moment is the same car"
    estate.wait(seconds=20)
    estate.see("unread")
    assert len(estate.waiting) == 2


def test_who_nobody_decides_on_waits_no_longer_than_half_an_hour(estate):
    estate.see(STRANGER)
    (arrival,) = estate.waiting
    vehicles.lapse_arrivals(at=estate.at + timedelta(minutes=29))
    assert waiting.show(estate.guard(), arrival.arrival_id).arrival.state == "WAITING"
    estate.wait(minutes=30)
    assert vehicles.lapse_arrivals(at=estate.at) >= 1
    assert waiting.show(estate.guard(), arrival.arrival_id).arrival.state == "LAPSED"
    assert [row.state for row in DeskRow.in_order(estate.community)] == ["DONE"]
    kept = ArrivalRow.of(estate.community, arrival.arrival_id)
    assert kept is not None
    assert not kept.waiting_key
    assert not kept.due_at
    done(estate, arrival, "let_in")
    assert estate.ops == []


def test_staff_of_a_part_see_the_stays_of_their_part_alone(estate):
    mine, other = (f"c/s/n/{estate.community}/bld_{name}" for name in "12")
    camera = Device.find(estate.cameras["in"])
    assert camera is not None
    camera.node_path = mine
    camera.save()
    estate.register()
    estate.see(MINE)
    (stay,) = estate.stays

    def seen(path: str) -> list[str]:
        guard = Caller("grd", estate.community, "property", ("guard",), 2**40, node_path=path)
        listed = stays.newest(guard, limit=9, after=None).items
        assert stays.inside(guard, "main", limit=9, after=None).items == listed
        return [one.stay_id for one in listed]

    assert (seen(mine), seen(other)) == ([stay.stay_id], [])
    foreign = Caller("m", estate.community, "property", ("guard",), 2**40, node_path=other)
    for look in (
        lambda: stays.show(foreign, stay.stay_id, purpose="p", ticket="WO-1"),
        lambda: stays.close(foreign, stay.stay_id),
    ):
        with pytest.raises(NotFound, match="no_such_stay"):
            look()
    assert stays.close(estate.manager(), stay.stay_id).state == "ORPHAN"


def test_the_same_plate_is_not_the_same_in_two_estates():
    assert plate_index("com_1", MINE) != plate_index("com_2", MINE)
    hashes = {book_key(community, MINE).partition("#")[2] for community in ("com_1", "com_2")}
    assert len(hashes) == 2


def test_a_car_of_who_is_forgotten_is_not_known_again_once_it_left(estate):
    estate.register()
    estate.see(MINE)
    gone = PersonForgotten(estate.community, "per_1", estate.at, estate.at)
    vehicles.forget(gone, at=estate.at)
    estate.wait(minutes=5)
    estate.see(MINE, "out")
    (stay,) = estate.stays
    assert (stay.state, estate.inside) == ("EXITED", {})
    named = (stay.plate_index, stay.book_key, stay.entry_id, stay.entry_still, stay.exit_still)
    assert named == (None,) * 5


def test_a_visit_that_nobody_used_gives_its_place_in_the_quota_back(estate):
    visit = estate.invite()
    month = f"visits#{clock.now():%Y-%m}"
    taken = quotas.used(estate.community, "u1", month)
    estate.wait(hours=5)
    for _ in range(2):
        hosting.lapse_visits(at=estate.at)
    assert estate.visit(visit.visit_id).state is VisitState.EXPIRED
    assert quotas.used(estate.community, "u1", month) == taken - 1


def test_who_announced_a_car_first_has_its_visit(estate):
    first = estate.invite(ends=estate.at + timedelta(hours=4))
    estate.wait(minutes=1)
    other = estate.invite(person="per_9", unit_id="u2", ends=estate.at + timedelta(hours=1))
    estate.see(GUEST)
    assert estate.visit(first.visit_id).state is VisitState.ENTERED
    assert estate.visit(other.visit_id, "per_9").state is VisitState.APPROVED
    found = vehicles.subject_of_plate(estate.community, GUEST, estate.at)
    assert found is not None
    assert found.person_id == "per_1"


def test_no_visit_is_announced_for_a_month_that_is_over(estate):
    with pytest.raises(Unprocessable, match="window_begun"):
        estate.invite(starts=estate.at - timedelta(days=29))


def test_a_car_is_shown_while_it_waits_and_on_record_also_without_candidates(estate):
    estate.see(STRANGER)
    (arrival,) = estate.waiting
    assert waiting.show(estate.guard(), arrival.arrival_id).reading == STRANGER
    looks = audit.views_of(estate.community, arrival.arrival_id, limit=9, after=None).items
    assert [one.fields for one in looks] == [["plate", "still"]]
    with pytest.raises(Unprocessable, match="reason_required"):
        arrivals.admit(estate.guard(), arrival.arrival_id, Admission(), at=estate.at)
    admitted = Admission(reason="送货")
    arrivals.admit(estate.guard(), arrival.arrival_id, admitted, at=estate.at)
    after = waiting.show(estate.guard(), arrival.arrival_id)
    assert (after.reading, after.still_url, after.candidates) == ("", None, [])
