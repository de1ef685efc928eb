"""What lost a race is done anew, after a pause that is not everybody's: many meet on one row."""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from chalicelib.core.errors import Conflict

Done = TypeVar("Done")

TRIES: Final = 10
"""How often something is done that others overtake."""

FIRST_S, LONGEST_S = 0.02, 1.0
"""How long the first pause is at the most, and any: all ten tries take 4.3 s of pauses at the most,
half of that on average, well within the 29 s of a request."""


def patiently(
    do: Callable[[], Done],
    *,
    tries: int = TRIES,
    again: Callable[[Conflict], bool] = lambda _: True,
    pause: Callable[[float], None] = time.sleep,
) -> Done:
    """Do something that decides on what it has just read; if somebody was faster, anew.

    Before the nth time anew it pauses for up to `FIRST_S` times 2 to the n, at random (full
    jitter): those who met once do not meet again. `again` says which conflicts are worth it.
    Raises the last Conflict.
    """
    for attempt in range(tries):
        try:
            return do()
        except Conflict as raced:
            if attempt == tries - 1 or not again(raced):
                raise
        pause(random.uniform(0, min(FIRST_S * 2**attempt, LONGEST_S)))  # noqa: S311 -- jitter, no secret
    raise AssertionError("the last attempt returns or raises")
