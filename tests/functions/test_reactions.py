"""Redelivery, reordering and poison at the handlers that AWS calls."""

import base64
import json
import time

import pytest

from chalicelib.access.rules.calls import CallState
from chalicelib.access.service import answers, calls
from chalicelib.core import clock, outbox
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled
from chalicelib.devices.rules.signing import message_signature
from chalicelib.devices.tables.commands import Command
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.uplink import AcceptedBatch, DeviceEvent
from functions import manifest
from tests.access.conftest import flat  # noqa: F401 -- the fixture of the same town
from tests.devices.conftest import event, panel, signed  # noqa: F401 -- as above
from tests.functions.conftest import delivered, job, woken


def test_a_redelivered_ring_is_one_call(flat, nothing_failed):  # noqa: F811 -- the fixture
    ring = flat.event()
    for _ in range(3):
        assert woken("ring_flat", delivered(ring, ring)) == nothing_failed
    assert len(calls.calls(flat.resident())) == 1


def test_poison_among_rings_fails_alone(flat):  # noqa: F811 -- the fixture
    good, poison = delivered(flat.event()), job('{"detail-type": "DeviceEventRecorded"}')
    reply = woken("ring_flat", {"Records": poison["Records"] + good["Records"]})
    assert [one["itemIdentifier"] for one in reply["batchItemFailures"]] == [
        poison["Records"][0]["messageId"]
    ]
    assert len(calls.calls(flat.resident())) == 1


@pytest.mark.parametrize("order", [("DONE", "EXPIRED"), ("EXPIRED", "DONE")])
def test_the_first_end_of_a_command_is_the_calls_end(
    flat,  # noqa: F811 -- the fixture
    sent,
    nothing_failed,
    order,
):
    call_id = flat.ring()
    answers.open_gate(flat.resident(), call_id)
    ends = [
        CommandSettled(
            flat.community, flat.gate.device_id, "c", "gate.open", s, "", call_id, clock.now()
        )
        for s in order
    ]
    assert woken("finish_opening", delivered(*ends, *ends)) == nothing_failed
    expected = {"DONE": CallState.OPENED, "EXPIRED": CallState.UNKNOWN}[order[0]]
    assert calls.call(flat.resident(), call_id).state is expected


def test_a_job_is_done_once_however_often_it_comes(panel, signed, nothing_failed):  # noqa: F811 -- the fixtures
    signed(panel, event(panel.device_id, id="e_1"), message_id="m_1")
    told = {"device_id": panel.device_id, "message_id": "m_1"}
    for _ in range(3):
        assert woken("record_device_events", job(told)) == nothing_failed
    assert [row.event_id for row in DeviceEvent.query(panel.device_id)] == ["e_1"]
    batch = AcceptedBatch.find(panel.device_id, "m_1")
    assert batch is not None
    assert batch.shard is None


def test_a_job_about_nothing_is_dropped(cloud, nothing_failed):
    told = {"device_id": "dev_none", "message_id": "m_none"}
    assert woken("record_device_events", job(told)) == nothing_failed


def said(device, payload: dict) -> str:
    text = json.dumps(payload)
    signature = message_signature(base64.b64decode(device.key), device.device_id, text)
    return json.dumps({"id": payload.get("id"), "p": text, "s": signature, "kid": device.key_id})


def test_a_tap_through_its_functions(flat, sent, nothing_failed):  # noqa: F811 -- the fixture
    call_id = flat.ring()
    opening = answers.open_gate(flat.resident(), call_id)
    ack = {
        "community_id": flat.community,
        "device_id": flat.gate.device_id,
        "payload": said(flat.gate, {"id": opening.command_id, "result": "DONE"}),
        "received_at": int(time.time() * 1000),
    }
    for _ in range(2):
        assert woken("settle_commands", job(ack)) == nothing_failed
    command = Command.of(flat.community, flat.gate.device_id, opening.command_id)
    assert command is not None
    assert command.state == "DONE"


def test_the_stream_publishes_and_the_sweeps_run(flat, sent):  # noqa: F811 -- the fixture
    call_id = flat.ring()
    answers.deny(flat.resident(), call_id)
    rows = [row for row in outbox.OutboxRow.scan() if row.community_id == flat.community]
    images = [{"dynamodb": {"NewImage": row.serialize()}} for row in rows]
    woken("relay_outbox", {"Records": images})
    assert all(
        manifest.owed(row.name, json.loads(row.body)) or outbox.OutboxRow.find(row.event_id) is None
        for row in rows
    )
    for sweep in ("sweep_outbox", "sweep_accepted", "expire_calls", "expire_commands"):
        assert woken(sweep, {}) >= 0


def test_a_hello_names_the_device_of_its_topic(flat, sent):  # noqa: F811 -- the fixture
    hello = said(flat.gate, {"session": "s1", "boot": 1, "monotonic": 10})
    for device in (flat.panel, flat.gate):
        topic = f"linli/v1/{flat.community}/{device.device_id}/hello"
        told = {"topic": topic, "payload": hello, "received_at": int(time.time() * 1000)}
        woken("device_hello", told)
    sessions = [Device.find(one.device_id) for one in (flat.panel, flat.gate)]
    assert [row and row.session for row in sessions] == [None, "s1"]
    assert devices.device_of(flat.community, flat.gate.device_id).session == "s1"
