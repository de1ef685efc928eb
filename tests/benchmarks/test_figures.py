"""Figures: percentiles by nearest rank, ceilings and floors, and a miss is plain to see."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figure, line, missed, percentile


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)]
)
def test_percentiles_are_values_that_were_measured(share: float, expected: float):
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_a_single_value_is_every_percentile():
    assert {percentile([7.0], share) for share in (0.0, 0.5, 0.99)} == {7.0}


def test_ceilings_and_floors():
    kept = [Figure("a", 4.0, 4.0), Figure("b", 0.6, 0.6, at_least=True), Figure("c", 9.0)]
    late = [Figure("d", 4.1, 4.0), Figure("e", 0.5, 0.6, at_least=True)]
    assert missed([*kept, *late]) == late
    assert all("MISSED" in line(figure) for figure in late)
    assert not any("MISSED" in line(figure) for figure in kept)
