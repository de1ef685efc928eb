"""What was seen of a device: every packet and request in order, for checks to wait on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from tools.conformance.packets import Connect, Publish

T = TypeVar("T")
EVENTS = "/device/events"
Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connected:
    """A device connected, by MQTT's own words; `line` counts its connections."""

    line: int
    asked: Connect


@dataclass(frozen=True, slots=True)
class Admitted:
    """The broker answered a connection: 0 lets it in."""

    line: int
    code: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The device asked for topics, each with its greatest QoS."""

    line: int
    filters: dict[str, int]


@dataclass(frozen=True, slots=True)
class Said:
    """The device published something."""

    line: int
    message: Publish

    @property
    def leaf(self) -> str:
        """The last word of its topic: hello, ack, evt, tel, state."""
        return self.message.topic.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Told:
    """The broker handed the device something, or we did in its name."""

    line: int
    message: Publish


@dataclass(frozen=True, slots=True)
class Posted:
    """The device posted something, and was answered, unless our `trick` was to lose that."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer: Json
    trick: str = ""

    def header(self, name: str) -> str:
        """One header, empty if it was not sent."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Ended:
    """A connection ended."""

    line: int


What: TypeAlias = Connected | Admitted | Subscribed | Said | Told | Posted | Ended


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing and when: `at` in monotonic seconds, `clock` in seconds since 1970."""

    at: float
    clock: float
    what: What


@dataclass
class Watch:
    """Everything seen so far. Thread-safe: relays add, checks wait."""

    began: float = field(default_factory=time.monotonic)
    all: list[Seen] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, what: What) -> None:
        """Keep one thing and wake who waits for it."""
        with self._changed:
            self.all.append(Seen(time.monotonic(), time.time(), what))
            self._changed.notify_all()

    def mark(self) -> int:
        """Return the present end of the list, to look from there on later."""
        return len(self.all)

    def since(self, mark: int, kind: type[T]) -> list[T]:
        """Return what of one kind was seen since a mark."""
        return [one.what for one in self.all[mark:] if isinstance(one.what, kind)]

    def until(self, look: Callable[[], T], within_s: float) -> T:
        """Look again whenever something new is seen; return the last look's result."""
        end = time.monotonic() + within_s
        with self._changed:
            while not (found := look()) and (left := end - time.monotonic()) > 0:
                self._changed.wait(min(left, 0.1))
        return found


@dataclass(frozen=True, slots=True)
class Report:
    """Events as they came: over HTTP with what was answered, or over MQTT with nothing."""

    seen: Seen
    body: bytes

    @property
    def posted(self) -> Posted | None:
        """The request, if it was one."""
        return self.seen.what if isinstance(self.seen.what, Posted) else None

    @property
    def events(self) -> tuple[Json, ...]:
        """The events in it, as far as they can be read."""
        return events_of(self.body)


def reports(watch: Watch, mark: int = 0) -> list[Report]:
    """Return everything that the device reported since a mark, in order."""
    found = []
    for one in list(watch.all[mark:]):
        if isinstance(one.what, Posted) and one.what.path == EVENTS:
            found.append(Report(one, one.what.body))
        elif isinstance(one.what, Said) and one.what.leaf in {"sos", "evt", "tel"}:
            found.append(Report(one, spoken(one.what.message.payload).encode()))
    return found


@lru_cache(maxsize=1_024)
def events_of(body: bytes) -> tuple[Json, ...]:
    """Return the events of a body, as far as it is one event or an array of them."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    listed = given if isinstance(given, list) else [given]
    return tuple(one for one in listed if isinstance(one, dict))


def moment(text: object) -> datetime | None:
    """Read an event's time; None for what is none."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def spoken(payload: bytes) -> str:
    """Return the text `p` of a message, signed or not; nothing if there is none."""
    try:
        text = json.loads(payload)["p"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return text if isinstance(text, str) else ""


def inside(payload: bytes) -> Json:
    """Return what a message says, believed or not; nothing if it cannot be read."""
    try:
        said = json.loads(spoken(payload))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
