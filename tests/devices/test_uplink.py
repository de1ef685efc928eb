import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.core import aws, clock, outbox
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.signing import uplink_signature
from chalicelib.devices.service import uplink
from chalicelib.devices.tables.uplink import AcceptedBatch, DeviceEvent
from tests.devices.conftest import event


def batches(device_id: str) -> list[AcceptedBatch]:
    return list(AcceptedBatch.query(device_id))


def recorded(device_id: str) -> list[DeviceEvent]:
    for batch in batches(device_id):
        devices.record(device_id, batch.message_id)
    return list(DeviceEvent.query(device_id))


def announced(community: str) -> list[str]:
    """What others hear of devices, besides that they were enrolled."""
    rows = [row for row in outbox.OutboxRow.scan() if row.community_id == community]
    return [row.name for row in rows if row.name != "devices.DeviceEnrolled"]


def test_an_event_is_accepted_recorded_and_announced(panel, signed, community):
    reply = signed(panel, event(panel.device_id, id="e_1"))
    assert reply.status == 200
    assert reply.body == {
        "accepted": 1,
        "duplicate": False,
        "results": [{"index": 0, "id": "e_1", "status": "accepted", "errors": None}],
    }
    assert [row.event_id for row in recorded(panel.device_id)] == ["e_1"]
    assert announced(community) == ["devices.DeviceEventRecorded"]


def test_accepting_takes_one_write_and_one_send(panel, signed):
    signed(panel, event(panel.device_id))
    made = []
    watched = [aws.client("dynamodb").meta.events, aws.client("sqs").meta.events]
    for events in watched:
        events.register("before-call", lambda model, **_: made.append(model.name), "count")
    try:
        signed(panel, event(panel.device_id))
    finally:
        for events in watched:
            events.unregister("before-call", unique_id="count")
    assert made == ["PutItem", "SendMessage"]


def test_a_hundred_copies_at_once_are_one_effect(panel, signed, community):
    body = event(panel.device_id, id="e_1")
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: signed(panel, body, message_id="m_1"), range(100)))
    answers = [reply.body for reply in replies if reply.status == 200]
    assert {reply.status for reply in replies} <= {200, 429}
    assert sum(not answer["duplicate"] for answer in answers) == 1
    assert len({str(answer["results"]) for answer in answers}) == 1
    assert len(recorded(panel.device_id)) == 1
    assert len(announced(community)) == 1


def test_the_same_event_in_another_message_is_recorded_once(panel, signed, community):
    for _ in range(3):
        assert signed(panel, event(panel.device_id, id="e_1")).status == 200
    assert len(recorded(panel.device_id)) == 1
    assert len(announced(community)) == 1


def test_another_body_under_the_same_id_is_refused(panel, signed):
    signed(panel, event(panel.device_id), message_id="m_1")
    reply = signed(panel, event(panel.device_id), message_id="m_1")
    assert (reply.status, reply.code) == (409, "message_id_reused")


def test_one_bad_event_does_not_spoil_the_others(panel, signed):
    good = [event(panel.device_id, id=f"e_{n}") for n in range(3)]
    bad = [
        event("dev_other"),
        event(panel.device_id, Surprise=1),
        7,
        {},
        event(panel.device_id, time="noon"),
    ]
    reply = signed(
        panel, [good[0], *bad, good[1], good[2]], content_type="application/cloudevents-batch+json"
    )
    assert reply.status == 200
    assert reply.body["accepted"] == 3
    wrong = [result["index"] for result in reply.body["results"] if result["status"] == "invalid"]
    assert wrong == [1, 2, 3, 4, 5]
    assert len(recorded(panel.device_id)) == 3


def test_what_this_device_does_not_report_is_said_so_and_leaves_no_trace(panel, signed):
    reply = signed(panel, event(panel.device_id, type="lift.sighting"))
    (result,) = reply.body["results"]
    assert (reply.body["accepted"], result["status"]) == (0, "invalid")
    assert result["errors"][0]["type"] == "not_of_this_kind"
    assert batches(panel.device_id) == []


def test_what_nobody_declared_is_kept_and_starts_nothing(panel, signed, community):
    popped = event(panel.device_id, id="e_1", type="toaster.popped", data={"slices": 2})
    reply = signed(panel, popped)
    assert reply.body["results"] == [
        {"index": 0, "id": "e_1", "status": "kept", "errors": None},
    ]
    assert [row.data for row in recorded(panel.device_id)] == [{"slices": 2}]
    assert announced(community) == []


