"""The three functions that record what devices report, each under its own rights."""

import pytest

from chalicelib.core import clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.tables.uplink import AcceptedBatch, DeviceEvent
from functions.grants import ACCEPTED
from functions.manifest import FUNCTIONS
from tests.devices.conftest import event, signed  # noqa: F401 -- the fixture
from tests.functions.conftest import job, woken

RECORDING = {
    "record_device_events": (Kind.BIN, "bin.level", {"fullness": 0.5}),
    "record_urgent_events": (Kind.SMOKE_SENSOR, "smoke.detected", {}),
    "record_sos_events": (Kind.WRISTBAND, "sos.pressed", {}),
}
TELEMETRY = {"senml": [{"n": "temperature", "u": "Cel", "v": 20}]}


@pytest.mark.parametrize("function", RECORDING)
def test_an_event_is_recorded_once_however_often_and_late_its_job_comes(
    signed,  # noqa: F811 -- the fixture
    community,
    nothing_failed,
    function,
):
    kind, event_type, data = RECORDING[function]
    device = devices.enrol(community, kind, place_id="1-101", name="设备")
    batch = [event(device.device_id, type=event_type, data=data)]
    batch.append(event(device.device_id, type="device.heartbeat", data={}))
    assert signed(device, batch, message_id="m_1").body["accepted"] == 2
    told = job({"device_id": device.device_id, "message_id": "m_1"})
    for _ in range(3):
        assert woken(function, told) == nothing_failed
    assert len(list(DeviceEvent.query(device.device_id))) == 2
    waiting = {one for name in ACCEPTED for one, _ in AcceptedBatch.waiting(name, clock.now())}
    assert device.device_id not in waiting


def test_measurements_are_recorded_under_the_rights_of_their_function(
    signed,  # noqa: F811 -- the fixture
    community,
    nothing_failed,
):
    bin_ = devices.enrol(community, Kind.BIN, place_id="b1", name="箱")
    measured = event(bin_.device_id, type="device.telemetry", data=TELEMETRY)
    signed(bin_, measured, message_id="m_1")
    told = job({"device_id": bin_.device_id, "message_id": "m_1"})
    assert woken("record_device_events", told) == nothing_failed


def test_each_queue_of_accepted_batches_wakes_a_function_of_its_own():
    waking = {
        queue.name: function
        for function in FUNCTIONS
        for queue in function.queues
        if queue.name in ACCEPTED
    }
    assert {function.name for function in waking.values()} == set(RECORDING)
    assert waking["device-sos"].reserved
    assert waking["device-urgent"].reserved
