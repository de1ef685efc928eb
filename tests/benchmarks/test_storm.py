"""The storm's own premise: what never stormed proves nothing of those who stood in it."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.storm import STORM_S, offered


@pytest.mark.parametrize(("rate", "met"), [(1_000, True), (960, True), (900, False), (0, False)])
def test_a_storm_that_did_not_blow_misses_its_budget(rate: int, met: bool):  # noqa: FBT001 -- a case
    answers = Counter({"429": int(rate * STORM_S * 0.9), "200": int(rate * STORM_S * 0.1)})
    assert offered(answers).is_met is met
