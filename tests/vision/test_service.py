import dataclasses
import io
import json
from datetime import timedelta
from random import Random

import pytest
from PIL import Image

from chalicelib.core import clock, outbox
from chalicelib.core.errors import Unavailable
from chalicelib.vision import public, service
from chalicelib.vision.tables import Detections
from tools.lift_pictures import render


def announced(community: str) -> list[tuple[str, dict]]:
    """The events of a community that were committed, in their order."""
    rows = [row for row in outbox.OutboxRow.scan() if row.community_id == community]
    return [(row.name, json.loads(row.body)) for row in sorted(rows, key=lambda row: row.event_id)]


def examined(camera, event) -> Detections:
    public.examine(event)
    row = Detections.of(camera.community, camera.id, event.event_id)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("empty", set()),
        ("person", {"person"}),
        ("two_wheeler", {"two_wheeler"}),
        ("person_two_wheeler", {"person", "two_wheeler"}),
    ],
)
def test_a_picture_is_looked_at_and_told_of(camera, kind, expected):
    event = camera.event(camera.store(render(kind, 1)))
    row = examined(camera, event)
    assert {one["kind"] for one in row.objects} == expected
    assert row.refused is None
    ((name, body),) = announced(camera.community)
    assert name == "vision.FrameExamined"
    assert body["event_id"] == event.event_id
    assert (body["boot"], body["sequence"], body["live"]) == (1, 1, True)
    assert {one["kind"] for one in body["objects"]} == expected
    assert all(one["box"] == [0, 0, 1, 1] for one in body["objects"])


def test_a_redelivered_event_is_examined_once(camera):
    event = camera.event(camera.store(render("two_wheeler", 2)))
    for _ in range(3):
        public.examine(event)
    assert len(announced(camera.community)) == 1


def test_other_events_are_no_sightings(camera):
    event = dataclasses.replace(camera.event({}), type="panel.call")
    public.examine(event)
    assert announced(camera.community) == []


def test_a_picture_that_is_not_there_yet_is_waited_for(camera):
    stored = camera.store(render("empty", 1))
    missing = {**stored, "key": stored["key"].replace(".jpg", "x.jpg")}
    with pytest.raises(Unavailable, match="picture_not_there"):
        public.examine(camera.event(missing))
    assert announced(camera.community) == []


def png(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("1", size).save(out, "PNG")
    return out.getvalue()


def noise(size: int) -> bytes:
    return b"\xff\xd8\xff\xe0" + Random(size).randbytes(size)


HOSTILE = {
    "bytes that are no picture, called JPEG": (lambda: noise(5_000), "picture_unreadable"),
    "over 10 MB": (lambda: noise(10 * 1024 * 1024), "picture_too_large"),
    "over 40 Mpx": (lambda: png((8_000, 5_001)), "picture_too_many_pixels"),
    "too thin": (lambda: png((5_000, 4)), "picture_bad_shape"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_is_refused_once_and_for_all(camera, name):
    make, reason = HOSTILE[name]
    event = camera.event(camera.store(make()))
    for _ in range(2):
        row = examined(camera, event)
    assert (row.refused, row.objects) == (reason, [])
    ((name_said, body),) = announced(camera.community)
    assert (name_said, body["reason"]) == ("vision.FrameRefused", reason)


def test_other_bytes_than_reported_are_refused(camera):
    stored = camera.store(render("empty", 1))
    row = examined(camera, camera.event({**stored, "sha256": "0" * 64}))
    assert row.refused == "picture_bytes_differ"


def test_another_cameras_picture_is_not_even_read(camera):
    stored = camera.store(render("empty", 1))
    foreign = {**stored, "key": stored["key"].replace(camera.community, "com_other")}
    row = examined(camera, camera.event(foreign))
    assert (row.refused, row.picture) == ("picture_of_another_device", "")


@pytest.mark.parametrize("picture", [None, "key", {}, {"key": 1, "sha256": 2}])
def test_an_event_without_a_picture_is_refused(camera, picture):
    assert examined(camera, camera.event(picture)).refused == "picture_not_named"


def test_a_picture_that_never_came_is_given_up(camera):
    stored = camera.store(render("empty", 1))
    missing = {**stored, "key": stored["key"] + "x"}
    row = examined(camera, camera.event(missing, received_s_ago=601))
    assert row.refused == "picture_never_came"


def test_rows_leave_with_the_picture_after_thirty_days(camera):
    row = examined(camera, camera.event(camera.store(render("empty", 2))))
    in_days = timedelta(seconds=row.expires - clock.now().timestamp()).days
    assert in_days in (29, 30)


def test_the_record_names_the_model(camera):
    row = examined(camera, camera.event(camera.store(render("empty", 3))))
    assert row.model == service.open_pack("packs/demo").name
