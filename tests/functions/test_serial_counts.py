"""What a vendor's device counts, under the rights of the functions that record its events."""

from datetime import timedelta

import pytest

from chalicelib.core import clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import gaps, uplink
from chalicelib.devices.tables.registry import Device
from tests.functions.conftest import job, woken


@pytest.fixture
def door(cloud, community):
    made = devices.enrol(community, Kind.DOOR, place_id="east", name="东门")
    return Device.get(made.device_id)


def passed(door, serial, **changes):
    data = {"method": "face", "serial_no": serial}
    event = Reported(f"e-{serial}", "access.passed", clock.now(), 0, serial, data, **changes)
    uplink.accept(door, f"m-{serial}", f"{serial}".encode(), [event])
    return job({"device_id": door.device_id, "message_id": f"m-{serial}"})


def missing(door):
    return gaps.missing(door.community_id, door.device_id).missing


def test_gaps_are_noted_whatever_the_order_and_however_often(door, nothing_failed):
    jobs = [passed(door, serial) for serial in (7, 9, 12, 10)]
    for one in (*jobs, *jobs):
        assert woken("record_device_events", one) == nothing_failed
    assert missing(door) == [(8, 8), (11, 11)]


def test_new_hardware_counts_from_its_own_beginning(door, nothing_failed):
    woken("record_device_events", passed(door, 500))
    door.refresh()
    door.hardware = int(door.hardware) + 1
    door.save()
    woken("record_device_events", passed(door, 3))
    woken("record_device_events", passed(door, 5))
    assert missing(door) == [(4, 4)]


def test_a_device_that_never_counted_misses_nothing(door):
    event = Reported("e", "access.passed", clock.now(), 0, 1, {"method": "face"})
    gaps.observe(door, event, clock.now() + timedelta(seconds=1))
    assert missing(door) == []
