from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.core.errors import NotFound, Refusal
from chalicelib.identity import public as identity
from chalicelib.identity.events import PersonForgotten
from chalicelib.vehicles import public as vehicles
from chalicelib.vehicles.rules.visits import VisitState
from chalicelib.vehicles.service import hosting, judging, plates, quotas, visits
from chalicelib.vehicles.tables.books import PlateBook
from chalicelib.vehicles.tables.plates import PlateRow
from chalicelib.vehicles.tables.stays import StayRow
from chalicelib.vehicles.tables.visits import VisitRow
from tests.vehicles.conftest import GUEST, MINE, STRANGER


def refused(act, *given, **more) -> str:
    with pytest.raises(Refusal) as refusal:
        act(*given, **more)
    return refusal.value.code


def test_a_plate_waits_for_approval_and_then_passes(estate):
    row = plates.register(estate.resident(), "u1", " 粤b·12345 ", "白车", at=estate.at)
    assert (row.plate, row.state) == (MINE, "PENDING")
    estate.see(MINE)
    assert estate.desk == ["visit_pending"]
    judging.decide(estate.manager(), row.plate_id, approve=True, at=estate.at)
    assert (
        refused(judging.decide, estate.manager(), row.plate_id, approve=False) == "already_decided"
    )
    estate.see(MINE)
    assert len(estate.ops) == 1


def test_an_estate_may_leave_it_to_the_residents(estate):
    estate.policy(approve_plates=False)
    assert plates.register(estate.resident(), "u1", MINE, "", at=estate.at).state == "APPROVED"
    estate.see(MINE)
    assert len(estate.ops) == 1


@pytest.mark.parametrize(
    "said", ["", "x", "粤B1234", "粤B" * 100, "粤I12345", "' OR 1=1", "粤BO1234"]
)
def test_what_is_no_plate_is_refused(estate, said):
    assert refused(plates.register, estate.resident(), "u1", said, "") == "bad_plate"
    assert refused(estate.invite, said) == "bad_plate"


def test_nobody_registers_for_anothers_flat_nor_ends_anothers_plate(estate):
    plate_id = estate.register()
    for unit in ("u2", "nowhere", ""):
        assert refused(plates.register, estate.resident(), unit, GUEST, "") == "no_such_unit"
        assert refused(estate.invite, unit_id=unit) == "no_such_unit"
    for person in ("per_2", "per_9"):
        assert refused(plates.end, estate.resident(person), plate_id) == "no_such_plate"
        assert plates.mine(estate.resident(person), limit=9, after=None).items == []


def test_a_flat_has_no_more_plates_than_the_estate_allows_however_fast(estate):
    estate.policy(plates_per_flat=3, approve_plates=False)

    def ask(number: int) -> str:
        try:
            person = estate.resident(f"per_{1 + number % 2}")
            return plates.register(person, "u1", f"粤B1000{number}", "", at=estate.at).state
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(ask, range(10)))
    assert set(said) <= {"APPROVED", "too_many_plates", "lost_race"}
    assert said.count("APPROVED") == quotas.used(estate.community, "u1", plates.PLATES) <= 3
    mine = plates.mine(estate.resident(), limit=9, after=None).items
    if mine:
        plates.end(estate.resident(), mine[0].plate_id, at=estate.at)
        assert quotas.used(estate.community, "u1", plates.PLATES) == said.count("APPROVED") - 1


def test_a_plate_is_registered_once_in_a_flat_and_may_be_in_two(estate):
    estate.register()
    assert refused(plates.register, estate.resident("per_2"), "u1", MINE, "") == "plate_registered"
    other = plates.register(estate.resident("per_9"), "u2", MINE, "", at=estate.at)
    assert other.state == "PENDING"


def test_windows_of_one_plate_and_flat_do_not_overlap(estate):
    begins = estate.at + timedelta(hours=10)
    ends = begins + timedelta(hours=10)
    estate.invite(starts=begins, ends=ends)
    for starts, until in (
        (begins, ends),
        (begins - timedelta(hours=1), begins + timedelta(hours=1)),
    ):
        assert refused(estate.invite, starts=starts, ends=until) == "overlapping_registration"
    assert estate.invite(starts=ends, ends=ends + timedelta(hours=1)), "one begins as one ends"
    assert estate.invite(STRANGER, starts=begins, ends=ends), "another car"
    assert estate.invite(person="per_9", unit_id="u2", starts=begins, ends=ends), "another flat"


@pytest.mark.parametrize(
    ("starts", "ends", "code"),
    [
        (0, -1, "window_over"),
        (5, 5, "window_too_short"),
        (6, 5, "window_too_short"),
        (0, 24 * 31, "window_too_long"),
        (24 * 91, 24 * 92, "window_too_far"),
    ],
)
def test_absurd_windows_are_refused(estate, starts, ends, code):
    at = estate.at
    given = {"starts": at + timedelta(hours=starts), "ends": at + timedelta(hours=ends)}
    assert refused(estate.invite, **given) == code


def test_the_months_quota_holds_in_a_race_and_is_given_back(estate):
    estate.policy(visits_per_month=3)

    def ask(number: int) -> str:
        try:
            return str(estate.invite(f"粤B2000{number}", person=f"per_{1 + number % 2}").state)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(ask, range(10)))
    assert set(said) <= {VisitState.APPROVED, "visit_quota_used", "lost_race"}
    assert said.count(VisitState.APPROVED) <= 3
    for number in range(3 - said.count(VisitState.APPROVED)):
        estate.invite(f"粤B3000{number}")
    assert refused(estate.invite, "粤B40000") == "visit_quota_used"
    one = next(
        visit
        for person in ("per_1", "per_2")
        for visit in visits.mine(estate.resident(person), limit=9, after=None).items
    )
    row = VisitRow.of(estate.community, one.visit_id)
    assert row is not None
    owner = row.person_id
    visits.cancel(estate.resident(owner), one.visit_id, at=estate.at)
    visits.cancel(estate.resident(owner), one.visit_id, at=estate.at)
    assert estate.invite("粤B40000")
    assert refused(estate.invite, "粤B40001") == "visit_quota_used"


