"""Pure rules of what devices report: limits, freshness, how much at a time (DEVICES.md)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any

from chalicelib.devices.rules.catalogue import ALARMS, CALLS_FOR_HELP, TELEMETRY
from chalicelib.devices.rules.senml import PACK

LIVE_FOR = timedelta(minutes=5)
"""An event older than this is history: it starts no live action."""

RATE, BURST = 10.0, 50.0
"""Events a second that one device may report, and how many at once (DEVICES.md)."""

RECORDS_PER_TOKEN = 50
"""Records of telemetry that count as one event: each is a sample to be kept and summed up."""

ALARM_BURST = 200.0
"""The same for alarms, which have a bucket of their own: one mad sensor must not drown an SOS."""

MINUTE = timedelta(minutes=1)

QUARANTINE_OVER = 1_000
"""Events that one device may offer in a minute before it counts as broken (SECURITY.md 18)."""

QUARANTINE_FOR = timedelta(minutes=5)

ORDINARY, URGENT_QUEUE, SOS_QUEUE = "device-events", "device-urgent", "device-sos"
"""Queues of accepted batches. People's calls have their own, apart from what sensors cry."""

BY_NEED = (SOS_QUEUE, URGENT_QUEUE, ORDINARY)

LONGEST_ID = 64

LONGEST_EVENT_ID = 128
"""`urn:uuid:…` takes 45 characters."""

FIRST_YEAR, LAST_YEAR = 2000, 2100

MOST_DEPTH = 32

INT64 = 2**63

BOOT_AHEAD = timedelta(days=1)

MOST_EVENTS = 100

MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Reported:
    """One event as a device sent it; `boot` and `sequence` order a device's own events.

    `faults` say what was left out because nobody could read it, or might believe it;
    `replayed` is the device's own word that this comes from its buffer.
    """

    id: str
    type: str
    occurred_at: datetime
    boot: int
    sequence: int
    data: dict[str, Any]
    faults: list[Any] = field(default_factory=list)
    replayed: bool = False


@dataclass(frozen=True)
class Refused:
    """An event that is not taken: what is wrong with it, and its id if that can be read."""

    errors: list[Any]
    id: str | None = None


Read = Reported | Refused


