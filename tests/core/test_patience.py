from itertools import pairwise

import pytest

from chalicelib.core import patience
from chalicelib.core.errors import Conflict
from chalicelib.core.patience import patiently


class Raced:
    """Loses so many races, and keeps how long it was let wait after each."""

    def __init__(self, losses: int) -> None:
        self.losses, self.tries = losses, 0
        self.pauses: list[float] = []

    def do(self) -> str:
        self.tries += 1
        if self.tries <= self.losses:
            raise Conflict("lost_race", "x")
        return "done"


def test_what_is_overtaken_is_done_anew_after_a_pause_each_time():
    raced = Raced(4)
    assert patiently(raced.do, pause=raced.pauses.append) == "done"
    assert (raced.tries, len(raced.pauses)) == (5, 4)


def test_it_ends_with_the_conflict_and_without_a_last_pause():
    raced = Raced(10**6)
    with pytest.raises(Conflict, match="lost_race"):
        patiently(raced.do, pause=raced.pauses.append)
    assert len(raced.pauses) == raced.tries - 1 == patience.TRIES - 1
    assert sum(raced.pauses) < 5, "a request has 29 s in all"


def test_the_pauses_are_by_chance_and_grow():
    longest = [0.0] * (patience.TRIES - 1)
    seen = set()
    for _ in range(300):
        raced = Raced(10**6)
        with pytest.raises(Conflict):
            patiently(raced.do, pause=raced.pauses.append)
        longest = [max(pair) for pair in zip(longest, raced.pauses, strict=True)]
        seen.add(raced.pauses[0])
    assert len(seen) > 250
    assert all(later > earlier for earlier, later in pairwise(longest[:6]))


def test_a_conflict_that_time_does_not_mend_is_raised_at_once():
    raced = Raced(3)
    with pytest.raises(Conflict):
        patiently(raced.do, again=lambda _: False, pause=raced.pauses.append)
    assert (raced.tries, raced.pauses) == (1, [])
