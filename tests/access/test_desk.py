import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.access.public import DeskAsk, DeskKind, ask_desk, close_desk, finish
from chalicelib.access.rules.desk import DeskOutcome, DeskState
from chalicelib.access.service import answers, desk, hands
from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Refusal, Unprocessable
from chalicelib.devices.events import CommandSettled
from chalicelib.devices.tables.commands import Command
from chalicelib.identity import public as identity


def request(house, cause: str, *, door=None, path: str = "", ago_s: float = 0) -> str:
    door = door or house.gate
    row = ask_desk(
        DeskAsk(
            house.community,
            DeskKind.DOOR,
            cause,
            "gate_offline",
            "east",
            clock.now() - timedelta(seconds=ago_s),
            door_id=door.device_id,
            path=path or house.community,
            unit_id="u1",
            still=f"{house.community}/stills/cam/{'a' * 64}.jpg",
        )
    )
    outbox.commit(row)
    return row.request_id


def settled(house, opening, state: str) -> CommandSettled:
    return CommandSettled(
        house.community,
        opening.device_id,
        opening.command_id,
        "gate.open",
        state,
        "",
        opening.desk_id,
        clock.now(),
    )


def test_a_tap_at_a_gate_that_never_answers_ends_at_the_guards(flat, sent):
    call_id = flat.ring()
    opening = answers.open_gate(flat.resident(), call_id)
    finish(
        CommandSettled(
            flat.community,
            flat.gate.device_id,
            opening.command_id,
            "gate.open",
            "EXPIRED",
            "",
            call_id,
            clock.now(),
        )
    )
    guard = Caller("per_g", flat.community, "property", ("guard",), 2**40)
    (asked,) = desk.desk(guard, limit=10, after=None).items
    assert (asked.kind, asked.why, asked.door_id) == ("call", "gate_unknown", flat.gate.device_id)
    assert len(sent) == 1


def test_open_requests_come_first_page_by_page(house):
    old = [request(house, f"old-{n}", ago_s=60 - n) for n in range(3)]
    desk.take(house.staff(), old[0])
    desk.done(house.staff(), old[0], DeskOutcome.HANDLED)
    desk.take(house.staff(), old[1])
    new = request(house, "new")
    seen, after = [], None
    while True:
        page = desk.desk(house.staff(), limit=2, after=after)
        seen += [(one.desk_id, one.state) for one in page.items]
        after = page.next
        if after is None:
            break
    assert seen == [(old[2], "WAITING"), (new, "WAITING"), (old[1], "TAKEN"), (old[0], "DONE")]


def test_a_cause_asks_once(house):
    request(house, "same")
    with pytest.raises(Conflict, match="lost_race"):
        request(house, "same")


def test_the_first_guard_has_it_and_alone_sees_the_picture(house):
    desk_id = request(house, "one")

    def take(number: int) -> str:
        try:
            return str(desk.take(house.staff(f"per_g{number}"), desk_id).taken_by)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(take, range(16)))
    winners = [one for one in told if one.startswith("per_g")]
    assert len(winners) == 1
    assert set(told) <= {winners[0], "already_taken", "lost_race"}
    assert desk.take(house.staff(winners[0]), desk_id).still_url
    (listed,) = desk.desk(house.staff(winners[0]), limit=5, after=None).items
    assert listed.still_url is None
    for act in (
        lambda: desk.done(house.staff("per_other"), desk_id, DeskOutcome.LET_IN),
        lambda: hands.open_by_hand(house.staff("per_other"), desk_id, "开门"),
    ):
        with pytest.raises(Conflict, match="not_taken"):
            act()


def test_what_a_guard_left_undone_may_be_taken_over(house):
    desk_id = request(house, "one")
    desk.take(house.staff("per_g1"), desk_id)
    with pytest.raises(Conflict, match="already_taken"):
        desk.take(house.staff("per_g2"), desk_id)
    later = clock.now() + timedelta(minutes=15)
    assert desk.take(house.staff("per_g2"), desk_id, at=later).taken_by == "per_g2"


def test_a_guard_opens_once_and_says_why(house, sent):
    desk_id, guard = request(house, "one"), house.staff()
    with pytest.raises(Conflict, match="not_taken"):
        hands.open_by_hand(guard, desk_id, "业主电话确认")
    desk.take(guard, desk_id)
    first = hands.open_by_hand(guard, desk_id, "业主电话确认")
    assert hands.open_by_hand(guard, desk_id, "再开一次") == first
    assert len(sent) == 1
    assert json.loads(sent[0][1]["p"])["op"] == "gate.open"
    command = Command.of(house.community, first.device_id, first.command_id)
    assert command is not None
    assert (command.ordered_by, command.why) == (guard.subject_id, "业主电话确认")
    finish(settled(house, first, "DONE"))
    finish(settled(house, first, "FAILED"))
    (shown,) = desk.desk(guard, limit=5, after=None).items
    assert shown.opening == "OPENED"
    done = desk.done(guard, desk_id, DeskOutcome.LET_IN, "已放行")
    assert (done.state, done.outcome, done.note) == (DeskState.DONE, "let_in", "已放行")
    with pytest.raises(Conflict, match="already_done"):
        hands.open_by_hand(guard, desk_id, "业主电话确认")
    with pytest.raises(Conflict, match="already_done"):
        desk.done(guard, desk_id, DeskOutcome.TURNED_AWAY)


def test_an_old_request_opens_nothing(house, sent):
    desk_id = request(house, "one", ago_s=1_801)
    desk.take(house.staff(), desk_id)
    with pytest.raises(Unprocessable, match="request_old"):
        hands.open_by_hand(house.staff(), desk_id, "业主电话确认")
    assert sent == []


def test_another_estates_and_another_buildings_requests_are_not_there(house):
    one, two = identity.paths_of(
        house.community, [("1号楼", "1单元", ""), ("2号楼", "", "")]
    ).values()
    (first, second) = sorted((one, two), key=lambda path: path.count("/"))
    here = request(house, "here", path=second)
    request(house, "there", path=first)
    guard = house.staff(node_path=second)
    assert [x.desk_id for x in desk.desk(guard, limit=10, after=None).items] == [here]
    street = request(house, "street")
    with pytest.raises(NotFound, match="no_such_request"):
        desk.take(guard, street)
    stranger = house.staff()
    stranger = type(stranger)("per_x", "com_else", "property", ("guard",), 2**40)
    assert desk.desk(stranger, limit=10, after=None).items == []
    with pytest.raises(NotFound, match="no_such_request"):
        desk.take(stranger, here)


def test_a_domain_closes_its_own_request(house):
    desk_id, at = request(house, "arr_1"), clock.now()
    row = close_desk(
        house.community, DeskKind.DOOR, "arr_1", DeskOutcome.CONFIRMED, by="per_g", at=at
    )
    assert row is not None
    outbox.commit(row)
    with pytest.raises(Conflict, match="already_done"):
        desk.take(house.staff(), desk_id)
    nothing = ("arr_1", "arr_none")
    assert [
        close_desk(house.community, DeskKind.DOOR, one, DeskOutcome.HANDLED, by="x", at=at)
        for one in nothing
    ] == [None, None]
