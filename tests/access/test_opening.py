import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from chalicelib.access.public import finish
from chalicelib.access.rules.desk import DeskOutcome
from chalicelib.access.rules.gates import Located, Near, Proof, Setting
from chalicelib.access.rules.opening import DESK_OPENS_FOR, OpeningState
from chalicelib.access.service import answers, desk, gates, opening, ringing
from chalicelib.access.service.ringing import Ring
from chalicelib.core import aws, clock, context
from chalicelib.core.errors import NotFound, Refusal, Unprocessable
from chalicelib.core.once import Replayed
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie

HERE = Located(30.0, 120.0, 10)


def settled(made, state: str) -> CommandSettled:
    return CommandSettled(
        made.community_id,
        made.device_id,
        made.command_id,
        "gate.open",
        state,
        "",
        made.opening_id,
        clock.now(),
    )


def test_one_tap_at_the_gate_sends_one_signed_command(house, sent):
    made = opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
    assert made.state is OpeningState.SENT
    ((_, message),) = sent
    told = json.loads(message["p"])
    assert (told["op"], told["id"], told["by"]) == ("gate.open", made.command_id, "per_1")
    assert opening.opening(house.resident(), made.opening_id) == made


def test_the_door_of_the_own_building_opens_too_and_by_its_own_command(house, sent):
    opening.open_door(house.resident(), house.door.device_id, "u1", house.code(house.door))
    assert json.loads(sent[0][1]["p"])["op"] == "door.open"


def test_a_phone_opening_takes_two_calls_of_dynamodb(house, sent):
    made, near = [], house.code(house.gate)
    events = aws.client("dynamodb").meta.events
    events.register("before-call.dynamodb", lambda model, **_: made.append(model.name), "count")
    try:
        with context.serving("r", context.Once(house.community, "per_1", "key-00000001", "d")):
            opening.open_door(house.resident(), house.gate.device_id, "u1", near)
    finally:
        events.unregister("before-call.dynamodb", unique_id="count")
    assert made == ["BatchGetItem", "TransactWriteItems"]


@pytest.mark.parametrize(
    ("person", "unit", "code"),
    [
        ("per_9", "u1", "no_such_unit"),
        ("kid", "u1", "no_such_unit"),
        ("visitor", "u1", "no_such_unit"),
        ("per_1", "u2", "no_such_unit"),
        ("per_1", "nowhere", "no_such_unit"),
    ],
)
def test_a_flat_that_is_not_ones_own_opens_nothing(house, sent, person, unit, code):
    with pytest.raises(NotFound, match=code):
        opening.open_door(
            house.resident(person), house.gate.device_id, unit, house.code(house.gate)
        )
    assert sent == []


def test_the_door_of_another_building_opens_for_nobody_from_here(house, sent):
    with pytest.raises(Unprocessable, match="gate_elsewhere"):
        opening.open_door(
            house.resident(), house.other_door.device_id, "u1", house.code(house.other_door)
        )
    assert sent == []


def test_what_is_no_door_and_what_is_elsewhere_is_not_there(house, sent):
    for caller, device in (
        (house.resident(), house.camera),
        (house.resident(community="com_other"), house.gate),
    ):
        with pytest.raises(NotFound, match="no_such_device"):
            opening.open_door(caller, device.device_id, "u1", house.code(house.gate))
    assert sent == []


def test_who_moved_out_opens_nothing_from_that_moment(house, sent):
    identity.move_out(house.community, "u1", "per_2")
    with pytest.raises(NotFound, match="no_such_unit"):
        opening.open_door(
            house.resident("per_2"), house.gate.device_id, "u1", house.code(house.gate)
        )
    assert sent == []
    identity.move_in(house.community, "u1", "per_2", Tie.TENANT)
    opening.open_door(house.resident("per_2"), house.gate.device_id, "u1", house.code(house.gate))