@pytest.mark.parametrize("quiet", ["device.heartbeat", "device.telemetry"])
def test_what_comes_all_day_is_recorded_and_announced_to_nobody(signed, community, quiet):
    meter = devices.enrol(community, Kind.METER, place_id="1-101", name="电表")
    senml = [{"n": "voltage", "u": "V", "v": 221.5}]
    data = {"senml": senml} if quiet == "device.telemetry" else {}
    assert signed(meter, event(meter.device_id, type=quiet, data=data)).body["accepted"] == 1
    assert [row.type for row in recorded(meter.device_id)] == [quiet]
    assert announced(community) == []


@pytest.mark.parametrize(
    ("kind", "types", "queue"),
    [
        (Kind.SMOKE_SENSOR, ["device.heartbeat", "smoke.detected"], "device-urgent"),
        (Kind.GAS_SENSOR, ["gas.detected"], "device-urgent"),
        (Kind.WRISTBAND, ["device.heartbeat", "sos.pressed"], "device-sos"),
        (Kind.WRISTBAND, ["wristband.removed"], "device-events"),
        (Kind.LIFT_CONTROLLER, ["lift.trapped"], "device-sos"),
    ],
)
def test_an_alarm_has_a_queue_of_its_own_and_who_calls_for_help_another(
    signed, community, kind, types, queue
):
    device = devices.enrol(community, kind, place_id="1-101", name="设备")
    signed(device, [event(device.device_id, type=one, data={}) for one in types])
    assert [batch.queue for batch in batches(device.device_id)] == [queue]


def flip(where: str, position: int):
    """Flip one bit of a header or, for `body`, of the body."""

    def tamper(headers, raw):
        if where == "body":
            changed = bytearray(raw)
            changed[position % len(raw)] ^= 1
            return headers, bytes(changed)
        text = headers[where]
        position_ = position % len(text)
        flipped = chr(ord(text[position_]) ^ 1)
        return {**headers, where: text[:position_] + flipped + text[position_ + 1 :]}, raw

    return tamper


@pytest.mark.parametrize("position", [0, 3, 17, 40])
@pytest.mark.parametrize(
    "where",
    [
        "body",
        "webhook_id",
        "webhook_timestamp",
        "webhook_signature",
        "x_linli_device",
        "x_linli_key_id",
    ],
)
def test_a_flipped_bit_anywhere_is_refused_and_writes_nothing(panel, signed, where, position):
    reply = signed(panel, event(panel.device_id), tamper=flip(where, position))
    assert reply.status == 401
    assert reply.code in {"bad_signature", "stale_timestamp"}
    assert batches(panel.device_id) == []


@pytest.mark.parametrize(
    "missing",
    ["webhook_id", "webhook_timestamp", "webhook_signature", "x_linli_device", "x_linli_key_id"],
)
def test_a_missing_header_is_refused(panel, signed, missing):
    def drop(headers, raw):
        return {name: value for name, value in headers.items() if name != missing}, raw

    assert signed(panel, event(panel.device_id), tamper=drop).status == 401


def test_a_message_id_that_is_too_long_is_said_so_and_one_that_fits_is_taken(panel, signed):
    """Newcomer's trial 20: it was answered `bad_signature`."""
    assert signed(panel, event(panel.device_id), message_id="m" * 64).status == 200
    reply = signed(panel, event(panel.device_id), message_id="m" * 65)
    assert (reply.status, reply.code) == (400, "message_id_too_long")


def test_what_is_invalid_is_named_by_its_id_if_that_can_be_read(panel, signed):
    """Newcomer's trial 20."""
    batch = [event(panel.device_id, id="e_1", data=7), event("other", id="e_2"), {"id": "a b"}]
    results = signed(panel, batch).body["results"]
    assert [(one["status"], one["id"]) for one in results] == [
        ("invalid", "e_1"),
        ("invalid", "e_2"),
        ("invalid", None),
    ]


@pytest.mark.parametrize("off", [-301, 302, -10 * 365 * 86400, 10 * 365 * 86400])
def test_a_wrong_clock_is_told_the_time(panel, signed, off):
    reply = signed(panel, event(panel.device_id), at=time.time() + off)
    assert (reply.status, reply.code) == (401, "stale_timestamp")
    assert reply.body["details"]["server_time"]
    assert batches(panel.device_id) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"not json", 400, "bad_json"),
        (b"[]", 400, "empty_batch"),
        (b"[" * 100_000, 400, "bad_json"),
        (b'{"data": NaN}', 400, "bad_json"),
        (b'{"id": "\\ud800"}', 400, "bad_json"),
        (b"[" + b",".join([b"{}"] * 101) + b"]", 413, "too_many_in_batch"),
        (b'"' + b"x" * (256 * 1024) + b'"', 413, "batch_too_large"),
    ],
)
def test_a_signed_body_that_is_no_batch(panel, signed, body, status, code):
    reply = signed(panel, body)
    assert (reply.status, reply.code) == (status, code)
    assert batches(panel.device_id) == []


