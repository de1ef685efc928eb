"""What a device's own words do to its health, and what people do: no store, no clock."""

import pytest

from chalicelib.devices.rules import complaints, judging, repairs
from chalicelib.devices.rules.health import CLOCK, DAY_MS, HOUR_MS, STORM, Health, HealthState
from tests.devices.patient import MINUTE, Device

S = HealthState


# -- its own words -------------------------------------------------------------------------------


def test_a_reported_fault_has_one_order_until_it_is_mended_and_observed():
    device = Device()
    for sequence in (1, 2, 3):
        assert device.say("device.fault", sequence, code="motor") is S.TICKETED
    assert device.told() == [("opened", "reported/motor")]
    assert device.say("device.restored", 4, code="motor") is S.VERIFYING
    assert device.say("device.fault", 5, code="motor") is S.TICKETED
    assert device.say("device.restored", 6, code="motor") is S.VERIFYING
    assert device.live(21) is S.ONLINE
    assert [what for what, _ in device.told()] == ["moved", "moved", "moved", "cleared"]


def test_the_later_word_counts_whichever_comes_first():
    device = Device()
    device.say("device.restored", 8, code="motor")
    assert device.say("device.fault", 7, code="motor") is S.ONLINE
    assert device.say("device.fault", 9, code="motor") is S.TICKETED
    assert device.say("device.restored", 8, code="motor") is S.TICKETED


def test_a_buffer_that_is_replayed_opens_nothing_but_its_ends_count():
    device = Device()
    assert device.say("device.fault", 1, code="motor", live=False) is S.ONLINE
    assert device.say("gateway.power_lost", 2, live=False) is S.ONLINE
    device.say("device.fault", 3, code="motor")
    assert device.say("device.restored", 4, code="motor", live=False) is S.VERIFYING


def test_a_mad_device_opens_few_orders():
    device = Device()
    for number in range(200):
        device.say("device.fault", number + 1, code=f"E{number}")
    assert len(device.health.courses) == 9
    assert len(device.health.marks) <= 64
    assert device.say("device.restored", 900, code="E150") is S.TICKETED
    assert device.state("reported/others") is S.VERIFYING


def test_a_clock_is_wrong_after_three_beats_and_right_after_one():
    device = Device()
    for sequence in (1, 2):
        device.say("device.heartbeat", sequence, skew=-HOUR_MS)
        assert device.state(CLOCK) is S.SUSPECT
    assert device.say("device.heartbeat", 3, skew=-HOUR_MS) is S.TICKETED
    device.say("device.heartbeat", 4, skew=3 * MINUTE)
    assert device.state(CLOCK) is S.TICKETED, "neither wrong nor right"
    device.say("device.heartbeat", 5, skew=900)
    assert device.state(CLOCK) is S.VERIFYING
    assert device.live(11) is S.ONLINE


@pytest.mark.parametrize("skew", [10 * 365 * DAY_MS, 6 * MINUTE])
def test_any_label_from_the_future_tells_of_a_wrong_clock(skew):
    device = Device()
    for sequence in (1, 2, 3):
        device.say("door.forced", sequence, skew=skew)
    assert device.state(CLOCK) is S.TICKETED


def test_a_buffer_is_no_slow_clock():
    device = Device()
    for sequence in range(1, 9):
        device.say("bin.opened", sequence, skew=-DAY_MS, live=False)
        device.say("device.heartbeat", 10 + sequence, skew=-DAY_MS, live=False, replayed=True)
    assert device.state(CLOCK) is S.ONLINE


def test_a_clock_that_errs_once_is_forgotten_after_a_day():
    device = Device()
    device.say("device.heartbeat", 1, skew=HOUR_MS)
    device.live(24 * 60 + 1)
    assert device.state(CLOCK) is S.ONLINE
    assert device.told() == []


def test_a_storm_lasts_until_it_is_over():
    device = Device()
    device.health = complaints.stormed(device.health, device.at, device.at + 5 * MINUTE)
    assert complaints.stormed(device.health, device.at, device.at) is device.health
    assert device.look() is S.TICKETED
    assert device.live(6) is S.VERIFYING
    device.health = complaints.stormed(device.health, device.at, device.at + 5 * MINUTE)
    assert device.look() is S.TICKETED
    assert [what for what, _ in device.told()] == ["opened", "moved", "moved"]
    assert device.state(STORM) is S.TICKETED


# -- maintenance, swap, retirement ---------------------------------------------------------------


def test_maintenance_raises_nothing_and_gives_faults_back_where_they_were():
    device = Device()
    device.say("device.fault", 1, code="motor")
    device.told()
    device.take(repairs.paused(device.health, device.at, device.at + 60 * MINUTE))
    assert device.hush(59) is S.MAINTENANCE
    device.say("device.fault", 2, code="lamp")
    assert device.health.state is S.MAINTENANCE
    assert device.told() == []
    assert device.hush(2) is S.TICKETED
    assert device.told() == [("opened", "reported/lamp")], "it still says so"
    assert device.state() is S.ONLINE, "silence counts from the end of the maintenance"
    assert device.downs == 0
    assert device.hush(4) is S.TICKETED
    assert device.state() is S.TICKETED


def test_maintenance_forgets_a_suspicion_and_keeps_the_time_it_took():
    device = Device()
    device.hush(2.1)
    assert device.state() is S.SUSPECT
    begins = device.at
    device.take(repairs.paused(device.health, device.at, device.at + DAY_MS))
    device.take(repairs.paused(device.health, device.at + MINUTE, device.at + 2 * DAY_MS))
    assert device.state() is S.ONLINE
    judged = repairs.resumed(device.health, device.at + HOUR_MS)
    assert judged.kept == (begins, begins + HOUR_MS)
    assert judged.health.state is S.ONLINE


def test_other_hardware_is_observed_under_the_old_order():
    device = Device()
    device.hush(10)
    device.say("device.fault", 1, code="motor")
    device.hush(10)
    device.take(repairs.swapped(device.health, device.at))
    assert {device.state(), device.state("reported/motor")} == {S.VERIFYING}
    assert device.live(25) is S.ONLINE
    assert {turn.outcome for turn in device.turns if turn.what == "cleared"} == {"repaired"}


def test_retired_is_the_end():
    device = Device()
    device.hush(10)
    device.take(repairs.retired(device.health, device.at))
    assert device.turns[-1].outcome == "retired"
    assert device.hush(600) is S.RETIRED
    assert repairs.retired(device.health, device.at).health is device.health
    with pytest.raises(ValueError, match="no arrow from RETIRED"):
        repairs.paused(device.health, device.at, device.at + 1)
    assert judging.next_look(device.health, device.sight()) is None


def test_what_never_spoke_is_not_missed():
    device = Device(health=Health(watched_since=0), seen_at=0)
    device.hush(10_000)
    assert device.told() == []
    assert judging.next_look(device.health, device.sight()) is None