def test_a_photo_of_the_code_opens_nothing_from_home(house, sent):
    for near, code in (
        (house.code(house.gate, steps=-2), "code_stale"),
        (house.code(house.gate, steps=2), "code_stale"),
        (house.code(house.door), "bad_code"),
        (Near(code=house.code(house.gate).code[:-1] + "0z"[1]), "bad_code"),
        (Near(code=f"d:{house.gate.device_id}"), "bad_code"),
        (Near(), "near_required"),
        (Near(location=HERE), "gate_not_placed"),
    ):
        with pytest.raises(Unprocessable, match=code):
            opening.open_door(house.resident(), house.gate.device_id, "u1", near)
    assert sent == []


def test_a_forged_tag_is_no_code(house, sent):
    good = house.code(house.gate).code
    forged = good[:-1] + ("0" if good[-1] != "0" else "1")
    with pytest.raises(Unprocessable, match="bad_code"):
        opening.open_door(house.resident(), house.gate.device_id, "u1", Near(code=forged))
    assert sent == []


def test_staff_say_which_proof_suffices_and_where_the_gate_is(house, sent):
    manager = house.staff("per_m", "property_manager")
    gates.set_gate(manager, house.gate.device_id, Setting(30.0, 120.0, 50))
    opening.open_door(house.resident(), house.gate.device_id, "u1", Near(location=HERE))
    gates.set_estate(manager, Setting(suffices=frozenset({Proof.CODE})))
    opening.open_door(
        house.resident(), house.gate.device_id, "u1", Near(location=HERE)
    )  # what is said of the gate itself comes first
    only = Setting(30.0, 120.0, 50, frozenset({Proof.CODE}))
    gates.set_gate(manager, house.gate.device_id, only)
    with pytest.raises(Unprocessable, match="near_not_taken"):
        opening.open_door(house.resident(), house.gate.device_id, "u1", Near(location=HERE))
    listed = gates.settings(manager, limit=10, after=None).items
    assert [one.device_id for one in listed] == [None, house.gate.device_id]


def test_staff_of_one_building_set_no_gate_of_the_estate(house):
    _, building = identity.paths_of(
        house.community, [("1号楼", "1单元", ""), ("2号楼", "", "")]
    ).values()
    clerk = house.staff("per_m", "property_manager", node_path=building)
    with pytest.raises(NotFound, match="no_such_device"):
        gates.set_gate(clerk, house.gate.device_id, Setting())
    with pytest.raises(NotFound, match="no_such_community"):
        gates.set_estate(clerk, Setting())


def test_the_gates_that_ones_flats_reach_are_listed_with_the_outermost_first(house):
    found = gates.gates(house.resident()).items
    assert [(one.device_id, one.opens, one.unit_ids) for one in found] == [
        (house.gate.device_id, True, ["u1"]),
        (house.door.device_id, True, ["u1"]),
    ]
    assert gates.gates(house.resident("visitor")).items == []


@pytest.mark.parametrize(
    ("end", "state"),
    [("DONE", "OPENED"), ("REJECTED", "FAILED"), ("FAILED", "FAILED"), ("EXPIRED", "UNKNOWN")],
)
def test_the_doors_answer_ends_the_opening_once(house, sent, end, state):
    made = opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
    finish(settled(made, end))
    for later in ("DONE", "EXPIRED", "LATE_ACK", "FAILED"):
        finish(settled(made, later))
    assert opening.opening(house.resident(), made.opening_id).state == state
    waiting = desk.desk(house.staff(), limit=10, after=None).items
    assert len(waiting) == (state != "OPENED"), "a guard is asked for who stands before a shut door"
    assert len(sent) == 1, "never tried again"


def test_an_opening_without_an_answer_is_shown_as_unknown(house, sent):
    made = opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
    later = made.expires_at + timedelta(seconds=2)
    assert opening.opening(house.resident(), made.opening_id, at=later).state == "UNKNOWN"


def test_nobody_elses_opening_exists(house, sent):
    made = opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
    for caller in (house.resident("per_2"), house.resident(community="com_x")):
        with pytest.raises(NotFound, match="no_such_opening"):
            opening.opening(caller, made.opening_id)


