import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.access.rules.calls import CallState
from chalicelib.access.service import answers, calls
from chalicelib.access.tables.calls import CallRow
from chalicelib.core import aws, clock, context
from chalicelib.core.errors import Conflict, NotFound, Refusal, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity import public as identity
from chalicelib.identity.service.organisation import Place


def settled(flat, call_id: str, state: str) -> CommandSettled:
    return CommandSettled(
        flat.community, flat.gate.device_id, "cmd", "gate.open", state, "", call_id, clock.now()
    )


def test_a_ring_reaches_the_adults_of_the_flat_and_nobody_else(flat):
    call_id = flat.ring()
    assert calls.call(flat.resident("per_2"), call_id).state is CallState.RINGING
    for person in ("kid", "per_9"):
        assert calls.calls(flat.resident(person)) == []
        with pytest.raises(NotFound, match="no_such_call"):
            calls.call(flat.resident(person), call_id)


def test_a_repeated_ring_is_one_call(flat):
    event = flat.event()
    calls.ring(event)
    calls.ring(event)
    assert len(calls.calls(flat.resident())) == 1


@pytest.mark.parametrize(
    "data",
    [
        {"unit_id": "nowhere"},
        {"gate_id": "dev_none"},
        {"unit_id": 7, "gate_id": None},
        {"gate_id": "g" * 3000},
        {"unit_id": "u\x00"},
    ],
)
def test_a_ring_for_nobody_rings_nobody(flat, data):
    calls.ring(flat.event(**data))
    assert calls.calls(flat.resident()) == []


def test_a_panel_rings_for_the_gates_beside_it_only(flat):
    west = devices.enrol(flat.community, Kind.GATE, place_id="west", name="西门")
    lift = devices.enrol(flat.community, Kind.LIFT_CONTROLLER, place_id="east", name="电梯")
    for device in (west, lift, flat.panel):
        calls.ring(flat.event(gate_id=device.device_id))
    assert calls.calls(flat.resident()) == []


def elsewhere(flat) -> str:
    """Return a gate that stands beside the panel, and leads to another building."""
    place = Place("2号楼", "", "201", 8000)
    identity.add_unit(flat.community, "u3", "u3", at=place)
    (path,) = identity.paths_of(flat.community, [("2号楼", "", "")]).values()
    gate = devices.enrol(flat.community, Kind.GATE, place_id="east", name="2号楼门", node_path=path)
    return gate.device_id


def test_a_panel_rings_no_flat_that_its_gate_does_not_lead_to(flat):
    calls.ring(flat.event(gate_id=elsewhere(flat)))
    assert calls.calls(flat.resident()) == []


def test_a_gate_that_was_moved_to_another_building_does_not_open_for_the_flat(flat, sent):
    call_id, foreign = flat.ring(), elsewhere(flat)
    row = CallRow.of(flat.community, call_id)
    assert row is not None
    row.gate_id = foreign
    row.save()
    with pytest.raises(Unprocessable, match="gate_elsewhere"):
        answers.open_gate(flat.resident(), call_id)
    assert sent == []


def test_a_panel_that_rings_and_rings_is_one_call_at_the_flat(flat):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: calls.ring(flat.event()), range(30)))
    (call,) = calls.calls(flat.resident())
    rung = [row for row in OutboxRow.scan() if row.name == "access.CallRung"]
    assert len([one for one in rung if one.community_id == flat.community]) == 1
    assert call.state is CallState.RINGING


def test_a_panel_rings_again_when_its_call_is_over_and_other_panels_at_once(flat):
    answers.deny(flat.resident(), flat.ring())
    again = flat.ring()
    other = devices.enrol(flat.community, Kind.PANEL, place_id="east", name="东门对讲二")
    calls.ring(dataclasses.replace(flat.event(), device_id=other.device_id))
    assert [one.state for one in calls.calls(flat.resident())].count(CallState.RINGING) == 2
    with clock.standing_at(clock.now() + timedelta(seconds=31)):
        assert flat.ring() != again


def test_a_ring_that_comes_late_rings_nobody(flat):
    calls.ring(flat.event(late_s=301))
    assert calls.calls(flat.resident()) == []


def test_one_tap_sends_one_signed_command(flat, sent):
    call_id = flat.ring()
    opening = answers.open_gate(flat.resident(), call_id)
    assert opening.state is CallState.SENT
    ((topic, message),) = sent
    assert topic == f"linli/v1/{flat.community}/{flat.gate.device_id}/cmd"
    told = json.loads(message["p"])
    assert (told["op"], told["id"], told["by"]) == ("gate.open", opening.command_id, "per_1")
    assert told["exp"] - told["iat"] == 5_000


