"""Cars, plates and barriers through the very functions, under their own rights."""

from datetime import timedelta

from chalicelib.access.events import DeskDone
from chalicelib.identity.events import PersonForgotten, ResidencyEnded
from chalicelib.vehicles.rules.visits import VisitState
from tests.functions.conftest import delivered, job, woken
from tests.vehicles.conftest import GUEST, MINE, STRANGER, estate  # noqa: F401 -- the same estate


def test_a_car_through_its_functions_however_often_they_are_told(estate, nothing_failed):  # noqa: F811 -- the fixture
    estate.register()
    come = estate.event(MINE)
    for _ in range(3):
        assert woken("pass_vehicle", delivered(come, come)) == nothing_failed
    assert (len(estate.ops), estate.inside) == (1, {"resident": 1})
    settled = estate.settled("DONE")
    assert woken("finish_barrier", delivered(settled, settled)) == nothing_failed
    assert [row.opened for row in estate.stays] == ["OPENED"]


def test_a_guards_word_at_the_desk_opens_once(estate, nothing_failed):  # noqa: F811 -- as above
    assert woken("pass_vehicle", delivered(estate.event(STRANGER))) == nothing_failed
    (arrival,) = estate.waiting
    asked = arrival.arrival_id
    said = DeskDone(estate.community, "desk_1", "plate", asked, asked, "let_in", "grd_1", estate.at)
    for _ in range(2):
        assert woken("admit_vehicle", delivered(said, said)) == nothing_failed
    assert (len(estate.ops), estate.inside) == (1, {"other": 1})


def test_a_poisoned_event_fails_alone(estate):  # noqa: F811 -- as above
    estate.register()
    poison, good = job('{"detail-type": "DeviceEventRecorded"}'), delivered(estate.event(MINE))
    reply = woken("pass_vehicle", {"Records": poison["Records"] + good["Records"]})
    assert len(reply["batchItemFailures"]) == 1
    assert len(estate.ops) == 1


def test_who_leaves_takes_their_plates_along(estate, nothing_failed):  # noqa: F811 -- as above
    estate.register()
    visit = estate.invite()
    left = ResidencyEnded(estate.community, "u1", "per_1", estate.at)
    assert woken("end_plates", delivered(left, left)) == nothing_failed
    assert estate.visit(visit.visit_id).state is VisitState.CANCELLED
    estate.see(MINE)
    assert estate.ops == []
    gone = PersonForgotten(estate.community, "per_1", estate.at, estate.at)
    assert woken("end_plates", delivered(gone, gone)) == nothing_failed


def test_the_sweeps_run(estate):  # noqa: F811 -- as above
    estate.invite()
    estate.see(GUEST)
    for sweep in ("lapse_visits", "lapse_arrivals", "recount_parks"):
        assert woken(sweep, {}) >= 0


def test_what_nobody_came_for_lapses_through_its_functions(estate):  # noqa: F811 -- as above
    estate.at -= timedelta(hours=2)
    visit = estate.invite(ends=estate.at + timedelta(hours=1))
    estate.see(STRANGER)
    assert woken("lapse_visits", {}) >= 1
    assert woken("lapse_arrivals", {}) >= 1
    assert estate.visit(visit.visit_id).state is VisitState.EXPIRED
    assert estate.waiting == []
