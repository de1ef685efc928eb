"""Pure rules of guessing at an account: who is locked out of it, and for how long.

Failures are counted by source, so that nobody is kept out by another's guesses; and of all
strangers together, so that many sources have no more guesses than a few. A source that the
account was signed in from lately is no stranger. Failures are forgiven one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

FREE_TRIES = 5
STRANGERS_FREE = 30
"""Of all strangers together: NIST SP 800-63B 5.2.2 allows a hundred failures in a row."""

FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(minutes=15)
"""No longer: a lock is also a way to keep somebody out (GB/T 22239 8.1.4.1 asks for one)."""

FORGIVEN_AFTER = timedelta(minutes=10)
"""A failure is forgotten after so long, then the one before it: 144 guesses a day are left."""

MOST_OVER = 5
"""Failures past the free ones are not counted any further: a lock must end."""

LAPSE = (STRANGERS_FREE + MOST_OVER) * FORGIVEN_AFTER
"""After so long without one, nothing is left of any failures."""

KNOWN_FOR = timedelta(days=30)
MOST_KNOWN, MOST_STRANGE = 4, 8
"""Sources that an account remembers, the latest; of a stranger who is not, the sum is left."""

STRANGERS = "strangers"
"""The key of all of them together."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Count:
    """Failures as of the last one, and when somebody signed in from there last."""

    failures: float = 0
    failed_at: datetime = _NEVER
    signed_in_at: datetime = _NEVER

    def left(self, at: datetime) -> float:
        """Return how many failures are not forgiven yet."""
        since = max(at - self.failed_at, timedelta(0))
        return max(0.0, self.failures - since / FORGIVEN_AFTER)

    def locked_until(self, free: int) -> datetime:
        """Return until when nobody of these may try, after so many free failures."""
        lock = locked_for(self.failures - free)
        return self.failed_at + lock if lock else _NEVER

    def is_known(self, at: datetime) -> bool:
        """Return whether the account was signed in from there lately."""
        return self.signed_in_at > at - KNOWN_FOR


Counts = Mapping[str, Count]
"""Counts by source, and of all strangers."""


def locked_until(counts: Counts, source: str, at: datetime, *, trusted: bool) -> datetime:
    """Return until when a source may not try; `trusted` ones answer for their own tries alone."""
    own = counts.get(source, Count())
    until = own.locked_until(FREE_TRIES)
    if trusted or own.is_known(at):
        return until
    return max(until, counts.get(STRANGERS, Count()).locked_until(STRANGERS_FREE))


def locked_for(over: float) -> timedelta:
    """Return how long nobody may try after so many failures past the free ones: 1, 2, … 15 min."""
    if round(over) < 0:
        return timedelta(0)
    doublings: int = min(round(over), 10)
    return min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def failed(counts: Counts, source: str, at: datetime) -> Counts:
    """Return the counts after a failure."""
    own = counts.get(source, Count())
    after = {**counts, source: _one_more(own, FREE_TRIES, at)}
    if not own.is_known(at):
        after[STRANGERS] = _one_more(counts.get(STRANGERS, Count()), STRANGERS_FREE, at)
    return _bounded(after, at)


def signed_in(counts: Counts, source: str, at: datetime) -> Counts:
    """Return the counts after a sign-in: its source is known, and owes nothing."""
    return _bounded({**counts, source: Count(signed_in_at=at)}, at)


def _one_more(count: Count, free: int, at: datetime) -> Count:
    failures = min(count.left(at) + 1, free + MOST_OVER)
    return replace(count, failures=failures, failed_at=at)


def _bounded(counts: dict[str, Count], at: datetime) -> Counts:
    """Return the counts that are worth keeping: the latest sources, known or not, and the sum."""
    others = counts.pop(STRANGERS, None)
    known = [(key, count) for key, count in counts.items() if count.is_known(at)]
    strange = [(key, count) for key, count in counts.items() if not count.is_known(at)]
    known.sort(key=lambda item: item[1].signed_in_at, reverse=True)
    strange.sort(key=lambda item: item[1].failed_at, reverse=True)
    kept = dict([*known[:MOST_KNOWN], *strange[:MOST_STRANGE]])
    return kept if others is None else {**kept, STRANGERS: others}