def timely(text: str) -> datetime:
    """Return the UTC instant of an RFC 3339 text; raises ValueError outside 2000 to 2100.

    A device's clock may be years wrong and its events still count, but a date that our
    arithmetic cannot hold would harm every reader of the row.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ValueError("time must have an offset and lie between 2000 and 2100")
    return moment.astimezone(UTC)


def travels(data: object, depth: int = MOST_DEPTH) -> bool:
    """Return whether JSON is shallow enough for every parser and its integers fit 64 bits."""
    if isinstance(data, int):
        return abs(data) < INT64
    if not isinstance(data, dict | list):
        return True
    inside = data.values() if isinstance(data, dict) else data
    return depth > 0 and all(travels(one, depth - 1) for one in inside)


@dataclass(frozen=True)
class Bucket:
    """A token bucket: `level` tokens at an instant; it fills at `RATE` up to its burst."""

    level: float
    at: datetime

    def after(self, wanted: int, at: datetime, *, burst: float = BURST) -> "Bucket | None":
        """Return the bucket with `wanted` tokens taken, or None if it has too few.

        A batch larger than the burst needs a full bucket and leaves a debt.
        """
        filled = self._filled(at, burst)
        return None if filled < min(wanted, burst) else Bucket(filled - wanted, at)

    def wait_s(self, wanted: int, at: datetime, *, burst: float = BURST) -> int:
        """Return the whole seconds after which `wanted` tokens can be taken."""
        return max(0, ceil((min(wanted, burst) - self._filled(at, burst)) / RATE))

    def _filled(self, at: datetime, burst: float) -> float:
        return min(burst, self.level + RATE * max(0.0, (at - self.at).total_seconds()))


def most_boot(at: datetime) -> int:
    """Return the greatest `boot` that is believed: many a device counts by its clock (ms).

    One that is far beyond would stand before all that follow it, for ever.
    """
    return int((at + BOOT_AHEAD).timestamp() * 1000)


def tokens(event_type: object, data: object) -> int:
    """Return what an event takes from a bucket: one for each 50 records that it measured."""
    pack = data.get(PACK) if event_type == TELEMETRY and isinstance(data, dict) else None
    return max(1, ceil(len(pack) / RECORDS_PER_TOKEN)) if isinstance(pack, list) else 1


class Verdict(StrEnum):
    """What becomes of events that a device offers."""

    ADMITTED = "admitted"
    TOO_MANY = "too_many_events"
    HELD = "quarantined"


@dataclass(frozen=True)
class Flow:
    """How much one device sends: its two buckets, and what it offered since `minute`.

    `again_at` is when it was told to come again after the last refusal; `looks` is how often we
    look whether what would be refused came before.
    """

    ordinary: Bucket
    alarms: Bucket
    looks: Bucket
    minute: datetime
    offered: int = 0
    held_until: datetime | None = None
    again_at: datetime | None = None

    @classmethod
    def new(cls, at: datetime) -> "Flow":
        """Return the flow of a device that was silent until now."""
        return cls(Bucket(BURST, at), Bucket(ALARM_BURST, at), Bucket(BURST, at), at)

    def counting(self, events: int, at: datetime) -> "Flow":
        """Return the flow with events counted; too many in a minute from its first hold it."""
        within = timedelta() <= at - self.minute < MINUTE
        offered = self.offered + events if within else events
        held = self.held_until if self.is_held(at) else None
        if held is None and offered > QUARANTINE_OVER:
            held = at + QUARANTINE_FOR
        minute = self.minute if within else at
        return replace(self, minute=minute, offered=offered, held_until=held)

    def without(self, events: int, cost: int, *, alarm: bool) -> "Flow":
        """Return the flow as if events that came before had not been counted again."""
        bucket = self.alarms if alarm else self.ordinary
        given_back = replace(bucket, level=bucket.level + cost)
        flow = replace(self, offered=max(0, self.offered - events))
        return replace(flow, alarms=given_back) if alarm else replace(flow, ordinary=given_back)

    def is_held(self, at: datetime) -> bool:
        """Return whether the device is in quarantine."""
        return self.held_until is not None and at < self.held_until

    def is_early(self, at: datetime) -> bool:
        """Return whether the device comes before the time that it was told."""
        return self.again_at is not None and at < self.again_at


@dataclass(frozen=True)
class Admission:
    """What becomes of some events: the flow after them, and when to try again if refused."""

    flow: Flow
    verdict: Verdict = Verdict.ADMITTED
    wait_s: int = 0


def admission(
    flow: Flow, events: int, at: datetime, *, alarm: bool, paced: bool, cost: int | None = None
) -> Admission:
    """Return whether a device's events are admitted; `cost` is what they take, if not one each.

    What is refused counts towards a quarantine only if the device did not wait as long as it
    was told: one that empties its buffer and obeys is slow, not broken. Alarms pass a
    quarantine by a bucket of their own. What is not `paced` comes out of a queue, which has
    spread it in time already: only the quarantine holds it back.
    """
    bucket, burst = (flow.alarms, ALARM_BURST) if alarm else (flow.ordinary, BURST)
    wanted = events if cost is None else cost
    left = bucket.after(wanted, at, burst=burst) if paced or alarm else bucket
    counted = flow.counting(events if left is not None or flow.is_early(at) else 0, at)
    if counted.held_until is not None and not alarm:
        return Admission(counted, Verdict.HELD, ceil((counted.held_until - at).total_seconds()))
    if left is None:
        wait_s = bucket.wait_s(wanted, at, burst=burst)
        told = replace(counted, again_at=at + timedelta(seconds=wait_s))
        return Admission(told, Verdict.TOO_MANY, wait_s)
    return Admission(replace(counted, alarms=left) if alarm else replace(counted, ordinary=left))


def queue_of(types: Iterable[str]) -> str:
    """Return the queue of a batch: that of the most urgent event in it."""
    found = set(types)
    if found & CALLS_FOR_HELP:
        return SOS_QUEUE
    return URGENT_QUEUE if found & ALARMS else ORDINARY


def urgency(event_type: str) -> int:
    """Return in which turn an event of a batch is recorded: calls for help first."""
    return 0 if event_type in CALLS_FOR_HELP else 1 if event_type in ALARMS else 2


def is_live(occurred_at: datetime, received_at: datetime, *, replayed: bool = False) -> bool:
    """Return whether an event is fresh enough to act on.

    The device's clock is only a label: a stamp in the future says that the clock is
    wrong, not that the event is old.
    """
    return not replayed and received_at - occurred_at <= LIVE_FOR
