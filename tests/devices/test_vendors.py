"""Vendors' devices over HTTP: attached by staff, heard at their address, recorded."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core import aws, clock
from chalicelib.core.config import settings
from chalicelib.devices import public as devices
from chalicelib.devices.events import Attachment
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.service import stills
from chalicelib.devices.service.enrolment import Hardware
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.uplink import AcceptedBatch, DeviceEvent
from tests.devices.adapters.conftest import JPEG, MULTIPART, payload, with_pictures

XML = "application/xml"
ANPR = payload("hikvision_anpr.xml")
ACCESS = json.loads(payload("hikvision_access.json"))
AT = datetime(2026, 11, 21, 8, 10, tzinfo=UTC)


@pytest.fixture
def staff(http, sign, community):
    """Ask as the estate's manager."""
    token = sign(community, audience="property", roles=["property_manager"])

    def ask(method, path, body=None):
        return http(method, f"/property/devices/{path}", body, token=token)

    return ask


@pytest.fixture
def attached(staff, community):
    """Enrol a device and attach it; its id and the address of its vendor."""

    def attach(kind, adapter, gateway_id="", serial="", **given):
        made = devices.enrol(
            community,
            kind,
            place_id="east",
            name="设备",
            gateway_id=gateway_id,
            hardware=Hardware(serial=serial),
        )
        if not adapter:
            return made.device_id, ""
        body = {"adapter": adapter, "settings": given}
        reply = staff("PUT", f"{made.device_id}/adapter", body)
        assert reply.status == 200, reply.body
        return made.device_id, reply.body["path"]

    return attach


def recorded(device_id: str) -> list[DeviceEvent]:
    for batch in AcceptedBatch.query(device_id):
        devices.record(device_id, batch.message_id)
    return sorted(DeviceEvent.query(device_id), key=lambda row: row.sequence)


def passed(serial: int, *, now: bool = True, minute: int = 5) -> bytes:
    said = {**ACCESS["AccessControllerEvent"], "serialNo": serial, "currentEvent": now}
    when = f"2026-11-21T16:{minute:02d}:10+08:00"
    return json.dumps({**ACCESS, "dateTime": when, "AccessControllerEvent": said}).encode()


def test_a_plate_and_its_pictures_arrive(http, attached, community):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    reply = http("POST", path, with_pictures(ANPR, XML), content_type=MULTIPART)
    assert reply.status == 200
    assert (reply.body["accepted"], reply.body["duplicate"]) == (1, False)
    (row,) = recorded(camera)
    assert (row.type, row.data["plate"]) == ("vehicle.passed", "粤BD12345")
    (picture,) = row.data["pictures"]
    assert picture["key"].startswith(f"{community}/stills/{camera}/")
    assert row.data["picture"] == {"key": picture["key"], "sha256": picture["sha256"]}
    kept = aws.client("s3").get_object(Bucket=settings().media_bucket, Key=picture["key"])
    assert kept["Body"].read() == JPEG


def test_the_same_message_again_is_one_event(http, attached):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    replies = [http("POST", path, ANPR, content_type=XML) for _ in range(3)]
    assert [reply.body["duplicate"] for reply in replies] == [False, True, True]
    again = http("POST", path, ANPR + b"\n", content_type=XML)
    assert (again.status, again.body["duplicate"]) == (200, False)
    assert len(recorded(camera)) == 1


def test_a_cameras_own_encoding_survives_the_gateway(http, attached):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    body = ANPR.decode().replace("UTF-8", "GB2312").replace("·", "").encode("gb18030")
    assert http("POST", path, body, content_type=XML).status == 200
    assert [row.data["plate"] for row in recorded(camera)] == ["粤BD12345"]


def test_a_hundred_copies_at_once_are_one_event(http, attached):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: http("POST", path, ANPR, content_type=XML), range(100)))
    assert {reply.status for reply in replies} <= {200, 429}
    taken = [reply.body["duplicate"] for reply in replies if reply.status == 200]
    assert taken.count(False) == 1
    assert len(recorded(camera)) == 1


def test_a_picture_that_cannot_be_put_does_not_lose_the_event(cloud, attached):
    camera, _ = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    device = Device.get(camera)
    with aws.using({"s3": None}):  # whatever is asked of it fails
        stills.put(device, [Attachment("1.jpg", "image/jpeg", JPEG)])


