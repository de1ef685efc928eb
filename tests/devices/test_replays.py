"""What somebody in between sends again counts for nothing: not in a bucket, not as a storm."""

import dataclasses
import time

import pytest

from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import ALARM_BURST, BURST
from chalicelib.devices.service import admission, replays
from chalicelib.devices.tables.uplink import AcceptedBatch
from tests.devices.conftest import event


@pytest.fixture
def band(cloud: None, community: str) -> devices.Enrolment:
    return devices.enrol(community, Kind.WRISTBAND, place_id="1-101", name="手环")


def beats(device, count=50):
    return [event(device.device_id, type="device.heartbeat", data={}) for _ in range(count)]


def sos(device):
    return event(device.device_id, type="sos.pressed", data={})


def forget():
    """As another instance, which has answered nothing yet."""
    replays._answers.clear()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_captured_batch_sent_sixty_times_holds_nobody(band, signed, elsewhere):
    captured, at = beats(band), time.time()
    assert signed(band, captured, message_id="m_1", at=at).status == 200
    for _ in range(40):
        if elsewhere:
            forget()
        reply = signed(band, captured, message_id="m_1", at=at)
        assert (reply.status, reply.body["duplicate"]) == (200, True)
    flow = admission._flows[band.device_id]
    assert (flow.offered, flow.held_until) == (50, None)
    assert signed(band, sos(band)).status == 200


@pytest.mark.parametrize("elsewhere", [False, True])
def test_nor_does_a_captured_alarm_empty_the_bucket_of_alarms(band, signed, elsewhere):
    captured, at = [sos(band) for _ in range(100)], time.time()
    for _ in range(20):
        if elsewhere:
            forget()
        assert signed(band, captured, message_id="m_1", at=at).status == 200
    assert admission._flows[band.device_id].alarms.level >= ALARM_BURST - 100
    assert admission._flows[band.device_id].offered == 100


def test_nor_what_was_refused_by_index(band, signed):
    captured, at = [{"nothing": True}] * 50, time.time()
    replies = [signed(band, captured, message_id="m_1", at=at) for _ in range(40)]
    assert {(reply.status, reply.body["accepted"]) for reply in replies} == {(200, 0)}
    assert admission._flows[band.device_id].offered == 50


def test_looking_for_what_came_before_has_a_bucket_of_its_own(band, signed):
    signed(band, beats(band))
    assert admission._flows[band.device_id].looks.level == BURST
    told = [signed(band, beats(band, 100)) for _ in range(20)]
    assert {reply.status for reply in told} == {429}
    assert told[-1].code == "quarantined"  # in which nobody looks any more
    assert admission._flows[band.device_id].looks.level > BURST - 20


def test_who_has_looked_too_often_is_refused_and_not_counted(band, signed):
    signed(band, beats(band))
    flow = admission._flows[band.device_id]
    spent = dataclasses.replace(flow.looks, level=-1_000.0)
    admission._flows[band.device_id] = dataclasses.replace(flow, looks=spent)
    told = [signed(band, beats(band, 100)) for _ in range(14)]
    assert {reply.code for reply in told} == {"too_many_events"}
    assert admission._flows[band.device_id].offered == 50


def test_another_body_under_the_same_id_is_no_replay(band, signed):
    assert signed(band, sos(band), message_id="m_1").status == 200
    assert signed(band, sos(band), message_id="m_1").code == "message_id_reused"


def test_an_alarm_of_an_impossible_boot_stands_and_outranks_nothing(band, signed):
    reply = signed(band, {**sos(band), "boot": 2**53})
    (result,) = reply.body["results"]
    assert (result["status"], result["errors"][0]["loc"]) == ("accepted", ["boot"])
    (kept,) = AcceptedBatch.query(band.device_id)
    assert kept.events[0]["boot"] == 0


def test_a_boot_that_is_the_devices_clock_is_taken(band, signed):
    now = time.time_ns() // 1_000_000
    reply = signed(band, {**beats(band, 1)[0], "boot": now + 3_600_000})
    assert reply.body["accepted"] == 1


def test_uploads_take_from_the_bucket_and_one_sent_again_does_not(band, signed):
    wish = {"content_type": "image/jpeg", "bytes": 10, "sha256": "0" * 64}

    def ask(**options):
        return signed(band, wish, path="/device/uploads", **options)

    again, at = {"message_id": "m_1"}, time.time()
    assert {ask(at=at, **again).status for _ in range(60)} == {200}
    told = [ask() for _ in range(int(BURST) + 15)]
    assert (told[0].status, told[-1].code) == (200, "too_many_events")
    assert admission._flows[band.device_id].offered == 0