def test_a_tap_takes_three_calls_of_dynamodb(flat, sent):
    call_id, made = flat.ring(), []
    events = aws.client("dynamodb").meta.events
    events.register("before-call.dynamodb", lambda model, **_: made.append(model.name), "count")
    try:
        with context.serving("r", context.Once(flat.community, "per_1", "key-00000001", "d")):
            answers.open_gate(flat.resident(), call_id)
    finally:
        events.unregister("before-call.dynamodb", unique_id="count")
    assert made == ["GetItem", "BatchGetItem", "TransactWriteItems"]


def test_a_double_tap_is_the_same_opening_and_one_command(flat, sent):
    call_id = flat.ring()
    first = answers.open_gate(flat.resident(), call_id)
    assert answers.open_gate(flat.resident(), call_id) == first
    assert len(sent) == 1


def test_one_persons_taps_at_once_are_the_same_command(flat, sent):
    call_id = flat.ring()

    def tap(number: int) -> str:
        key = f"key-0000000{number}"
        with context.serving("r", context.Once(flat.community, "per_1", key, "d")):
            return answers.open_gate(flat.resident(), call_id).command_id

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(tap, range(8)))
    assert told == {json.loads(sent[0][1]["p"])["id"]}
    assert len(sent) == 1


def test_fifty_taps_at_once_by_two_people_open_once(flat, sent):
    call_id = flat.ring()

    def tap(number: int) -> str:
        try:
            return answers.open_gate(flat.resident(f"per_{1 + number % 2}"), call_id).command_id
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(16) as pool:
        given = set(pool.map(tap, range(50)))
    assert len(sent) == 1
    command = json.loads(sent[0][1]["p"])["id"]
    assert command in given
    assert given <= {command, "already_answered", "lost_race"}


def test_the_second_adult_is_too_late(flat, sent):
    call_id = flat.ring()
    answers.open_gate(flat.resident("per_1"), call_id)
    with pytest.raises(Conflict, match="already_answered"):
        answers.open_gate(flat.resident("per_2"), call_id)
    with pytest.raises(Conflict, match="already_answered"):
        answers.deny(flat.resident("per_2"), call_id)


def test_nobody_elses_call_exists(flat, sent):
    call_id = flat.ring()
    for stranger in (
        flat.resident("per_9"),
        flat.resident("kid"),
        flat.resident(community="com_x"),
    ):
        with pytest.raises(NotFound, match="no_such_call"):
            answers.open_gate(stranger, call_id)
    assert sent == []


def test_who_moved_out_after_the_ring_opens_and_denies_nothing(flat, sent):
    call_id, gone = flat.ring(), flat.resident("per_2")
    identity.move_out(flat.community, "u1", "per_2")
    for act in (answers.open_gate, answers.deny, calls.call):
        with pytest.raises(NotFound, match="no_such_call"):
            act(gone, call_id)
    assert sent == []
    assert answers.open_gate(flat.resident(), call_id).command_id, "the others still may"


def test_a_stale_tap_opens_nothing(flat, sent):
    call_id = flat.ring()
    with pytest.raises(Unprocessable, match="call_expired"):
        answers.open_gate(flat.resident(), call_id, at=clock.now() + timedelta(seconds=30))
    assert sent == []


def test_denied_is_denied(flat, sent):
    call_id = flat.ring()
    assert answers.deny(flat.resident(), call_id).state is CallState.DENIED
    assert answers.deny(flat.resident(), call_id).state is CallState.DENIED
    with pytest.raises(Conflict, match="already_answered"):
        answers.open_gate(flat.resident(), call_id)
    assert sent == []


@pytest.mark.parametrize(
    ("end", "state"),
    [("DONE", "OPENED"), ("REJECTED", "FAILED"), ("FAILED", "FAILED"), ("EXPIRED", "UNKNOWN")],
)
def test_the_gates_answer_ends_the_call_once(flat, sent, end, state):
    call_id = flat.ring()
    answers.open_gate(flat.resident(), call_id)
    answers.finish(settled(flat, call_id, end))
    for later in ("DONE", "EXPIRED", "LATE_ACK", "FAILED"):
        answers.finish(settled(flat, call_id, later))
    assert calls.call(flat.resident(), call_id).state == state


def test_unanswered_calls_are_closed(flat):
    call_id = flat.ring()
    calls.expire_calls(at=clock.now() + timedelta(seconds=31))
    assert calls.call(flat.resident(), call_id).state is CallState.EXPIRED
    assert calls.expire_calls(at=clock.now() + timedelta(seconds=32)) == 0
