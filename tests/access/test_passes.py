"""Passes as hosts and staff meet them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.access import public as access
from chalicelib.access.rules.passes import Approval, PassState, Rule
from chalicelib.access.service import pass_giving, pass_review, pass_rules, passes
from chalicelib.access.tables.allow_lists import ListEntry
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import audit, clock
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Refusal, Unprocessable
from chalicelib.identity import public as identity
from chalicelib.identity.events import PersonForgotten, ResidencyEnded
from tests.access.visitors import give, on_record, window


def listed(house) -> list[str]:
    return [row.entry_id for row in ListEntry.query(house.community)]


@pytest.fixture
def host(house):
    return house.resident()


@pytest.fixture
def clerk(house):
    return house.staff("per_clerk", "property_manager")


def test_a_pass_opens_at_once_and_is_on_the_lists(house, host):
    made = give(host, visitor="王师傅", note="装宽带")
    assert (made.state, made.visitor, made.note) == (PassState.APPROVED, "王师傅", "装宽带")
    assert (made.zone, made.floors) == ("Asia/Shanghai", [1])
    assert listed(house) == [made.pass_id]


def test_what_a_host_says_of_a_visitor_is_sealed(host):
    made = give(host, visitor="王师傅", note="装宽带")
    row = PassRow.of(host.community_id, made.pass_id)
    assert row is not None
    kept = repr(row.serialize())
    assert not {
        text for text in ("王师傅", "装宽带") if text in kept or repr(text.encode()) in kept
    }
    assert passes.share(host, made.pass_id).token.rpartition(".")[2] not in kept


def test_nobody_gives_passes_for_a_flat_that_they_do_not_speak_for(house):
    for person in ("per_9", "kid", "visitor"):
        with pytest.raises(NotFound, match="no_such_unit"):
            give(house.resident(person))
    with pytest.raises(NotFound, match="no_such_unit"):
        give(house.resident(), "nowhere")


def test_other_adults_of_the_flat_do_not_see_ones_visitors(house, host):
    made, other = give(host), house.resident("per_2")
    assert passes.mine(other, limit=20, after=None).items == []
    for act in (passes.show, passes.share, passes.revoke):
        with pytest.raises(NotFound, match="no_such_pass"):
            act(other, made.pass_id)
    with pytest.raises(NotFound, match="no_such_pass"):
        passes.show(house.resident(community="com_x"), made.pass_id)


@pytest.mark.parametrize(
    ("hours", "start_h", "code"),
    [
        (-1, 0, "window_backwards"),
        (0, 0, "window_backwards"),
        (1, -2, "window_over"),
        (721, 0, "window_too_long"),
        (1, 24 * 91, "window_too_far"),
    ],
)
def test_absurd_windows_are_refused(host, hours, start_h, code):
    with pytest.raises(Unprocessable, match=code):
        give(host, window=window(hours, start_h))


def test_one_visitor_has_one_pass_at_a_time(house, host):
    give(host, visitor="王师傅")
    with pytest.raises(Unprocessable, match="overlapping_pass"):
        give(host, visitor=" 王 师傅", window=window(1, 1.9))
    give(host, visitor="王师傅", window=window(1, 2.1))
    give(host, visitor="李师傅")
    give(house.resident("per_9"), "u2", visitor="王师傅")


def test_doors_and_floors_are_those_of_the_flat(house, host):
    chosen = give(host, doors=(house.gate.device_id, house.door.device_id))
    assert len(chosen.doors) == 2
    for wrong in (house.other_door.device_id, house.camera.device_id, "dev_none"):
        with pytest.raises(Unprocessable, match="door_not_yours"):
            give(host, doors=(house.gate.device_id, wrong))
    with pytest.raises(Unprocessable, match="floor_not_yours"):
        give(host, floors=(2,))
    assert give(house.resident("per_9"), "u2", floors=(2,)).floors == [2]


def test_where_the_estate_wants_to_be_asked_nothing_opens_before(house, host, clerk):
    pass_rules.set_rule(clerk, Rule(Approval.STAFF))
    made = give(host)
    assert (made.state, listed(house)) == (PassState.PENDING, [])
    (waiting,) = pass_review.listing(clerk, PassState.PENDING, limit=20, after=None).items
    assert waiting.pass_id == made.pass_id
    pass_review.decide(clerk, made.pass_id, PassState.APPROVED)
    pass_review.decide(clerk, made.pass_id, PassState.APPROVED)
    assert passes.show(host, made.pass_id).state is PassState.APPROVED
    assert listed(house) == [made.pass_id]
    with pytest.raises(Conflict, match="already_decided"):
        pass_review.decide(clerk, made.pass_id, PassState.REJECTED, "晚了")


def test_a_refused_pass_says_why_and_leaves_room(house, host, clerk):
    pass_rules.set_rule(clerk, Rule(approval_above=2))
    made = give(host, visitor="王师傅", companions=3, pin=True)
    pass_review.decide(clerk, made.pass_id, PassState.REJECTED, "当日有活动")
    shown = passes.show(host, made.pass_id)
    assert (shown.state, shown.reason) == (PassState.REJECTED, "当日有活动")
    with pytest.raises(Unprocessable, match="pass_over"):
        passes.share(host, made.pass_id)
    assert give(host, visitor="王师傅").state is PassState.APPROVED


def test_staff_of_a_building_decide_for_that_building(house, host, clerk):
    pass_rules.set_rule(clerk, Rule(Approval.STAFF))
    made, theirs = give(host), give(house.resident("per_9"), "u2")
    path = on_record(house.community, made.pass_id).unit_path.rpartition("/")[0]
    of_building = house.staff("per_b", "property_clerk", path)
    found = pass_review.listing(of_building, PassState.PENDING, limit=20, after=None)
    assert [one.pass_id for one in found.items] == [made.pass_id]
    with pytest.raises(NotFound, match="no_such_pass"):
        pass_review.decide(of_building, theirs.pass_id, PassState.APPROVED)
    with pytest.raises(Forbidden):
        pass_rules.set_rule(of_building, Rule())


def test_who_a_visitor_is_costs_staff_a_ticket(house, host, clerk):
    made = give(host, visitor="王师傅")
    with pytest.raises(Forbidden, match="ticket_required"):
        pass_review.look(clerk, made.pass_id, purpose="", ticket="")
    looked = pass_review.look(clerk, made.pass_id, purpose="访客核实", ticket="WO-1")
    assert (looked.visitor, looked.host_id) == ("王师傅", "per_1")
    (view,) = audit.views_of(house.community, "per_1", limit=9, after=None).items
    assert view.view_id == looked.view_id


def test_revoked_is_revoked(house, host):
    made = give(host, pin=True)
    first = passes.revoke(host, made.pass_id)
    assert passes.revoke(host, made.pass_id).state is first.state is PassState.REVOKED
    assert listed(house) == []
    with pytest.raises(Unprocessable, match="pass_over"):
        passes.share(host, made.pass_id)


def test_passes_end_by_themselves(house, host):
    made = give(host)
    late = clock.now() + timedelta(hours=2, seconds=1)
    assert passes.show(host, made.pass_id, at=late).state is PassState.EXPIRED
    access.expire_passes(at=late)
    assert on_record(house.community, made.pass_id).state == "EXPIRED"
    assert listed(house) == []
    with pytest.raises(Unprocessable, match="pass_over"):
        passes.revoke(host, made.pass_id)


def test_a_flat_has_five_pins_and_no_two_alike(host):
    made = [give(host, pin=True) for _ in range(5)]
    pins = {passes.share(host, one.pass_id).pin for one in made}
    assert len(pins) == 5
    assert all(pin is not None and len(pin) == 8 for pin in pins)
    with pytest.raises(Unprocessable, match="too_many_pins"):
        give(host, pin=True)
    passes.revoke(host, made[0].pass_id)
    assert give(host, pin=True).has_pin


def test_of_many_passes_at_once_no_more_than_five_have_a_pin(house):
    def one(number: int) -> str:
        try:
            return give(house.resident(f"per_{1 + number % 2}"), pin=True).pass_id
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(12) as pool:
        given = list(pool.map(one, range(24)))
    assert sum(one.startswith("pass_") for one in given) == 5
    assert {one for one in given if not one.startswith("pass_")} <= {"too_many_pins", "lost_race"}


def test_who_leaves_takes_their_passes_along(house, host):
    leaver = house.resident("per_2")
    mine, others = give(leaver, pin=True), give(host)
    identity.move_out(house.community, "u1", "per_2")
    event = ResidencyEnded(house.community, "u1", "per_2", clock.now(), "family", last_home=True)
    access.revoke_of_leaver(event)
    access.revoke_of_leaver(event)
    assert on_record(house.community, mine.pass_id).state == "REVOKED"
    assert passes.show(host, others.pass_id).state is PassState.APPROVED
    assert listed(house) == [others.pass_id]


def test_an_export_has_the_passes_and_a_deletion_takes_them(house, host):
    made = give(host, visitor="王师傅")
    ((kind, row),) = [one for one in access.held_of(house.community, "per_1") if "pass" in one[0]]
    assert (kind, row["pass_id"], row["visitor"]) == ("passes", made.pass_id, "王师傅")
    at = clock.now()
    access.forget_passes(PersonForgotten(house.community, "per_1", at, at))
    assert PassRow.kept(f"{house.community}#{made.pass_id}") is None
    assert listed(house) == []


def test_two_who_give_at_once_both_give(house):
    def one(person: str) -> str:
        return give(house.resident(person), visitor=f"客{person}").pass_id

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(one, ["per_1", "per_2"]))) == 2


def test_a_flat_has_room_for_so_many(host, house):
    soon = window()
    for number in range(3):
        pass_giving.give(host, pass_giving.Wish("u1", soon, visitor=f"客{number}"))
    page = passes.mine(host, limit=2, after=None)
    rest = passes.mine(host, limit=2, after=page.next)
    assert [one.visitor for one in (*page.items, *rest.items)] == ["客2", "客1", "客0"]
