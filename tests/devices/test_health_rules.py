"""FLOWS 12 as a table, and a device's silence through it: no store, no clock."""

from dataclasses import replace
from itertools import product

import pytest

from chalicelib.devices.rules import repairs
from chalicelib.devices.rules.health import (
    ARROWS,
    CLOCK,
    DAY_MS,
    FLAPPING,
    HOUR_MS,
    POWER,
    SILENCE,
    Course,
    HealthState,
    gravest,
    may_follow,
)
from chalicelib.devices.rules.silence import Above, every_ms
from tests.devices.patient import BORN, MINUTE, Device

S = HealthState

LEGAL = """
ONLINE → SUSPECT
SUSPECT → ONLINE OFFLINE FAULT VERIFYING
OFFLINE → TICKETED VERIFYING
FAULT → TICKETED VERIFYING
TICKETED → REPAIRING VERIFYING
REPAIRING → VERIFYING
VERIFYING → ONLINE SUSPECT
MAINTENANCE → ONLINE SUSPECT OFFLINE FAULT TICKETED REPAIRING VERIFYING
"""
"""And from each of them to MAINTENANCE and RETIRED; from RETIRED to nothing."""


def legal() -> set[tuple[str, str]]:
    pairs = set()
    for line in LEGAL.strip().splitlines():
        start, _, ends = line.partition(" → ")
        pairs |= {(start, end) for end in (*ends.split(), "MAINTENANCE", "RETIRED")}
    return pairs - {("MAINTENANCE", "MAINTENANCE")}


@pytest.mark.parametrize(("start", "end"), list(product(S, S)))
def test_every_pair_of_states_is_an_arrow_or_refused(start, end):
    course = Course(SILENCE, state=start)
    if (start, end) in legal():
        assert may_follow(start, end)
        assert course.walked(7, end) == Course(SILENCE, state=end, since=7)
        return
    assert not may_follow(start, end)
    assert repairs.move_refusal(course, end) == "no_such_move"
    with pytest.raises(ValueError, match="no arrow"):
        course.walked(7, end)


def test_the_way_of_flows_12_is_open():
    way = (S.SUSPECT, S.OFFLINE, S.TICKETED, S.REPAIRING, S.VERIFYING, S.ONLINE)
    assert Course(SILENCE).walked(1, *way) == Course(SILENCE, since=1)
    way = (S.SUSPECT, S.FAULT, *way[2:])
    assert Course(CLOCK).walked(1, *way) == Course(CLOCK, since=1)
    assert set(ARROWS) == set(S)


def test_a_device_shows_the_gravest_of_its_courses():
    assert gravest([]) is S.ONLINE
    assert gravest([S.VERIFYING, S.TICKETED, S.SUSPECT]) is S.TICKETED
    assert gravest([S.OFFLINE, S.TICKETED]) is S.OFFLINE


# -- one device through time -------------------------------------------------------------------


def test_one_missed_beat_is_suspicion_and_nobody_is_told():
    device = Device()
    assert device.live(3) is S.ONLINE
    assert device.hush(2.1) is S.SUSPECT
    assert device.live(1) is S.ONLINE
    assert device.told() == []
    assert device.downs == 0


def test_three_missed_beats_open_one_order_that_is_closed_after_observation():
    device = Device()
    device.live(1)
    assert device.hush(3.6) is S.TICKETED
    assert device.told() == [("opened", SILENCE)]
    assert device.hush(30) is S.TICKETED
    device.by_hand(repairs.begun)
    assert device.live(5) is S.REPAIRING, "who repairs says when it is done"
    device.by_hand(repairs.mended)
    assert device.state() is S.VERIFYING
    assert device.live(9) is S.VERIFYING
    assert device.live(2) is S.ONLINE
    turns = list(device.turns)
    assert device.told() == [
        ("moved", SILENCE),
        ("moved", SILENCE),
        ("cleared", SILENCE),
    ]
    assert turns[-1].outcome == "repaired"
    assert device.downs == round(34.6 * MINUTE), "from the last sign to the first one again"


def test_recovered_before_anybody_came_it_is_observed_and_then_closed():
    device = Device()
    device.hush(10)
    device.told()
    assert device.live(1) is S.VERIFYING
    assert device.live(11) is S.ONLINE
    assert [turn.outcome for turn in device.turns] == [None, "recovered"]


def test_a_relapse_keeps_its_order_and_is_observed_for_longer():
    device = Device()
    device.hush(10)
    opened_at = device.health.course(SILENCE).opened_at
    for relapses in range(1, 4):
        assert device.live(2) is S.VERIFYING
        assert device.hush(5) is S.TICKETED
        assert device.health.course(SILENCE).relapses == relapses
    assert [what for what, _ in device.told()].count("opened") == 1
    assert device.health.course(SILENCE).opened_at == opened_at
    assert device.live(75) is S.VERIFYING, "10 minutes, doubled three times"
    assert device.live(10) is S.ONLINE


def test_what_speaks_once_a_day_must_speak_again_before_it_counts_as_well():
    meter = Device(every=DAY_MS)
    assert meter.hush(3.5 * DAY_MS / MINUTE) is S.TICKETED
    assert meter.live(1) is S.VERIFYING
    assert meter.hush(20 * 60) is S.VERIFYING, "the time of observation is over, unheard"
    assert meter.live(1) is S.ONLINE