def test_what_is_no_picture_is_left_out_and_the_event_stands(http, attached):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    body = with_pictures(ANPR, XML, (b"<svg onload=alert(1)>",))
    assert http("POST", path, body, content_type=MULTIPART).body["accepted"] == 1
    (row,) = recorded(camera)
    assert "pictures" not in row.data


@pytest.mark.parametrize("wrong", ["token", "vendor", "device"])
def test_any_other_address_is_nobodys(http, attached, wrong):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    changes = {
        "token": (r".$", "~"),
        "vendor": ("hikvision_anpr", "dahua"),
        "device": (camera, f"{camera}x"),
    }
    reply = http("POST", re.sub(*changes[wrong], path), ANPR, content_type=XML)
    assert (reply.status, reply.code) == (404, "no_such_address")
    assert recorded(camera) == []


def test_a_retired_device_is_heard_no_more(http, attached):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    row = Device.get(camera)
    row.standing = "retired"
    row.save()
    with clock.standing_at(clock.now() + timedelta(seconds=31)):
        assert http("POST", path, ANPR, content_type=XML).code == "no_such_address"


def test_a_new_address_serves_at_once_and_the_old_one_no_more(http, staff, attached):
    camera, old = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    assert http("POST", old, ANPR, content_type=XML).status == 200
    wish = {"adapter": "hikvision_anpr", "settings": {}}
    assert staff("PUT", f"{camera}/adapter", wish).body["path"] is None
    new = staff("PUT", f"{camera}/adapter", {**wish, "new_token": True}).body["path"]
    assert http("POST", new, ANPR, content_type=XML).status == 200
    assert http("POST", old, ANPR, content_type=XML).status == 404
    assert staff("DELETE", f"{camera}/adapter").status == 200
    assert http("POST", new, ANPR, content_type=XML).status == 404
    assert staff("GET", f"{camera}/adapter").code == "not_attached"


def test_a_gateway_speaks_for_its_own_children_only(http, attached):
    gateway, path = attached(Kind.GATEWAY, "chirpstack", serial="GW-1")
    sensor, _ = attached(Kind.SMOKE_SENSOR, "", gateway_id=gateway, serial="0202FFFE00AABB01")
    up = json.loads(payload("chirpstack_up.json"))
    reply = http("POST", path, up)
    assert [result["status"] for result in reply.body["results"]] == ["accepted", "accepted"]
    assert [row.type for row in recorded(gateway)] == ["device.heartbeat"]
    alarm, pack = sorted(recorded(sensor), key=lambda row: row.type, reverse=True)
    assert (alarm.type, pack.type) == ("smoke.detected", "device.telemetry")
    assert {sample["n"] for sample in pack.data["senml"]} == {"temperature", "battery"}
    stranger, _ = attached(Kind.SMOKE_SENSOR, "", serial="0202fffe00aabb99")
    up["deviceInfo"]["devEui"] = "0202fffe00aabb99"
    reply = http("POST", path, up)
    (result,) = reply.body["results"]
    assert (reply.status, reply.body["accepted"]) == (200, 0)
    assert result["errors"][0]["type"] == "unknown_child"
    assert recorded(stranger) == []
    assert len(recorded(gateway)) == 1


def test_a_recorders_channel_has_the_recorders_number_before_its_own(http, attached):
    recorder, path = attached(Kind.GATEWAY, "dahua", serial="NVR7")
    camera, _ = attached(Kind.PLATE_CAMERA, "", gateway_id=recorder, serial="nvr7/0")
    assert http("POST", path, payload("dahua_traffic.json")).body["accepted"] == 1
    (row,) = recorded(camera)
    assert row.data["plate"] == "粤B12345"


def test_what_a_terminal_sends_from_its_memory_starts_nothing(http, attached, live):
    door, path = attached(Kind.DOOR, "hikvision_access")
    with clock.standing_at(AT):
        http("POST", path, passed(1, minute=9))
        http("POST", path, passed(2, minute=9, now=False))
        recorded(door)
    assert live(door) == [True, False]


@pytest.fixture
def live(community):
    """Whether the announced events of a device are live, in the order of their serial numbers."""
    from chalicelib.core.outbox import OutboxRow  # noqa: PLC0415 -- after the environment

    def of(device_id):
        rows = [row for row in OutboxRow.scan() if row.community_id == community]
        bodies = [json.loads(row.body) for row in rows if row.name.endswith("EventRecorded")]
        mine = [body for body in bodies if body["device_id"] == device_id]
        return [b["live"] for b in sorted(mine, key=lambda b: b["data"]["serial_no"])]

    return of


