"""What devices say over the broker, at the handlers that AWS wakes."""

import base64
import json
import time
from datetime import datetime

import pytest

from chalicelib.core import clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.tables.uplink import AcceptedBatch, DeviceEvent
from functions.manifest import FUNCTIONS, TOPIC_RULES
from tests.devices.conftest import event, panel, signed  # noqa: F401 -- the fixtures
from tests.functions.conftest import job, woken
from tools.simulate.signing import DeviceKey, envelope


def told(device, community: str, message: str) -> dict:
    return {
        "community_id": community,
        "device_id": device.device_id,
        "payload": message,
        "received_at": int(time.time() * 1000),
    }


def key_of(device, secret: bytes = b"") -> DeviceKey:
    return DeviceKey(device.device_id, device.key_id, secret or base64.b64decode(device.key))


def recorded(device, queue: str = "record_device_events") -> list[str]:
    for batch in AcceptedBatch.query(device.device_id):
        woken(queue, job({"device_id": device.device_id, "message_id": batch.message_id}))
    return [row.event_id for row in DeviceEvent.query(device.device_id)]


@pytest.mark.parametrize("function", ["hear_events", "hear_telemetry"])
@pytest.mark.parametrize("passed_on", [str, lambda text: base64.b64encode(text.encode()).decode()])
def test_a_signed_event_is_accepted_once(
    panel,  # noqa: F811 -- the fixture
    community,
    nothing_failed,
    function,
    passed_on,
):
    message = passed_on(envelope(key_of(panel), event(panel.device_id, id="e_1")))
    for _ in range(3):
        assert woken(function, job(told(panel, community, message))) == nothing_failed
    assert recorded(panel) == ["e_1"]


def test_a_forged_event_is_dropped_and_comes_no_more(panel, community, nothing_failed):  # noqa: F811 -- the fixture
    genuine = envelope(key_of(panel), event(panel.device_id))
    forged = [
        envelope(key_of(panel, b"x" * 32), event(panel.device_id)),
        json.dumps(json.loads(genuine) | {"p": json.dumps(event(panel.device_id))}),
        "not json",
        "",
        json.dumps({"p": "[" * 20_000, "s": "x", "kid": "k1"}),
    ]
    for message in forged:
        assert woken("hear_events", job(told(panel, community, message))) == nothing_failed
    assert recorded(panel) == []


def test_alarms_have_a_way_of_their_own_that_takes_nothing_else(community, cloud, nothing_failed):
    band = devices.enrol(community, Kind.WRISTBAND, place_id="1-101", name="手环")
    for batch in (
        event(band.device_id, id="e_1", type="device.heartbeat", data={}),
        [
            event(band.device_id, id="e_2", type="device.heartbeat", data={}),
            event(band.device_id, id="e_3", type="sos.pressed", data={}),
        ],
    ):
        message = envelope(key_of(band), batch)  # type: ignore[arg-type]  # or a batch
        assert woken("hear_cries", job(told(band, community, message))) == nothing_failed
    assert recorded(band, "record_sos_events") == ["e_3"]


def test_no_queue_of_alarms_holds_anything_else():
    rules = {rule.filter.rsplit("/", 1)[-1]: rule.queue for rule in TOPIC_RULES}
    (hears,) = [f for f in FUNCTIONS if rules["sos"] in {queue.name for queue in f.queues}]
    assert list(rules.values()).count(rules["sos"]) == 1
    assert len(hears.wakes) == 1
    assert hears.reserved


def state(device, community: str, payload: str) -> dict:
    topic = f"linli/v1/{community}/{device.device_id}/state"
    return {"topic": topic, "payload": payload, "received_at": int(time.time() * 1000)}


@pytest.mark.parametrize(
    ("payload", "heard"),
    [
        ('{"online": false}', [False]),
        ('{"online": true}', [True]),
        (base64.b64encode(b'{"online": false}').decode(), [False]),
        ('{"online": 0}', []),
        ('{"online": "false"}', []),
        ("{}", []),
        ("[]", []),
        ("", []),
        ("\u00ff", []),
        ("[" * 20_000, []),
    ],
)
def test_the_brokers_word_that_a_device_came_or_went(panel, community, payload, heard):  # noqa: F811 -- the fixture
    said: list[tuple[str, str, bool]] = []

    def note(tenant: str, device_id: str, online: bool, _at: datetime) -> None:  # noqa: FBT001 -- a Presence
        said.append((tenant, device_id, online))

    for tenant in ("com_other", community):
        devices.hear_state(tenant, panel.device_id, payload, clock.now(), told=(note,))
        woken("device_state_changed", state(panel, tenant, payload))
    assert said == [(community, panel.device_id, online) for online in heard]