def test_while_it_is_still_gone_somebody_is_reminded_every_day():
    device = Device()
    device.hush(3 * DAY_MS / MINUTE + 60)
    assert device.told() == [("opened", SILENCE)] + [("reminded", SILENCE)] * 3
    device.by_hand(repairs.begun)
    device.hush(2 * DAY_MS / MINUTE)
    assert device.told() == [("moved", SILENCE)] + [("reminded", SILENCE)] * 2
    assert device.downs > 5 * DAY_MS - HOUR_MS, "counted while it lasts"


def test_what_is_said_to_be_repaired_and_stays_silent_comes_back_under_the_same_order():
    device = Device()
    device.hush(10)
    device.by_hand(repairs.mended)
    assert device.state() is S.VERIFYING
    assert device.hush(5) is S.TICKETED
    assert [what for what, _ in device.told()] == ["opened", "moved", "moved"]


def test_a_false_alarm_ends_at_once_and_a_new_silence_is_a_new_order():
    device = Device()
    device.hush(10)
    device.by_hand(repairs.dismissed)
    assert device.state() is S.ONLINE
    assert device.turns[-1].outcome == "false_alarm"
    device.told()
    assert device.hush(2.4) is S.SUSPECT, "silence counts anew"
    assert device.hush(10) is S.TICKETED
    assert device.told() == [("opened", SILENCE)]


@pytest.mark.parametrize(
    ("kind", "silence_s", "adapted", "minutes"),
    [
        ("gate", None, False, 1),
        ("meter", None, False, 1440),
        ("gate", 7200, True, 120),
        ("gateway", None, False, 1),
        ("gateway", None, True, 60),
        ("gateway", 600, True, 10),
    ],
)
def test_how_often_a_device_is_expected(kind, silence_s, adapted, minutes):
    assert every_ms(kind, silence_s, adapted=adapted) == minutes * MINUTE


# -- the broker's word ---------------------------------------------------------------------------


def will(device: Device, *, online: bool) -> S:
    device.health = replace(device.health, will_at=device.at, will_online=online)
    return device.look()


def test_a_lost_connection_is_suspect_at_once_and_gone_sooner():
    device = Device()
    device.live(1)
    device.at += 5_000
    assert will(device, online=False) is S.SUSPECT
    assert device.hush(1.6) is S.TICKETED
    device.at += MINUTE
    assert will(device, online=True) is S.VERIFYING


def test_what_was_heard_after_its_will_is_there():
    device = Device()
    device.at += 5_000
    assert will(device, online=False) is S.SUSPECT
    assert device.live(1) is S.ONLINE
    assert device.live(9) is S.ONLINE


def test_one_that_comes_and_goes_is_flapping_once():
    device = Device()
    for _ in range(8):
        device.live(3)
        device.at += 5_000
        will(device, online=False)
        device.at += 5_000
        will(device, online=True)
    assert device.told() == [("opened", FLAPPING)]
    assert device.live(59) is S.TICKETED
    assert device.live(2) is S.VERIFYING
    assert device.live(11) is S.ONLINE
    assert device.told() == [("moved", FLAPPING), ("cleared", FLAPPING)]


def test_a_device_that_is_found_gone_is_not_flapping_besides():
    device = Device()
    for _ in range(4):
        device.live(2)
        device.hush(2.2)
    device.live(1)
    device.at += 10 * MINUTE
    assert device.look() is S.TICKETED
    assert device.told() == [("opened", SILENCE)]


def test_what_comes_and_goes_with_its_gateway_is_not_flapping():
    device = behind()
    for _ in range(9):
        device.live(2)
        device.hush(2.2)
    assert device.told() == []


def test_a_flapping_device_that_dies_has_one_order():
    device = Device()
    for _ in range(5):
        device.live(2)
        device.hush(2.2)
    assert device.told() == [("opened", FLAPPING)]
    device.hush(300)
    assert (device.state(), device.health.course(SILENCE).under) == (S.OFFLINE, "fault:flapping")
    assert device.told() == []


# -- what stands above it ------------------------------------------------------------------------


def behind(**changes) -> Device:
    return Device(through="gw", above=Above(BORN, in_trouble=False), **changes)


def test_children_of_a_silent_gateway_get_no_order_of_their_own():
    device = behind()
    device.hush(4)
    assert (device.state(), device.health.course(SILENCE).under) == (S.OFFLINE, "gw")
    device.above = Above(BORN, in_trouble=True)
    device.hush(600)
    assert device.told() == []
    device.above = Above(device.at, in_trouble=False)
    device.hush(3)
    assert device.state() is S.OFFLINE, "its gateway is back: it has as long as any to speak"
    assert device.live(1) is S.VERIFYING
    assert device.live(11) is S.ONLINE
    assert device.told() == []
    assert device.downs == 0
    assert device.grouped > 600 * MINUTE


def test_a_child_that_stays_silent_when_its_gateway_is_back_gets_its_order_then():
    device = behind()
    device.above = Above(BORN, in_trouble=True)
    device.hush(60)
    for _ in range(6):
        device.above = Above(device.at + MINUTE, in_trouble=False)
        device.hush(1)
    assert device.told() == [("opened", SILENCE)]


def test_a_child_whose_gateway_speaks_is_itself_at_fault():
    device = behind()
    device.above = Above(BORN + 10 * MINUTE, in_trouble=False)
    assert device.hush(4) is S.TICKETED


def test_a_gateway_without_power_has_one_order():
    device = Device()
    device.live(1)
    assert device.say("gateway.power_lost", 1) is S.TICKETED
    assert device.told() == [("opened", POWER)]
    device.hush(60)
    assert device.told() == []
    assert device.health.course(SILENCE).under == f"fault:{POWER}"
    device.say("device.started", 2)
    assert {device.state(), device.state(POWER)} == {S.VERIFYING}
    assert device.live(11) is S.ONLINE
