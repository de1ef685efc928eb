"""I19 for frames: any order of arrival ends in the same verdict, while frames are waited for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.alerts.rules.frames import Frame
from tests.invariants.watching import folded

BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)
SPACING = timedelta(milliseconds=700)
NEARBY = 4
"""Frames that a queue may let overtake each other while all are waited for."""


LAST = timedelta(seconds=20)
SCORES = st.lists(st.sampled_from([0.0, 0.4, 0.55, 0.9]), min_size=1, max_size=8)


def frames(scores: list[float]) -> list[Frame]:
    """One frame after the other, all heard within their patience."""
    return [
        Frame(1, n, f"frame-{n}", score, BEGAN + n * SPACING, BEGAN + n * SPACING, BEGAN + LAST)
        for n, score in enumerate(scores)
    ]


@settings(max_examples=300, deadline=None)
@given(SCORES, st.lists(st.integers(0, NEARBY), min_size=8, max_size=8), st.integers(1, 2))
def test_neighbours_may_overtake_each_other(
    scores: list[float], delays: list[int], copies: int
) -> None:
    sent = frames(scores)
    order = {frame.event_id: frame.sequence + delays[frame.sequence] for frame in sent}
    arrived = sorted(sent * copies, key=lambda frame: order[frame.event_id])
    watched, opened, cleared = folded(arrived)
    ideal, ideally_opened, ideally_cleared = folded(sent)
    assert (watched.holding, opened, cleared) == (ideal.holding, ideally_opened, ideally_cleared)


@settings(max_examples=300, deadline=None)
@given(SCORES.flatmap(lambda scores: st.permutations(frames(scores))))
def test_any_order_leaves_the_same_incident_open(arrived: list[Frame]) -> None:
    in_order = sorted(arrived, key=lambda frame: frame.position)
    assert folded(arrived)[0].holding == folded(in_order)[0].holding
