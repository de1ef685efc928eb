"""`examine_frame` as SQS wakes it: one bad message neither stops nor repeats its neighbours."""

from chalicelib.vision.tables import Detections
from tests.functions.conftest import record, told, woken
from tests.vision.conftest import camera  # noqa: F401 -- the fixture of the same lift
from tools.lift_pictures import render


def test_a_batch_of_good_hostile_missing_and_broken(camera):  # noqa: F811 -- the fixture
    good = camera.event(camera.store(render("two_wheeler", 1)))
    hostile = camera.event(camera.store(b"\xff\xd8 no picture"))
    stored = camera.store(render("empty", 1))
    missing = camera.event({**stored, "key": stored["key"] + "x"})
    records = [
        record(told(missing), "missing"),
        record("{", "broken"),
        record(told(good), "good"),
        record(told(hostile), "hostile"),
        record(told(good), "again"),
    ]
    reply = woken("examine_frame", {"Records": records})
    failed = [one["itemIdentifier"] for one in reply["batchItemFailures"]]
    assert sorted(failed) == ["broken", "missing"]
    kept = {event.event_id for event in (good, hostile)}
    rows = Detections.query(f"{camera.community}#{camera.id}")
    assert {row.event_id: row.refused for row in rows} == {
        good.event_id: None,
        hostile.event_id: "picture_unreadable",
    }
    assert len(kept) == 2