def test_a_full_batch_of_chinese_is_kept_whole(panel, signed):
    say = "电梯里有人被困，请马上派人过来" * 100
    events = [event(panel.device_id, data={"unit_id": "u1", "say": say}) for _ in range(55)]
    raw = json.dumps(events, ensure_ascii=False).encode()
    assert 240_000 < len(raw) <= 256 * 1024
    assert signed(panel, raw).body["accepted"] == 55


def test_an_event_with_more_data_than_travels_is_refused_alone(panel, signed):
    big, small = (
        event(panel.device_id, data={"unit_id": "u1", "x": "x" * size}) for size in (65_536, 65_000)
    )
    reply = signed(panel, [big, small])
    assert [result["status"] for result in reply.body["results"]] == ["invalid", "accepted"]


@pytest.mark.parametrize(
    "changes",
    [
        {"time": 0},
        {"time": "1700000000"},
        {"time": "9999-12-31T23:59:59-14:00"},
        {"time": "1970-01-01T00:00:00Z"},
        {"time": "2026-01-01T00:00:00"},
        {"boot": 2**53 + 1},
        {"boot": 2**53},
        {"boot": time.time_ns() // 1_000_000 + 30 * 86_400_000},
        {"sequence": -1},
        {"data": {"unit_id": "u1", "n": 2**63}},
        {"data": {"unit_id": "u1", "deep": json.loads("[" * 40 + "]" * 40)}},
        {"data": {}},
        {"data": {"unit_id": 7}},
        {"data": {"unit_id": "u1", "photo": ["key"]}},
        {"replayed": "yes"},
        {f"K{n}": 0 for n in range(5_000)},
    ],
)
def test_an_event_that_would_harm_its_readers_is_refused_and_the_good_one_stands(
    panel, signed, changes
):
    good, bad = event(panel.device_id), event(panel.device_id, **changes)
    reply = signed(panel, [bad, good])
    assert [result["status"] for result in reply.body["results"]] == ["invalid", "accepted"]
    assert len(reply.body["results"][0]["errors"]) <= 5


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_is_ten_years_wrong_still_reports(panel, signed, years):
    stamp = f"{time.gmtime().tm_year + years}-02-28T12:00:00+08:00"
    assert signed(panel, event(panel.device_id, time=stamp)).body["accepted"] == 1


@pytest.mark.parametrize("stamp", ["²", "9" * 5000, "", "-5", "1e9", "9" * 12])
def test_a_timestamp_that_is_none(panel, signed, stamp):
    def restamp(headers, raw):
        key = base64.b64decode(panel.key)
        signature = uplink_signature(key, headers["webhook_id"], stamp, raw)
        return {**headers, "webhook_timestamp": stamp, "webhook_signature": signature}, raw

    reply = signed(panel, event(panel.device_id), tamper=restamp)
    assert (reply.status, reply.code) == (401, "stale_timestamp")


def test_what_was_accepted_and_lost_by_the_queue_comes_again(panel, signed):
    signed(panel, event(panel.device_id, id="e_1"))
    later = clock.now() + timedelta(seconds=60)
    with clock.standing_at(later):
        assert uplink.sweep_accepted(seconds=60) >= 1
    recorded(panel.device_id)
    with clock.standing_at(later):
        waiting = list(AcceptedBatch.waiting("device-events", later))
    assert panel.device_id not in {device for device, _ in waiting}


def test_an_upload_is_granted_for_exactly_what_was_said(panel, signed, community):
    asked = {"content_type": "image/jpeg", "bytes": 1000, "sha256": "a" * 64}
    reply = signed(panel, asked, path="/device/uploads")
    assert reply.status == 200
    assert reply.body["key"] == f"{community}/stills/{panel.device_id}/{'a' * 64}.jpg"


@pytest.mark.parametrize(
    "asked",
    [
        {"content_type": "image/svg+xml", "bytes": 1, "sha256": "a" * 64},
        {"content_type": "image/jpeg", "bytes": 10 * 1024 * 1024 + 1, "sha256": "a" * 64},
        {"content_type": "image/jpeg", "bytes": 0, "sha256": "a" * 64},
        {"content_type": "image/jpeg", "bytes": 1, "sha256": "../../etc"},
        {"content_type": "image/jpeg", "bytes": 1, "sha256": "a" * 64, "key": "mine"},
    ],
)
def test_an_upload_of_anything_else_is_refused(panel, signed, asked):
    reply = signed(panel, asked, path="/device/uploads")
    assert (reply.status, reply.code) == (400, "invalid_request")
