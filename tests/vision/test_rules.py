import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.vision import rules
from chalicelib.vision.events import Reason, Sighted

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WHOLE = (0.0, 0.0, 1.0, 1.0)
DIGEST = "0" * 64
MINE = "com_1/stills/cam_1/" + DIGEST + ".jpg"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"picture": {"key": MINE, "sha256": DIGEST}}, rules.Picture(MINE, DIGEST)),
        ({}, Reason.NOT_NAMED),
        ({"picture": MINE}, Reason.NOT_NAMED),
        ({"picture": {"key": MINE}}, Reason.NOT_NAMED),
        ({"picture": {"key": 7, "sha256": DIGEST}}, Reason.NOT_NAMED),
        ({"picture": {"key": MINE, "sha256": "abc"}}, Reason.NOT_NAMED),
        ({"picture": {"key": "com_2/stills/cam_1/a.jpg", "sha256": DIGEST}}, Reason.FOREIGN_KEY),
        ({"picture": {"key": "com_1/stills/cam_2/a.jpg", "sha256": DIGEST}}, Reason.FOREIGN_KEY),
        (
            {"picture": {"key": "com_1/stills/cam_1/../../x", "sha256": DIGEST}},
            Reason.FOREIGN_KEY,
        ),
    ],
)
def test_a_camera_names_its_own_pictures(event, expected):
    assert rules.named(event, "com_1", "cam_1") == expected


def test_only_the_reported_bytes_are_trusted():
    content = b"picture"
    right = rules.Picture(MINE, hashlib.sha256(content).hexdigest())
    assert rules.mistrust(right, content) is None
    assert rules.mistrust(right, b"another") is Reason.OTHER_BYTES
    assert rules.mistrust(right, bytes(rules.MOST_BYTES + 1)) is Reason.TOO_LARGE


def test_a_picture_is_waited_for_ten_minutes():
    assert not rules.given_up(NOON, NOON + timedelta(minutes=10))
    assert rules.given_up(NOON, NOON + timedelta(minutes=10, seconds=1))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (WHOLE, WHOLE, 1.0),
        (WHOLE, (0.0, 0.0, 0.5, 1.0), 0.5),
        ((0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0), 0.0),
        ((0.2, 0.2, 0.2, 0.2), (0.2, 0.2, 0.2, 0.2), 0.0),
    ],
)
def test_overlap_is_intersection_over_union(one, other, expected):
    assert rules.overlap(one, other) == expected
    assert rules.overlap(other, one) == expected


def test_golden_scores_may_move_a_little(manifest):
    golden = rules.Golden("a", DIGEST, (rules.Expected("person", 0.9, WHOLE, 0.5),))
    for score, refused in ((0.86, None), (0.8, "golden_not_reproduced")):
        seen = (Sighted("person", score, WHOLE),)
        assert rules.golden_refusal(manifest, golden, seen) == refused
    assert rules.golden_refusal(manifest, golden, ()) == "golden_not_reproduced"


def test_a_golden_picture_of_nothing_must_show_nothing(manifest):
    golden = rules.Golden("a", DIGEST, ())
    assert rules.golden_refusal(manifest, golden, (Sighted("person", 0.4, WHOLE),)) is None
    ghost = (Sighted("person", 0.6, WHOLE),)
    assert rules.golden_refusal(manifest, golden, ghost) == "golden_sees_ghosts"


def test_what_counts_is_in_our_words_and_sure_enough(manifest):
    seen = (
        Sighted("person", 0.49, WHOLE),
        Sighted("chair", 0.99, WHOLE),
        Sighted("two_wheeler", 0.7, WHOLE),
        Sighted("person", 0.8, WHOLE),
    )
    counted = rules.counted(manifest, seen)
    assert [(one.kind, one.score) for one in counted] == [("person", 0.8), ("two_wheeler", 0.7)]
