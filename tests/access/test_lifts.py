"""Calling a lift: by right of a flat, to its own floors, one command for each tap."""

import json

import pytest

from chalicelib.access.rules.calls import UNKNOWN_AFTER
from chalicelib.access.rules.lifts import LiftState, Trip
from chalicelib.access.rules.passes import Rule
from chalicelib.access.service import lifts, pass_rules
from chalicelib.access.tables.passes import PassRule
from chalicelib.core import aws, clock, context
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.once import Replayed
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.identity import public as identity
from chalicelib.identity.public import Place
from chalicelib.identity.rules.people import Tie


@pytest.fixture
def lift(house):
    """The lift of the first building, where u1 is room 101; the lobby and B1 are everybody's."""
    spots = identity.paths_of(house.community, [("1号楼", "", "")])
    manager = house.staff(role="property_manager")
    pass_rules.set_rule(manager, Rule(public_floors=(-1, 2)))
    return devices.enrol(
        house.community,
        Kind.LIFT_CONTROLLER,
        place_id="lift-1",
        name="1号电梯",
        node_path=spots["1号楼", "", ""],
    )


def call(house, lift, *, person: str = "per_1", unit: str = "u1", to: int = 1, start=None):
    trip = Trip(to, start)
    return lifts.call_lift(house.resident(person), lift.device_id, unit, trip)


def test_a_lift_is_told_where_to_come_and_where_to_let_out(house, lift, sent):
    made = call(house, lift, to=1, start=-1)
    assert made.state is LiftState.SENT
    ((_, message),) = sent
    told = json.loads(message["p"])
    assert (told["op"], told["args"]) == ("lift.call", {"floor": -1, "to_floor": 1})
    assert (told["id"], told["by"]) == (made.command_id, "per_1")


def test_somebody_in_the_car_names_one_floor(house, lift, sent):
    call(house, lift, to=2)
    assert json.loads(sent[0][1]["p"])["args"] == {"floor": 2}


@pytest.mark.parametrize(("start", "to"), [(None, 12), (-1, 12), (12, 1), (5, 6)])
def test_other_peoples_floors_are_refused(house, lift, sent, start, to):
    with pytest.raises(Unprocessable, match="floor_not_yours"):
        call(house, lift, to=to, start=start)
    assert sent == []


def test_without_a_rule_of_the_estate_the_lift_goes_to_the_ground_floor(house, lift, sent):
    rule = PassRule.find(house.community)
    assert rule is not None
    rule.delete()
    identity.add_unit(house.community, "u3", "u3", at=Place("1号楼", "1单元", "301", 8000))
    identity.move_in(house.community, "u3", "per_9", Tie.TENANT)
    assert call(house, lift, person="per_9", unit="u3", to=1, start=3).state is LiftState.SENT
    with pytest.raises(Unprocessable, match="floor_not_yours"):
        call(house, lift, person="per_9", unit="u3", to=2)
    assert len(sent) == 1


def test_a_flat_of_another_building_does_not_reach_the_lift(house, lift, sent):
    with pytest.raises(Unprocessable, match="lift_elsewhere"):
        call(house, lift, person="per_9", unit="u2", to=2)
    assert sent == []


@pytest.mark.parametrize("person", ["per_9", "kid"])
def test_who_does_not_speak_for_the_flat_is_a_stranger(house, lift, sent, person):
    with pytest.raises(NotFound, match="no_such_unit"):
        call(house, lift, person=person)
    assert sent == []


def test_what_is_no_lift_is_not_called(house, lift, sent):
    trip = Trip(1)
    with pytest.raises(Unprocessable, match="not_a_lift"):
        lifts.call_lift(house.resident(), house.gate.device_id, "u1", trip)
    assert sent == []


def test_a_double_tap_is_one_command_and_two_calls_of_dynamodb(house, lift, sent):
    made = []
    events = aws.client("dynamodb").meta.events
    wanted = context.Once(house.community, "per_1", "key-00000001", "d")
    events.register("before-call.dynamodb", lambda model, **_: made.append(model.name), "count")
    try:
        with context.serving("r", wanted):
            call(house, lift)
    finally:
        events.unregister("before-call.dynamodb", unique_id="count")
    assert made == ["BatchGetItem", "TransactWriteItems"]
    again = context.Once(house.community, "per_1", "key-00000001", "d")
    with context.serving("r", again), pytest.raises(Replayed):
        call(house, lift)
    assert len(sent) == 1


def test_silence_is_unknown_and_nothing_is_sent_again(house, lift, sent):
    made = call(house, lift)
    with clock.standing_at(made.expires_at + 2 * UNKNOWN_AFTER):
        assert lifts.await_lift(made).state is LiftState.UNKNOWN
    assert len(sent) == 1
