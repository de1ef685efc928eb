"""From an accepted batch to rows on record: in order of need, each once, none for another."""

import pytest

from chalicelib.core import clock, outbox
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import state
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.state import MOST_UNKNOWN, DeviceState
from chalicelib.devices.tables.uplink import AcceptedBatch, DeviceEvent
from tests.devices.conftest import event


@pytest.fixture
def band(cloud, community):
    return devices.enrol(community, Kind.WRISTBAND, place_id="1-101", name="手环")


def newest(band, community: str) -> int:
    """The sequence that the device's state has from its newest event."""
    row = DeviceState.find(tenant_key(community, band.device_id))
    assert row is not None
    return int(row.sequence)


def announced(community: str) -> list[str]:
    rows = [row for row in outbox.OutboxRow.scan() if row.community_id == community]
    recorded = [row for row in rows if row.name == "devices.DeviceEventRecorded"]
    return [row.body for row in sorted(recorded, key=lambda row: row.event_id)]


def test_who_calls_for_help_is_announced_before_all_else_of_the_batch(band, signed, community):
    """Events say `removed` first; whoever hears them hears the call before it."""
    kinds = ["wristband.removed", "wristband.removed", "sos.pressed"]
    batch = [event(band.device_id, type=kind, data={}) for kind in kinds]
    signed(band, batch, message_id="m_1")
    devices.record(band.device_id, "m_1")
    told = announced(community)
    assert len(told) == 3
    assert sum("sos.pressed" in body for body in told) == 1


def test_an_event_that_cannot_be_recorded_does_not_hold_up_the_others(band, signed):
    signed(band, event(band.device_id, id="e_1", type="sos.pressed", data={}), message_id="m_1")
    batch = AcceptedBatch.find(band.device_id, "m_1")
    assert batch is not None
    batch.events = [{**batch.events[0], "id": ""}, *batch.events]  # DynamoDB takes no empty key
    batch.save()
    with pytest.raises(RuntimeError, match="1 of 2"):
        devices.record(band.device_id, "m_1")
    assert [row.event_id for row in DeviceEvent.query(band.device_id)] == ["e_1"]
    again = AcceptedBatch.find(band.device_id, "m_1")
    assert again is not None
    assert again.shard is not None


def test_an_event_on_record_whose_function_died_is_observed_when_the_job_comes_again(
    band, signed, community
):
    signed(band, event(band.device_id, id="e_1", type="sos.pressed", data={}), message_id="m_1")
    DeviceEvent(
        device_id=band.device_id,
        event_id="e_1",
        message_id="m_1",
        community_id=community,
        type="sos.pressed",
        data={},
        boot=1,
        sequence=1,
        occurred_at=0,
        received_at=0,
        expires=2**33,
    ).put_new()
    devices.record(band.device_id, "m_1")
    assert newest(band, community) == 1


def test_an_event_that_another_message_brought_before_is_not_observed_again(
    band, signed, community
):
    signed(band, event(band.device_id, id="e_1", type="sos.pressed", data={}), message_id="m_1")
    devices.record(band.device_id, "m_1")
    newer = event(band.device_id, id="e_1", type="sos.pressed", data={}, sequence=9)
    signed(band, newer, message_id="m_2")
    devices.record(band.device_id, "m_2")
    assert newest(band, community) == 1


def test_what_a_device_replays_from_its_buffer_starts_nothing(band, signed, community):
    now = clock.now().isoformat()
    replayed = event(band.device_id, type="sos.pressed", data={}, time=now, replayed=True)
    signed(band, replayed, message_id="m_1")
    devices.record(band.device_id, "m_1")
    (body,) = announced(community)
    assert '"live":false' in body


def test_an_alarm_stands_without_what_nobody_can_read_of_it(band, signed):
    spoilt = {"battery": "low", "button": "side", "vendor": 7}
    reply = signed(
        band, event(band.device_id, id="e_1", type="sos.pressed", data=spoilt), message_id="m_1"
    )
    (result,) = reply.body["results"]
    assert (reply.body["accepted"], result["status"]) == (1, "accepted")
    assert sorted(one["loc"][-1] for one in result["errors"]) == ["battery", "vendor"]
    devices.record(band.device_id, "m_1")
    (row,) = DeviceEvent.query(band.device_id)
    assert row.data == {"button": "side"}


def test_of_an_undeclared_type_200_a_day_are_on_record_and_their_data_are_small(band, signed):
    big = event(band.device_id, type="band.sang", data={"x": "y" * 5_000}, id="big")
    reply = signed(band, big, message_id="m_0")
    (result,) = reply.body["results"]
    assert (result["status"], result["errors"][0]["loc"]) == ("kept", ["data"])
    devices.record(band.device_id, "m_0")
    assert [row.data for row in DeviceEvent.query(band.device_id)] == [{}]
    device = Device.find(band.device_id)
    assert device is not None
    for number in range(MOST_UNKNOWN - 1):
        state.note_unknown(device, reported(f"e_{number}"), clock.now())
    signed(band, event(band.device_id, type="band.sang", data={}, id="over"), message_id="m_1")
    signed(band, {**big, "id": "e_3", "data": {}}, message_id="m_2")  # counted, not yet on record
    signed(band, event(band.device_id, type="sos.pressed", data={}, id="sos"), message_id="m_3")
    for message_id in ("m_1", "m_2", "m_3", "m_2"):
        devices.record(band.device_id, message_id)
    kept = {row.event_id for row in DeviceEvent.query(band.device_id)}
    assert kept == {"big", "e_3", "sos"}


def reported(event_id: str) -> Reported:
    return Reported(event_id, "band.sang", clock.now(), 1, 1, {})
