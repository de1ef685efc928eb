"""Pure rules of counts at gates: what five minutes and an hour come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.passages.rules.passages import CALENDAR, Direction, Method, PassageOutcome, Thing

BUCKET_MS: Final = 300_000
HOUR_MS: Final = 3_600_000
ECHO_MS: Final = 15_000
"""A gate that we opened says so itself (`remote`) within this long: one opening, not two."""

INNER: Final = frozenset({"door"})
"""Kinds whose counts say who is in which building: not for the owners' committee."""


@dataclass(frozen=True)
class Seen:
    """One passage as it is counted; `at` is in epoch milliseconds."""

    at: int
    thing: Thing
    outcome: PassageOutcome
    direction: Direction
    method: Method
    device_id: str
    companions: int = 0
    kind: str = "gate"


@dataclass(frozen=True)
class Tally:
    """What a period comes to; `seen` counts the rows that it was made of.

    `unclear` are those whose direction nobody reported.
    """

    people_in: int = 0
    people_out: int = 0
    people_unclear: int = 0
    vehicles_in: int = 0
    vehicles_out: int = 0
    vehicles_unclear: int = 0
    refused: int = 0
    seen: int = 0
    inner: bool = False

    def __add__(self, other: "Tally") -> "Tally":
        """Return what two periods of one gate come to together."""
        added: dict[str, Any] = {
            one.name: getattr(self, one.name) + getattr(other, one.name)
            for one in fields(Tally)
            if one.name != "inner"
        }
        return Tally(**added, inner=self.inner or other.inner)

    @property
    def people_net_since_midnight(self) -> int:
        """Return how many more came in than went out.

        It is no number of people inside: who comes in by one gate goes out by another, and the
        morning begins with everybody at home.
        """
        return self.people_in - self.people_out

    @property
    def vehicles_net_since_midnight(self) -> int:
        """Return how many more vehicles came in than went out."""
        return self.vehicles_in - self.vehicles_out


def bucket(at: int, size: int = BUCKET_MS) -> int:
    """Return the beginning of the bucket that an instant falls in."""
    return at - at % size


def touched(at: int) -> set[int]:
    """Return the five minutes whose tally one passage may change: an opening hides its echo."""
    return {bucket(at), bucket(at + ECHO_MS)}


def tally(rows: Iterable[Seen], start: int) -> Tally:
    """Return what the five minutes from `start` come to.

    `rows` are those of the bucket and of `ECHO_MS` before it, in any order: the answer is a
    function of the set alone, so that it can be computed anew at any time.
    """
    known = list(rows)
    opened: dict[str, list[int]] = {}
    for row in known:
        if row.outcome is PassageOutcome.OPENED:
            opened.setdefault(row.device_id, []).append(row.at)
    mine = [row for row in known if start <= row.at < start + BUCKET_MS]
    total = Tally(seen=len(mine), inner=any(row.kind in INNER for row in mine))
    for row in mine:
        if not _is_echo(row, opened.get(row.device_id, ())):
            total += _of(row)
    return total


def _is_echo(row: Seen, openings: Sequence[int]) -> bool:
    is_confirmation = row.outcome is PassageOutcome.PASSED and row.method is Method.REMOTE
    return is_confirmation and any(0 <= row.at - at <= ECHO_MS for at in openings)


def _of(row: Seen) -> Tally:
    if row.outcome is PassageOutcome.REFUSED:
        return Tally(refused=1)
    what = "vehicles" if row.thing is Thing.VEHICLE else "people"
    way = {Direction.IN: "in", Direction.OUT: "out"}.get(row.direction, "unclear")
    if what == "vehicles" and row.outcome is PassageOutcome.OPENED:
        return Tally()  # the camera beside the barrier reports the vehicle
    counted: dict[str, Any] = {f"{what}_{way}": 1 + row.companions}
    return Tally(**counted)


def day_began(at: datetime) -> datetime:
    """Return the midnight in China before an instant: the net of a gate is counted from there."""
    day = at.astimezone(CALENDAR).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.astimezone(at.tzinfo)


LONGEST: Final = timedelta(days=31)
"""The longest period of one question for counts."""