def test_a_draft_takes_nothing_and_passes_nothing_until_it_is_submitted(estate):
    estate.policy(visits_per_month=1)
    draft = estate.invite(submit=False)
    assert draft.state is VisitState.DRAFT
    estate.see(GUEST)
    assert estate.desk == ["plate_unknown"]
    shown = visits.submit(estate.resident(), draft.visit_id, at=estate.at)
    assert shown.state is VisitState.APPROVED
    assert refused(visits.submit, estate.resident(), draft.visit_id) == "not_a_draft"
    estate.see(GUEST)
    assert len(estate.ops) == 1


def test_staff_decide_on_visits_where_the_estate_wants_it(estate):
    estate.policy(approve_visits=True, visits_per_month=1)
    visit = estate.invite()
    estate.see(GUEST)
    assert (visit.state, estate.desk) == (VisitState.PENDING, ["visit_pending"])
    hosting.decide(estate.manager(), visit.visit_id, approve=False, reason="无", at=estate.at)
    assert estate.visit(visit.visit_id).state is VisitState.REJECTED
    again = estate.invite()
    hosting.decide(estate.manager(), again.visit_id, approve=True, at=estate.at)
    estate.see(GUEST)
    assert len(estate.ops) == 1
    assert estate.announced("VisitDecided") == 2
    assert refused(visits.cancel, estate.resident(), again.visit_id) == "visit_ended"


def test_a_cancelled_visit_passes_nothing_and_another_persons_is_not_there(estate):
    visit = estate.invite()
    for person in ("per_2", "per_9"):
        assert refused(visits.cancel, estate.resident(person), visit.visit_id) == "no_such_visit"
    visits.cancel(estate.resident(), visit.visit_id, at=estate.at)
    estate.see(GUEST)
    assert (estate.ops, estate.desk) == ([], ["plate_unknown"])


def test_visits_lapse_and_overstay_once(estate):
    unused, late = estate.invite(STRANGER), estate.invite()
    estate.see(GUEST)
    estate.wait(hours=4, minutes=16)
    hosting.lapse_visits(at=estate.at)
    hosting.lapse_visits(at=estate.at)
    assert estate.visit(unused.visit_id).state is VisitState.EXPIRED
    assert estate.visit(late.visit_id).state is VisitState.OVERSTAYED
    assert estate.announced("VisitOverstayed") == 1
    estate.see(GUEST, "out")
    assert estate.visit(late.visit_id).state is VisitState.EXITED
    assert len(estate.ops) == 2


def test_an_ambulance_that_the_estate_knows_always_passes(estate):
    judging.list_on_duty(estate.manager(), "粤B99120", "救护车", at=estate.at)
    assert refused(judging.list_on_duty, estate.manager(), "粤B99120", "x") == "plate_registered"
    estate.see("粤B99120")
    assert (estate.states, len(estate.ops)) == ([("emergency", "ENTERED")], 1)


def test_no_row_holds_a_plate_in_the_clear(estate):
    estate.register()
    estate.invite()
    estate.see(MINE)
    estate.see(STRANGER)
    tables = (PlateBook, PlateRow, VisitRow, StayRow)
    kept = [row.serialize() for kind in tables for row in kind.scan()]
    assert kept
    for plate in (MINE, GUEST, STRANGER):
        assert plate not in repr(kept)
        assert plate[2:] not in repr(kept)


def test_whose_a_plate_is_and_what_is_held_of_a_person(estate):
    estate.register()
    estate.invite(person="per_2")
    estate.see(MINE)
    found = vehicles.subject_of_plate(estate.community, "粤b 12345", estate.at)
    assert found
    assert (found.kind, found.person_id, found.unit_id) == ("resident", "per_1", "u1")
    guest = vehicles.subject_of_plate(estate.community, GUEST, estate.at)
    assert guest
    assert (guest.kind, guest.person_id) == ("visitor", "per_2")
    assert vehicles.subject_of_plate(estate.community, "nonsense", estate.at) is None
    held = list(vehicles.held_of(estate.community, "per_1"))
    assert {(kind, row["plate"]) for kind, row in held} == {("plates", MINE), ("stays", MINE)}


def test_who_is_forgotten_leaves_no_plate_behind(estate):
    estate.register()
    estate.invite()
    estate.see(MINE)
    fact = PersonForgotten(estate.community, "per_1", estate.at, estate.at + timedelta(days=15))
    for _ in range(2):
        vehicles.forget(fact, at=estate.at)
    assert list(vehicles.held_of(estate.community, "per_1")) == []
    assert [(row.plate, row.unit_id, row.person_key) for row in estate.stays] == [
        (None, None, None)
    ]
    estate.wait(minutes=5)
    estate.see(MINE, "out")
    assert (estate.inside, len(estate.ops)) == ({}, 2)


def test_who_moves_out_while_registering_registers_nothing(estate):
    identity.move_out(estate.community, "u1", "per_1")
    with pytest.raises(NotFound, match="no_such_unit"):
        plates.register(estate.resident(), "u1", MINE, "")
