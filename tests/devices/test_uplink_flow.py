"""Storms: what one device may send, what holds it back, and who is still heard."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import clock, outbox
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import (
    ALARM_BURST,
    BURST,
    MINUTE,
    QUARANTINE_FOR,
    QUARANTINE_OVER,
    RATE,
    Bucket,
    Flow,
    Verdict,
    admission,
    queue_of,
    tokens,
)
from chalicelib.devices.service import admission as door
from chalicelib.devices.tables.uplink import Quarantine
from tests.devices.conftest import event

AT = datetime(2026, 1, 1, tzinfo=UTC)


def offered(flow: Flow, events: int, at: datetime, *, alarm=False, paced=True):
    found = admission(flow, events, at, alarm=alarm, paced=paced)
    return found.flow, found.verdict


def test_over_a_thousand_in_a_minute_is_five_minutes_of_quarantine():
    flow, verdict = Flow.new(AT), Verdict.ADMITTED
    for second in range(11):
        flow, verdict = offered(flow, 100, AT + timedelta(seconds=second / 2))
    assert (flow.offered, verdict) == (1_000, Verdict.TOO_MANY)  # the first refusal is free
    begun = AT + timedelta(seconds=6)
    flow, verdict = offered(flow, 1, begun)
    assert verdict is Verdict.HELD
    _, verdict = offered(flow, 1, begun + QUARANTINE_FOR - timedelta(seconds=1))
    assert verdict is Verdict.HELD
    _, verdict = offered(flow, 1, begun + QUARANTINE_FOR)
    assert verdict is Verdict.ADMITTED


def test_what_is_spread_over_two_minutes_is_no_storm():
    flow, _ = offered(Flow.new(AT), QUARANTINE_OVER, AT, paced=False)
    assert offered(flow, QUARANTINE_OVER, AT + MINUTE, paced=False)[1] is Verdict.ADMITTED


def test_an_alarm_passes_the_quarantine_by_its_own_bucket():
    flow, _ = offered(Flow.new(AT), QUARANTINE_OVER + 1, AT, paced=False)
    taken = 0
    for _ in range(300):
        flow, verdict = offered(flow, 1, AT, alarm=True)
        taken += verdict is Verdict.ADMITTED
    assert taken == ALARM_BURST
    assert offered(flow, 1, AT + timedelta(seconds=1), alarm=True)[1] is Verdict.ADMITTED


def test_what_comes_out_of_a_queue_knows_no_bucket_but_the_quarantine():
    flow, verdict = offered(Flow.new(AT), 600, AT, paced=False)
    assert verdict is Verdict.ADMITTED
    assert offered(flow, 600, AT, paced=False)[1] is Verdict.HELD


@given(st.integers(1, 100), st.floats(-50, 50), st.booleans())
def test_who_waits_as_long_as_told_is_admitted(wanted, level, alarm):
    burst = ALARM_BURST if alarm else BURST
    bucket = Bucket(level, AT)
    wait = bucket.wait_s(wanted, AT, burst=burst)
    assert wait <= (burst + 50) / RATE
    assert bucket.after(wanted, AT + timedelta(seconds=wait), burst=burst) is not None


def test_a_device_that_waits_as_told_is_never_held():
    """Twenty thousand buffered events, a hundred a batch, each 429 obeyed."""
    flow, at, left = Flow.new(AT), AT, 20_000
    while left:
        found = admission(flow, 100, at, alarm=False, paced=True)
        flow = found.flow
        assert found.verdict is not Verdict.HELD
        if found.verdict is Verdict.ADMITTED:
            left -= 100
        at += timedelta(seconds=found.wait_s)


@pytest.mark.parametrize(
    ("types", "queue"),
    [
        (["panel.call", "smoke.detected", "sos.pressed"], "device-sos"),
        (["panel.call", "smoke.detected"], "device-urgent"),
        (["panel.call", "toaster.popped"], "device-events"),
    ],
)
def test_a_batch_goes_where_its_most_urgent_event_goes(types, queue):
    assert queue_of(types) == queue


def test_a_storm_is_held_back_and_an_alarm_is_not(panel, signed, community):
    sensor = devices.enrol(community, Kind.SMOKE_SENSOR, place_id="1-101", name="烟感")
    batch = [event(panel.device_id) for _ in range(50)]
    assert signed(panel, batch).status == 200
    reply = signed(panel, batch)
    assert (reply.status, reply.code) == (429, "too_many_events")
    assert reply.headers["retry-after"] == "5"
    other = devices.enrol(community, Kind.PANEL, place_id="west", name="西门")
    assert signed(other, event(other.device_id)).status == 200
    alarms = [event(sensor.device_id, type="smoke.detected", data={}) for _ in range(60)]
    assert [signed(sensor, alarms).status for _ in range(3)] == [200, 200, 200]


def test_a_broken_device_is_in_quarantine_and_its_sos_is_heard(signed, community):
    band = devices.enrol(community, Kind.WRISTBAND, place_id="1-101", name="手环")
    storm = [event(band.device_id, type="device.heartbeat", data={}) for _ in range(100)]
    replies = [signed(band, storm) for _ in range(13)]
    assert [reply.status for reply in replies] == [200] + [429] * 12
    assert [reply.code for reply in replies[-2:]] == ["quarantined"] * 2
    assert 290 <= int(replies[-1].headers["retry-after"]) <= 300
    sos = signed(band, event(band.device_id, type="sos.pressed", data={}))
    assert (sos.status, sos.body["accepted"]) == (200, 1)
    with clock.standing_at(clock.now() + QUARANTINE_FOR):
        later = signed(band, storm[0], at=clock.now().timestamp())
    assert later.status == 200


def test_a_quarantine_is_announced_once(signed, community):
    band = devices.enrol(community, Kind.WRISTBAND, place_id="1-101", name="手环")
    storm = [event(band.device_id, type="device.heartbeat", data={}) for _ in range(100)]
    for _ in range(14):
        signed(band, storm)
    rows = [row for row in outbox.OutboxRow.scan() if row.community_id == community]
    told = [row for row in rows if row.name == "devices.DeviceQuarantined"]
    assert len(told) == 1
    (held,) = Quarantine.query(band.device_id)
    assert held.offered == 1_100
    door._flows.clear()  # another instance finds out as well, and says nothing new
    for _ in range(14):
        signed(band, storm)
    assert len(list(Quarantine.query(band.device_id))) == 1


@pytest.mark.parametrize(
    ("event_type", "data", "taken"),
    [
        ("device.telemetry", {"senml": [{}] * 50}, 1),
        ("device.telemetry", {"senml": [{}] * 51}, 2),
        ("device.telemetry", {"senml": [{}] * 500}, 10),
        ("device.telemetry", {"senml": 7}, 1),
        ("device.telemetry", None, 1),
        ("panel.call", {"senml": [{}] * 500}, 1),
    ],
)
def test_measurements_take_as_much_as_they_are(event_type, data, taken):
    assert tokens(event_type, data) == taken


def test_large_packs_are_held_back_as_many_events_are(signed, community):
    meter = devices.enrol(community, Kind.METER, place_id="1", name="总表")
    pack = {"senml": [{"n": "energy", "v": number} for number in range(500)]}
    batch = [event(meter.device_id, type="device.telemetry", data=pack) for _ in range(5)]
    assert signed(meter, batch).status == 200
    reply = signed(meter, event(meter.device_id, type="device.telemetry", data=pack))
    assert (reply.status, reply.code) == (429, "too_many_events")
