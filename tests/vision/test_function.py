"""The Lambda as SQS wakes it: one bad message neither stops nor repeats its neighbours."""

import json

from pydantic import TypeAdapter

from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.vision.tables import Detections
from functions.examine_frame import handler
from tools.lift_pictures import render


def message(name: str, event: DeviceEventRecorded) -> dict:
    body = TypeAdapter(DeviceEventRecorded).dump_python(event, mode="json")
    detail = {"event_id": f"evt_{name}", "request_id": "req_1", "body": body}
    return {
        "messageId": name,
        "body": json.dumps({"detail-type": "DeviceEventRecorded", "detail": detail}),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }


def test_a_batch_of_good_hostile_missing_and_broken(camera):
    good = camera.event(camera.store(render("two_wheeler", 1)))
    hostile = camera.event(camera.store(b"\xff\xd8 no picture"))
    stored = camera.store(render("empty", 1))
    missing = camera.event({**stored, "key": stored["key"] + "x"})
    broken = {**message("broken", good), "body": "{"}
    records = [
        message("missing", missing),
        broken,
        message("good", good),
        message("hostile", hostile),
        message("again", good),
    ]
    reply = handler({"Records": records}, None)
    failed = [one["itemIdentifier"] for one in reply["batchItemFailures"]]
    assert sorted(failed) == ["broken", "missing"]
    kept = {event.event_id for event in (good, hostile)}
    rows = Detections.query(f"{camera.community}#{camera.id}")
    assert {row.event_id: row.refused for row in rows} == {
        good.event_id: None,
        hostile.event_id: "picture_unreadable",
    }
    assert len(kept) == 2
