"""The sweep of accepted batches: whoever is in need first, and on until its time is spent."""

import json
from datetime import timedelta

import pytest

from chalicelib.core import clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import ALARM_BURST
from chalicelib.devices.service import uplink
from chalicelib.devices.tables.uplink import AcceptedBatch, DeviceEvent
from tests.devices.conftest import event
from tests.devices.test_uplink_signatures import said


@pytest.fixture
def band(cloud, community):
    return devices.enrol(community, Kind.WRISTBAND, place_id="1-101", name="手环")


def swept(band, seconds: float = 60) -> list[str]:
    """Sweep a minute from now; return the queues of this wristband's batches in their turn."""
    names: list[str] = []

    def note(key: tuple[str, str]) -> bool:
        batch = AcceptedBatch.find(*key)
        if batch is not None and batch.device_id == band.device_id:
            names.append(batch.queue)
        return True

    with clock.standing_at(clock.now() + timedelta(seconds=60)):
        uplink.sweep_accepted(seconds, again=note)
    return names


def waiting(band, count: int, queue: str = "device-events") -> None:
    """Leave heartbeats that nobody finished, all in one shard."""
    due = clock.epoch_ms(clock.now()) - 3_600_000
    with AcceptedBatch.batch_write() as put:
        for number in range(count):
            row = AcceptedBatch(band.device_id, f"old_{number}", digest="0", queue=queue)
            row.events, row.answer, row.received_at, row.due_at = [], {}, due, due + number
            row.expires, row.shard = due // 1000 + 86_400, f"{queue}#0"
            put.save(row)


def test_after_an_outage_calls_for_help_go_before_all_else(band, signed):
    for kind in (*["device.heartbeat"] * 12, "sos.pressed"):
        assert signed(band, event(band.device_id, type=kind, data={})).status == 200
    assert swept(band) == ["device-sos", *["device-events"] * 12]


def test_the_sweep_goes_on_until_its_time_is_spent(band):
    waiting(band, 150)
    assert swept(band, seconds=0) == []
    assert len(swept(band)) == 150


def test_alarms_over_their_bucket_that_came_by_mqtt_are_kept_and_come_with_the_sweep(band):
    for _ in range(5):
        batch = [
            event(band.device_id, type="sos.pressed", data={}) for _ in range(int(ALARM_BURST / 2))
        ]
        devices.accept_message(band.device_id, said(band, json.dumps(batch)), clock.now())
    assert swept(band) == ["device-sos"] * 5  # and nobody had to see an exception for it
    for row in list(AcceptedBatch.query(band.device_id)):
        devices.record(band.device_id, row.message_id)
    assert DeviceEvent.count(band.device_id) == 500
    assert swept(band) == []
