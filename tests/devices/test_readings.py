from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.devices.events import Reading
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.gaps import MOST_RANGES, Count, counted
from chalicelib.devices.rules.readings import (
    Meaning,
    Measure,
    fitted,
    is_dated,
    meanings,
    ordering,
    plate,
)
from chalicelib.devices.schemas.events import faults

AT = datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)


def said(kind, **readings):
    return meanings(kind, [Reading(name, value) for name, value in readings.items()])


def test_a_smoke_sensors_alarm_comes_before_its_temperature():
    alarm, pack = said(Kind.SMOKE_SENSOR, temperature=21.5, smoke_alarm="alarm")
    assert alarm.type == "smoke.detected"
    assert pack == Meaning(
        "device.telemetry", {"senml": [{"n": "temperature", "u": "Cel", "v": 21.5}]}
    )


@pytest.mark.parametrize(
    ("kind", "name", "value", "event"),
    [
        (Kind.SMOKE_SENSOR, "smoke", True, "smoke.detected"),
        (Kind.SMOKE_SENSOR, "smoke", False, "smoke.cleared"),
        (Kind.SMOKE_SENSOR, "alarm", "normal", "smoke.cleared"),
        (Kind.GAS_SENSOR, "alarm", "1", "gas.detected"),
        (Kind.WATER_SENSOR, "water-leak", True, "water.detected"),
        (Kind.WRISTBAND, "SOS", True, "sos.pressed"),
        (Kind.WRISTBAND, "sos", False, "device.heartbeat"),
        (Kind.SMOKE_SENSOR, "alarm", "maybe", "device.heartbeat"),
        (Kind.METER, "alarm", True, "device.heartbeat"),
    ],
)
def test_a_state_means_what_it_means_for_its_kind(kind, name, value, event):
    (meaning,) = said(kind, **{name: value})
    assert meaning.type == event
    assert faults(meaning.type, meaning.data) == []


def test_what_the_kind_does_not_measure_stays_beside():
    (meaning,) = said(Kind.METER, energy=1250.0, colour="red", humidity=40.0)
    assert [sample["n"] for sample in meaning.data["senml"]] == ["energy"]
    assert meaning.data["vendor"] == {"colour": "red", "humidity": 40.0}


def test_an_installer_brings_a_vendors_name_to_our_unit():
    names = {"P": Measure("active_power", 0.1, 1.0)}
    (meaning,) = meanings(Kind.METER, [Reading("P", 50.0, AT)], names)
    (sample,) = meaning.data["senml"]
    assert (sample["v"], sample["t"]) == (6.0, AT.timestamp())
    assert faults(meaning.type, meaning.data) == []


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("粤B·D12345", "粤BD12345"),
        (" 京a 12345 ", "京A12345"),
        ("unknown", "unread"),
        ("无车牌", "unread"),
        ("", "unread"),
        ("A" * 17, "unread"),
    ],
)
def test_plates_are_written_one_way(text, ours):
    assert plate(text) == ours
    assert faults("vehicle.passed", {"plate": plate(text)}) == []


@given(st.text(max_size=20))
def test_any_plate_is_one_that_we_take(text):
    assert faults("vehicle.passed", {"plate": plate(text)}) == []


def test_a_camera_in_a_lift_sights_for_the_lift():
    sighting = Meaning("camera.sighting", {"picture": {"key": "k", "sha256": "0" * 64}})
    assert fitted(Kind.LIFT_CAMERA, sighting).type == "lift.sighting"
    assert fitted(Kind.CAMERA, sighting).type == "camera.sighting"


def test_events_of_one_second_are_told_apart_by_what_their_device_counts():
    assert ordering(AT, 1041) < ordering(AT, 1042) < ordering(AT.replace(second=8), 1)
    assert ordering(AT.replace(year=2099), 999) < 2**53
    assert is_dated(AT)
    assert not is_dated(AT.replace(year=1970))


def after(*serials, **options):
    count = Count()
    for serial in serials:
        count = counted(count, serial, **options)
    return count


def test_a_jump_is_a_gap_and_what_comes_late_fills_it():
    assert after(10, 11, 15).missing == ((12, 14),)
    assert counted(after(10, 11, 15), 13, replayed=True).missing == ((12, 12), (14, 14))
    assert after(10, 15, 11, 12, 13, 14) == Count(15)


def test_a_counter_that_was_set_anew_begins_anew():
    assert after(5_000, 1) == Count(1)
    assert after(5, 50_000) == Count(50_000)
    assert counted(after(5_000), 1, replayed=True) == Count(5_000)


def test_only_so_many_gaps_are_remembered_and_none_is_forgotten_silently():
    count = after(*range(0, 2 * (MOST_RANGES + 4), 2))
    assert len(count.missing) == MOST_RANGES
    assert count.given_up == 3


@given(st.permutations(range(1, 30)), st.sets(st.integers(2, 28), max_size=8))
def test_any_order_and_repetition_leave_the_same_gaps(order, lost):
    came = [serial for serial in order if serial not in lost]
    count = after(1, *came, *came)
    missing = {n for first, last in count.missing for n in range(first, last + 1)}
    assert missing == {serial for serial in lost if serial < max(came)}
