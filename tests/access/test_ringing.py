from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.rules.calls import CallState
from chalicelib.access.service import answers, calls, ringing
from chalicelib.access.service.held import held_of
from chalicelib.access.service.ringing import Ring
from chalicelib.access.tables.calls import CallRow
from chalicelib.core import clock
from chalicelib.core.errors import NotFound, TooMany, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.identity import public as identity


@pytest.fixture
def visit(house):
    def ring(unit="u1", who="visitor", **more):
        asked = Ring(unit, house.code(house.gate), **more)
        return ringing.ring(house.resident(who), house.gate.device_id, asked)

    return ring


def test_a_visitors_phone_rings_the_adults_and_learns_nothing_of_them(house, visit):
    rung = visit(visitor_name=" 送蛋糕的小李 ")
    assert set(vars(rung)) == {"call_id", "device_id", "state", "rung_at", "expires_at"}
    for adult in ("per_1", "per_2"):
        (call,) = calls.calls(house.resident(adult))
        assert (call.call_id, call.state, call.by_phone) == (rung.call_id, "RINGING", True)
    shown = calls.detail(house.resident(), rung.call_id)
    assert (shown.visitor_name, shown.still_url) == ("送蛋糕的小李", None)
    assert calls.calls(house.resident("kid")) == calls.calls(house.resident("per_9")) == []


def test_a_tap_lets_the_visitor_in_who_sees_that_and_no_more(house, visit, sent):
    rung = visit()
    visitor = house.resident("visitor")
    answers.open_gate(house.resident(), rung.call_id)
    assert len(sent) == 1
    assert ringing.shown_ring(visitor, rung.call_id).state is CallState.SENT
    for stranger in (house.resident("per_9"), house.resident()):
        with pytest.raises(NotFound, match="no_such_call"):
            ringing.shown_ring(stranger, rung.call_id)
    with pytest.raises(NotFound, match="no_such_call"):
        answers.open_gate(visitor, rung.call_id)


def test_a_flat_where_nobody_lives_looks_like_one_where_nobody_is_at_home(house, visit):
    identity.move_out(house.community, "u2", "per_9")
    house_gate = house.gate.device_id
    asked = Ring("u2", house.code(house.gate))
    rung = ringing.ring(house.resident("visitor"), house_gate, asked)
    full = visit()
    assert (rung.state, rung.expires_at - rung.rung_at) == (
        full.state,
        full.expires_at - full.rung_at,
    )
    late = clock.now() + timedelta(seconds=31)
    ended = [
        ringing.shown_ring(house.resident("visitor"), one.call_id, at=late).state
        for one in (rung, full)
    ]
    assert ended == [CallState.EXPIRED] * 2


def test_only_who_stands_at_the_gate_rings_and_only_flats_behind_it(house, visit):
    visitor = house.resident("visitor")
    for near, unit, gate, code in (
        (house.code(house.gate, steps=-2), "u1", house.gate, "code_stale"),
        (house.code(house.door), "u2", house.door, "gate_elsewhere"),
    ):
        with pytest.raises(Unprocessable, match=code):
            ringing.ring(visitor, gate.device_id, Ring(unit, near))
    with pytest.raises(NotFound, match="no_such_unit"):
        visit("nowhere")
    with pytest.raises(NotFound, match="no_such_device"):
        ringing.ring(visitor, house.camera.device_id, Ring("u1", house.code(house.camera)))
    assert calls.calls(house.resident()) == []


def test_a_flat_is_left_in_peace(house, visit):
    for _ in range(4):
        visit()
    with pytest.raises(TooMany, match="rung_too_often"):
        visit()
    visit("u2")
    visit(who="per_9")
    with clock.standing_at(clock.now() + timedelta(minutes=11)):
        visit()


def test_rings_at_once_are_counted_like_rings_one_by_one(house, visit):
    def ring(_: int) -> str:
        try:
            return str(visit().call_id)
        except TooMany as refused:
            return refused.code

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(ring, range(8)))
    assert told.count("rung_too_often") == 4
    assert len(calls.calls(house.resident())) == 4


