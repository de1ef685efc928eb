"""What happens to passes by themselves, under their own rights, redelivered and disordered."""

from datetime import timedelta

from chalicelib.access.events import PassSpent
from chalicelib.access.service import passes
from chalicelib.access.tables.allow_lists import ListEntry
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import clock
from chalicelib.identity import public as identity
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded
from tests.access.conftest import house  # noqa: F401 -- the fixture of the same town
from tests.access.test_decisions import passed
from tests.access.visitors import ask, code, give, on_record
from tests.functions.conftest import delivered, kept, woken


def test_a_use_at_the_edge_counts_once_however_often_it_comes(house, nothing_failed):  # noqa: F811 -- the fixture
    made = give(house.resident(), uses=3)
    first = passed(house, house.gate, made.pass_id, event_id="e_1")
    other = passed(house, house.gate, made.pass_id, event_id="e_2")
    assert woken("record_visits", delivered(other, first, first)) == nothing_failed
    before = kept("access")
    assert woken("record_visits", delivered(first, other)) == nothing_failed
    assert kept("access") == before
    assert on_record(house.community, made.pass_id).uses_left == 1


def test_passes_end_with_the_tie_and_with_the_person(house, nothing_failed):  # noqa: F811 -- the fixture
    host = house.resident("per_2")
    made, kept_one = give(host, pin=True), give(house.resident())
    at = clock.now()
    identity.move_out(house.community, "u1", "per_2")
    ended = ResidencyEnded(house.community, "u1", "per_2", at, "family", last_home=True)
    elsewhere = ResidencyEnded(house.community, "u2", "per_1", at, "tenant")
    assert woken("end_passes", delivered(ended, elsewhere, ended)) == nothing_failed
    assert on_record(house.community, made.pass_id).state == "REVOKED"
    assert on_record(house.community, kept_one.pass_id).state == "APPROVED"
    forgotten = PersonForgotten(house.community, "per_2", at, at)
    erased = AccountErased(house.community, "per_1", ("home",), at, at)
    for _ in range(2):
        assert woken("end_passes", delivered(forgotten, erased)) == nothing_failed
    assert PassRow.of(house.community, made.pass_id) is None
    assert PassRow.of(house.community, kept_one.pass_id) is None


def test_spent_passes_stay_listed_without_uses_and_old_ones_end(house, nothing_failed):  # noqa: F811 -- the fixture
    host = house.resident()
    made = give(host)
    ask(house.gate, code(host, made.pass_id))
    path = on_record(house.community, made.pass_id).unit_path
    spent = PassSpent(house.community, made.pass_id, "u1", path, clock.now())
    for _ in range(2):
        assert woken("list_spent_passes", delivered(spent)) == nothing_failed
    assert [int(row.entry["uses"]) for row in ListEntry.query(house.community)] == [0]
    with clock.standing_at(clock.now() + timedelta(hours=3)):
        assert woken("expire_passes", {}) >= 1, "other tests' passes are over too"
        assert passes.show(host, made.pass_id).state == "EXPIRED"
    assert list(ListEntry.query(house.community)) == []
    assert woken("list_spent_passes", delivered(spent)) == nothing_failed
    assert list(ListEntry.query(house.community)) == [], "late: it has ended"


def test_a_move_out_heard_late_takes_no_pass_of_a_later_stay(house, nothing_failed):  # noqa: F811 -- the fixture
    host = house.resident("per_2")
    first, at = give(host, visitor="甲"), clock.now()
    ended = ResidencyEnded(house.community, "u1", "per_2", at, "family", last_home=True)
    with clock.standing_at(at + timedelta(minutes=5)):
        later = give(host, visitor="乙")
        assert woken("end_passes", delivered(ended, ended)) == nothing_failed
    states = [on_record(house.community, one.pass_id).state for one in (first, later)]
    assert states == ["REVOKED", "APPROVED"]


def test_five_spent_passes_leave_room_for_other_pins(house, nothing_failed):  # noqa: F811 -- the fixture
    host = house.resident()
    for number in range(5):
        made = give(host, visitor=f"访客{number}", pin=True)
        ask(house.gate, code(host, made.pass_id))
        path = on_record(house.community, made.pass_id).unit_path
        spent = PassSpent(house.community, made.pass_id, "u1", path, clock.now())
        assert woken("list_spent_passes", delivered(spent)) == nothing_failed
    assert give(host, visitor="再来", pin=True).has_pin
