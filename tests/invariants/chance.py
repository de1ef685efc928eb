"""The dice of one run: a seed decides every fault, and each fault is counted by its kind."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

RATES: Mapping[str, float] = {
    "duplicate": 0.30,  # a message, request or acknowledgement comes twice
    "late": 0.15,  # a message is overtaken by those sent seconds after it
    "throttle": 0.20,  # one attempt of a call is refused; the client tries three times
    "crash before": 0.05,  # the process dies before a write reaches the store
    "crash after": 0.05,  # ... after the write, before anybody learns of it
    "crash reading": 0.01,
    "reply lost": 0.03,  # the write stands, the answer does not come
    "collision": 0.01,  # another transaction touches the same item
    "stale read": 0.20,  # an index, or a read that is not consistent, shows the past
    "half published": 0.05,  # EventBridge takes some entries of a call and not the others
    "mqtt lost": 0.10,
    "mqtt delayed": 0.10,
    "forged": 0.20,  # somebody answers for a device, without its key
    "odd answer": 0.05,  # a device signs what no protocol knows
    "replayed": 0.25,  # somebody sends a device its own old command again
}
"""SECURITY.md, figures: duplicates 30 %, throttling 20 %, crash 10 %."""


class Chance:
    """Draws for one seed; faults happen only while `on`."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.on = True
        self.storm = self.dice.random() < 0.3
        """In a storm the client's own three attempts are all refused."""
        self.counts: Counter[str] = Counter()

    def strikes(self, fault: str) -> bool:
        """Return whether a fault happens here, and count it."""
        struck = self.on and self.dice.random() < RATES[fault]
        if struck:
            self.counts[fault] += 1
        return struck

    def throttled(self) -> bool:
        """Return whether a call is refused after all attempts of the client."""
        if self.storm:
            return self.strikes("throttle")
        return all(self.strikes("throttle") for _ in range(3))

    def note(self, fault: str) -> None:
        """Count a fault that was decided elsewhere."""
        self.counts[fault] += 1

    def maybe(self, probability: float) -> bool:
        """Return whether something ordinary happens."""
        return self.dice.random() < probability

    def between(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return self.dice.randint(low, high)

    def one_of(self, choices: Sequence[T]) -> T:
        """Return one of these."""
        return self.dice.choice(choices)

    def bits(self, count: int) -> int:
        """Return random bits, for the ids of a run."""
        return self.dice.getrandbits(count)