def test_missing_serial_numbers_are_noted_until_they_come(http, staff, attached):
    door, path = attached(Kind.DOOR, "hikvision_access")
    for serial in (10, 11, 15):
        http("POST", path, passed(serial))
        recorded(door)  # counting begins with the first that is heard
    assert staff("GET", f"{door}/gaps").body["missing"] == [[12, 14]]
    for serial in (12, 14, 12):
        http("POST", path, passed(serial, now=False, minute=6))
    recorded(door)
    gaps = staff("GET", f"{door}/gaps").body
    assert (gaps["highest"], gaps["missing"]) == (15, [[13, 13]])


def test_a_camera_that_lost_its_clock_is_heard_now(http, attached):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    http(
        "POST", path, ANPR.replace(b"2026-11-21T16:03:07", b"1970-01-01T08:00:03"), content_type=XML
    )
    (row,) = recorded(camera)
    assert abs(row.occurred_at - row.received_at) < 5_000
    assert row.data["vendor"]["clock"].startswith("1970-01-01")


def test_a_clock_ahead_does_not_outrank_what_follows(http, attached):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    with clock.standing_at(AT):
        http("POST", path, ANPR.replace(b"2026-", b"2036-"), content_type=XML)
    with clock.standing_at(AT + timedelta(seconds=1)):
        later = ANPR.replace(b"e5f601", b"e5f602").replace(b"16:03:07", b"16:10:01")
        http("POST", path, later, content_type=XML)
    assert [row.occurred_at // 10**11 for row in recorded(camera)] == [21, 17]


def test_readings_without_id_and_time_are_counted_again_after_a_while(http, attached):
    mapping = {"readings": {"fullness": {"path": "f", "factor": 0.01}}}
    bin_, path = attached(Kind.BIN, "mapper", mapping=mapping)
    for seconds in (0, 0, 60):
        with clock.standing_at(AT + timedelta(seconds=seconds)):
            assert http("POST", path, {"f": 83}).status == 200
    rows = recorded(bin_)
    assert [row.data["senml"][0]["v"] for row in rows] == [0.83, 0.83]


def test_a_trial_shows_what_would_become_of_a_message_and_writes_nothing(staff, attached):
    mapping = {
        "events": [{"type": "bin.opened", "data": {"category": {"path": "lid"}}}],
        "readings": {"weight": {"path": "w"}},
    }
    bin_, _ = attached(Kind.BIN, "mapper", mapping=mapping)
    reply = staff("POST", f"{bin_}/adapter/trial", {"body": '{"lid": "kitchen", "w": 12.5}'})
    opened, pack = reply.body["events"]
    assert (opened["type"], opened["data"], opened["errors"]) == (
        "bin.opened",
        {"category": "kitchen"},
        [],
    )
    assert pack["data"] == {"senml": [{"n": "weight", "u": "kg", "v": 12.5}]}
    assert recorded(bin_) == []
    assert staff("POST", f"{bin_}/adapter/trial", {"body": "{"}).code == "bad_json"


@pytest.mark.parametrize(
    ("kind", "wish", "code"),
    [
        (Kind.CAMERA, ("nobody", {}), "no_such_adapter"),
        (Kind.GATEWAY, ("tuya", {}), "secret_missing"),
        (Kind.GATE, ("hikvision_anpr", {}), "wrong_kind"),
        (Kind.SMOKE_SENSOR, ("tuya", {}), "wrong_kind"),
        (Kind.BIN, ("mapper", {}), "mapping_missing"),
        (Kind.BIN, ("mapper", {"mapping": {"events": [{"type": "a.b"}]}}), "unknown_event_type"),
        (
            Kind.BIN,
            ("mapper", {"mapping": {"events": [{"type": "lift.moved"}]}}),
            "not_of_this_kind",
        ),
        (Kind.BIN, ("mapper", {"mapping": {"readings": {"x": {"path": "x"}}}}), "unknown_quantity"),
        (Kind.CAMERA, ("dahua", {"names": {"P": {"quantity": "smoke"}}}), "unknown_quantity"),
    ],
)
def test_what_cannot_work_is_not_saved(staff, attached, kind, wish, code):
    device, _ = attached(kind, "")
    reply = staff("PUT", f"{device}/adapter", {"adapter": wish[0], "settings": wish[1]})
    assert (reply.status, reply.code) == (422, code)
    assert Device.get(device).adapter is None
    if code == "wrong_kind":
        assert reply.body["details"]["kinds"]


def test_a_trial_says_what_the_mapping_looked_for_in_vain(staff, attached):
    """Newcomer's trial 15."""
    words = {"path": "lid", "words": {"1": "kitchen"}}
    opened = {"type": "bin.opened", "data": {"category": words, "holder": {"path": "card"}}}
    jammed = {"type": "device.fault", "when": {"path": "evt", "one_of": ["jam"]}}
    mapping = {"time": "ts", "events": [opened, jammed], "readings": {"weight": {"path": "w"}}}
    bin_, _ = attached(Kind.BIN, "mapper", mapping=mapping)
    reply = staff("POST", f"{bin_}/adapter/trial", {"body": '{"lid": 7, "evt": "open", "w": []}'})
    assert [(one["field"], one["why"], one["said"]) for one in reply.body["dropped"]] == [
        ("time", "absent", ""),
        ("bin.opened.category", "unknown_word", "7"),
        ("bin.opened.holder", "absent", ""),
        ("device.fault", "condition_not_met", "open"),
        ("weight", "no_value", "[]"),
    ]


WEIGHED = {"mapping": {"readings": {"weight": {"path": "w"}}}}


@pytest.mark.parametrize(
    ("how", "body"),
    [
        ((Kind.BIN, "mapper", WEIGHED), b"[]"),
        ((Kind.BIN, "mapper", WEIGHED), b"{}"),
        ((Kind.CAMERA, "dahua", {}), b'{"Events": []}'),
    ],
)
def test_a_message_with_nothing_in_it_is_well_formed_and_a_sign_of_life(http, attached, how, body):
    """Newcomer's trial 15."""
    device, path = attached(*how[:2], **how[2])
    reply = http("POST", path, body)
    assert (reply.status, reply.body["accepted"], reply.body["results"]) == (200, 0, [])
    assert [row.type for row in recorded(device)] == ["device.heartbeat"]


def test_a_vendors_device_that_is_silent_for_a_night_is_not_gone(staff, attached):
    """Newcomer's trial 3: a plate camera was OFFLINE four minutes after the last car."""
    gateway, _ = attached(Kind.GATEWAY, "chirpstack", serial="GW-1")
    camera, _ = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    told, _ = attached(Kind.PLATE_CAMERA, "hikvision_anpr", silence_s=600)
    child, _ = attached(Kind.GAS_SENSOR, "", gateway_id=gateway, serial="1")
    native, _ = attached(Kind.GAS_SENSOR, "")
    wanted = {camera: 8 * 3600, told: 600, child: 8 * 3600, native: 300, gateway: 3600}
    for device, seconds in wanted.items():
        assert staff("GET", f"{device}/health").body["expected_s"] == seconds


def test_a_secret_is_kept_sealed_never_shown_and_stays_if_left_out(staff, attached):
    secret = "topsecret-topsecret-topsecret"
    gateway, _ = attached(Kind.GATEWAY, "tuya", secret=secret)
    shown = staff("PUT", f"{gateway}/adapter", {"adapter": "tuya", "settings": {"approach": "out"}})
    assert shown.body["has_secret"]
    assert shown.body["settings"]["approach"] == "out"
    row = Device.get(gateway)
    for place in (shown.body, staff("GET", f"{gateway}/adapter").body, row.serialize()):
        assert secret not in json.dumps(place)


def test_another_estates_staff_neither_sees_nor_attaches(http, sign, attached):
    camera, _ = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    token = sign("com_elsewhere", audience="property", roles=["property_manager"])
    for method, path in (("GET", "adapter"), ("DELETE", "adapter"), ("GET", "gaps")):
        reply = http(method, f"/property/devices/{camera}/{path}", token=token)
        assert (reply.status, reply.code) == (404, "no_such_device")


@pytest.mark.parametrize(
    ("body", "kind", "refusal"),
    [
        (b"", XML, (400, "empty_body")),
        (ANPR, "multipart/form-data", (400, "no_boundary")),
        (ANPR[:-30], XML, (400, "bad_xml")),
        (b"<!DOCTYPE x><x/>", XML, (400, "bad_xml")),
        (ANPR, "image/svg+xml", (415, "unsupported_media_type")),
        (b" " * 4_000_000 + ANPR, XML, (413, "message_too_large")),
    ],
)
def test_what_is_no_message_is_a_clear_refusal(http, attached, body, kind, refusal):
    camera, path = attached(Kind.PLATE_CAMERA, "hikvision_anpr")
    reply = http("POST", path, body, content_type=kind)
    assert (reply.status, reply.code) == refusal
    assert list(AcceptedBatch.query(camera)) == []