def test_a_hundred_taps_of_one_key_at_once_open_once(house, sent):
    near = house.code(house.gate)

    def tap(_: int) -> str:
        with context.serving("r", context.Once(house.community, "per_1", "key-00000001", "d")):
            try:
                made = opening.open_door(house.resident(), house.gate.device_id, "u1", near)
            except Replayed as replayed:
                return str(replayed.record.answer["command_id"])
            except Refusal as refusal:
                return refusal.code
            return made.command_id

    ready = Barrier(100)

    def together(number: int) -> str:
        ready.wait()
        return tap(number)

    with ThreadPoolExecutor(100) as pool:
        told = set(pool.map(together, range(100)))
    assert len(sent) == 1
    command = json.loads(sent[0][1]["p"])["id"]
    assert command in told
    assert told <= {command, "lost_race"}


def went_away(house) -> None:
    """Let the broker say that the gate was there and is gone."""
    where = (house.community, house.gate.device_id)
    for online, ago_s in ((True, 2), (False, 1)):
        at = clock.now() - timedelta(seconds=ago_s)
        devices.hear_state(*where, json.dumps({"online": online}), at)


def test_a_gate_that_is_away_asks_the_guard_at_once(house, sent):
    assert gates.gates(house.resident()).items[0].online is None
    went_away(house)
    assert gates.gates(house.resident()).items[0].online is False
    made = opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
    assert made.guard_asked
    (asked,) = desk.desk(house.staff(), limit=10, after=None).items
    assert (asked.kind, asked.why, asked.unit) == ("door", "gate_offline", "1号楼 1单元 1**")
    finish(settled(made, "EXPIRED"))
    assert len(desk.desk(house.staff(), limit=10, after=None).items) == 1, "asked once"


def test_many_taps_at_a_silent_gate_ask_the_guards_once_for_each_flat(house, sent):
    went_away(house)

    def tap(number: int) -> opening.PhoneOpening:
        who, unit = (("per_1", "u1"), ("per_2", "u1"), ("per_9", "u2"))[number % 3]
        near = house.code(house.gate)
        return opening.open_door(house.resident(who), house.gate.device_id, unit, near)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(tap, range(12)))
    assert all(one.guard_asked for one in made)
    assert len(sent) == 12, "each tap is a command all the same"
    asked = desk.desk(house.staff(), limit=50, after=None).items
    assert sorted(one.unit or "" for one in asked) == ["1号楼 1单元 1**", "2号楼 1单元 2**"]


def test_a_guard_is_asked_anew_when_the_last_request_is_done(house, sent):
    went_away(house)
    for wanted in (1, 1, 2):
        opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
        asked = desk.desk(house.staff(), limit=50, after=None).items
        assert len(asked) == wanted
        if len(sent) == 2:
            desk.take(house.staff(), asked[0].desk_id)
            desk.done(house.staff(), asked[0].desk_id, DeskOutcome.HANDLED)


def test_a_guard_is_asked_anew_when_the_last_request_opens_nothing_any_more(house, sent):
    went_away(house)
    opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
    with clock.standing_at(clock.now() + DESK_OPENS_FOR):
        opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
        assert len(desk.desk(house.staff(), limit=50, after=None).items) == 2


def test_a_gate_that_was_back_after_all_needs_no_guard(house, sent):
    went_away(house)
    made = opening.open_door(house.resident(), house.gate.device_id, "u1", house.code(house.gate))
    finish(settled(made, "DONE"))
    (asked,) = desk.desk(house.staff(), limit=10, after=None).items
    assert (asked.state, asked.outcome) == ("DONE", "handled")


def test_a_call_at_a_gate_that_is_away_reaches_the_guard_with_the_tap(house, sent):
    went_away(house)
    asked = Ring("u1", house.code(house.gate))
    rung = ringing.ring(house.resident("visitor"), house.gate.device_id, asked)
    assert desk.desk(house.staff(), limit=10, after=None).items == [], "nobody let them in yet"
    opened = answers.open_gate(house.resident(), rung.call_id)
    assert opened.guard_asked
    (asked_for,) = desk.desk(house.staff(), limit=10, after=None).items
    assert (asked_for.kind, asked_for.why) == ("call", "gate_offline")