def test_panels_that_ring_do_not_use_up_or_hide_the_rings_of_phones(house, visit):
    row = visit()
    panel = CallRow.of(house.community, row.call_id)
    assert panel is not None
    for number in range(120):
        said = {**panel.attribute_values, "call_id": f"call_{number}"}
        said |= {"call_key": f"{house.community}#call_{number}", "rung_at": panel.rung_at + 1}
        for name in ("version", "rung_by", "ringer_key"):
            said.pop(name)
        assert CallRow(**said).put_new()
    for _ in range(3):
        visit()
    with pytest.raises(TooMany, match="rung_too_often"):
        visit()


def test_a_blocked_visitor_rings_nobody_and_cannot_tell(house, visit):
    first = visit(visitor_name="推销")
    blocked = ringing.block(house.resident(), first.call_id)
    assert blocked == ringing.block(house.resident("per_2"), first.call_id)
    assert blocked.visitor_name == "推销"
    again = visit()
    assert set(vars(again)) == set(vars(first))
    assert again.state is first.state
    assert [one.call_id for one in calls.calls(house.resident())] == [first.call_id]
    rung = [
        row
        for row in OutboxRow.scan()
        if row.name == "access.CallRung" and again.call_id in row.body
    ]
    assert rung == [], "nobody is told of it"
    assert visit("u2").state is CallState.RINGING
    assert len(calls.calls(house.resident("per_9"))) == 1, "other flats hear them"


def test_a_flat_lists_and_lifts_its_own_blocks_only(house, visit):
    first = visit()
    blocked = ringing.block(house.resident(), first.call_id)
    assert ringing.blocks(house.resident("per_2"), "u1", limit=9, after=None).items == [blocked]
    for stranger in ("per_9", "kid", "visitor"):
        with pytest.raises(NotFound, match="no_such_unit"):
            ringing.blocks(house.resident(stranger), "u1", limit=9, after=None)
        with pytest.raises(NotFound, match="no_such_unit"):
            ringing.unblock(house.resident(stranger), "u1", blocked.block_id)
    ringing.unblock(house.resident(), "u1", blocked.block_id)
    assert ringing.blocks(house.resident(), "u1", limit=9, after=None).items == []
    again = visit()
    assert again.call_id in {one.call_id for one in calls.calls(house.resident())}


def test_blocks_are_paged_and_end_after_a_year(house, visit):
    blocked = [
        ringing.block(house.resident(), visit(who=who).call_id) for who in ("visitor", "per_9")
    ]
    seen: list[Any] = []
    after = None
    for _ in blocked:
        page = ringing.blocks(house.resident(), "u1", limit=1, after=after)
        seen, after = [*seen, *page.items], page.next
    assert sorted(one.block_id for one in seen) == sorted(one.block_id for one in blocked)
    with clock.standing_at(clock.now() + timedelta(days=367)):
        assert ringing.blocks(house.resident(), "u1", limit=9, after=None).items == []
        assert visit().call_id in {one.call_id for one in calls.calls(house.resident())}


def test_a_panels_call_cannot_be_blocked(flat):
    with pytest.raises(Unprocessable, match="rung_by_panel"):
        ringing.block(flat.resident(), flat.ring())


def test_the_picture_of_a_call_is_shown_to_the_flat_for_thirty_days(house, visit):
    key = f"{house.community}/stills/visitor/{'a' * 64}.jpg"
    rung = visit(photo=key)
    url = calls.detail(house.resident(), rung.call_id).still_url
    assert url
    assert key in url
    with pytest.raises(NotFound):
        calls.detail(house.resident("per_9"), rung.call_id)
    later = clock.now() + timedelta(days=30, seconds=1)
    assert calls.detail(house.resident(), rung.call_id, at=later).still_url is None


@pytest.mark.parametrize(
    "key",
    [
        "{c}/stills/other/a.jpg",
        "x",
        "a.jpg",
        "{c}/stills/visitor/../b/a.jpg",
        "{c}/stills/visitor/a.svg",
    ],
)
def test_nobody_shows_another_ones_picture(house, visit, key):
    with pytest.raises(Unprocessable, match="not_your_photo"):
        visit(photo=key.format(c=house.community))


def test_an_export_has_the_persons_own_rings(house, visit):
    rung = visit(visitor_name="小李")
    kept = dict(held_of(house.community, "visitor"))
    assert (kept["rings"]["call_id"], kept["rings"]["visitor_name"]) == (rung.call_id, "小李")
    assert "calls" not in kept
