"""The end of a door's command reaches what caused it, under the function's own rights."""

import pytest

from chalicelib.access.rules.desk import DeskOutcome
from chalicelib.access.service import desk, hands, opening
from chalicelib.core import clock
from chalicelib.devices.events import CommandSettled
from tests.access.conftest import house  # noqa: F401 -- a fixture
from tests.functions.conftest import delivered, kept, woken


def end(made, cause_id: str, state: str) -> CommandSettled:
    return CommandSettled(
        made.community_id,
        made.device_id,
        made.command_id,
        "door.open",
        state,
        "",
        cause_id,
        clock.now(),
    )


@pytest.mark.parametrize("order", [("DONE", "EXPIRED"), ("EXPIRED", "DONE")])
def test_the_first_end_counts_however_often_it_comes(
    house,  # noqa: F811 -- the fixture
    sent,
    nothing_failed,
    order,
):
    made = opening.open_door(house.resident(), house.door.device_id, "u1", house.code(house.door))
    ends = [end(made, made.opening_id, state) for state in order]
    assert woken("finish_opening", delivered(*ends)) == nothing_failed
    once = kept("access")
    assert woken("finish_opening", delivered(*ends, *ends)) == nothing_failed
    assert kept("access") == once
    expected = {"DONE": "OPENED", "EXPIRED": "UNKNOWN"}[order[0]]
    assert opening.opening(house.resident(), made.opening_id).state == expected


def test_a_guards_opening_ends_too_and_foreign_causes_are_left_alone(
    house,  # noqa: F811 -- the fixture
    sent,
    nothing_failed,
):
    made = opening.open_door(house.resident(), house.door.device_id, "u1", house.code(house.door))
    woken("finish_opening", delivered(end(made, made.opening_id, "FAILED")))
    guard = house.staff()
    (asked,) = desk.desk(guard, limit=5, after=None).items
    desk.take(guard, asked.desk_id)
    by_hand = hands.open_by_hand(guard, asked.desk_id, "业主电话确认")
    ends = [end(by_hand, asked.desk_id, "DONE"), end(by_hand, "stay_other", "DONE")]
    assert woken("finish_opening", delivered(*ends)) == nothing_failed
    assert desk.done(guard, asked.desk_id, DeskOutcome.LET_IN).opening == "OPENED"
