"""The vocabulary of the manifest: what can wake a function, and what a function needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FIFO = ".fifo"
"""How SQS wants the name of a queue that keeps an order to end."""


@dataclass(frozen=True)
class Heard:
    """An event class of another domain, narrowed by values of its fields."""

    event: type
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return `domain.ClassName`, as the outbox names events."""
        return f"{self.event.__module__.split('.')[1]}.{self.event.__name__}"

    def pattern(self) -> dict[str, Any]:
        """Return the EventBridge pattern of this event."""
        domain, kind = self.name.split(".")
        pattern: dict[str, Any] = {"source": [f"linli.{domain}"], "detail-type": [kind]}
        if self.where:
            pattern["detail"] = {"body": {key: list(of) for key, of in self.where.items()}}
        return pattern

    def matches(self, name: str, body: Mapping[str, Any]) -> bool:
        """Return whether an event of this name and body is heard: the pattern, in Python."""
        return name == self.name and all(body.get(key) in of for key, of in self.where.items())


@dataclass(frozen=True)
class Http:
    """The routes of one audience, by API Gateway."""

    audience: str


@dataclass(frozen=True)
class Queue:
    """An SQS queue; events it hears are routed to it by EventBridge.

    One whose name ends in `.fifo` keeps the order of each message group, and hands out one
    batch of a group at a time.
    """

    name: str
    hears: tuple[Heard, ...] = ()
    batch: int = 10
    window_s: int = 0

    @property
    def is_fifo(self) -> bool:
        """Return whether it keeps the order of each group."""
        return self.name.endswith(FIFO)

    @property
    def dead_letters(self) -> str:
        """Return the name of the queue behind it, which is of its kind."""
        return f"{self.name.removesuffix(FIFO)}-dlq" + (FIFO if self.is_fifo else "")


@dataclass(frozen=True)
class Stream:
    """The inserts of a table's stream, by the table's short name.

    `swept` says that a sweep brings what the stream gave up on: then it may give up soon.
    """

    table: str
    swept: bool = True


@dataclass(frozen=True)
class Schedule:
    """A fixed rate, in whole minutes of seconds."""

    every_s: int


@dataclass(frozen=True)
class Topic:
    """An MQTT topic filter; the rule passes `{"topic", "payload", "received_at"}`."""

    filter: str


Wake = Http | Queue | Stream | Schedule | Topic


@dataclass(frozen=True)
class Function:
    """One Lambda: what wakes it, what it may touch, how much it may take.

    `tables` maps a table's short name to `r` or `rw`; `media` maps a
    folder of pictures (`stills`, `evidence`) to `r`, `w`, `d` (delete) or several of them;
    `publishes` allows commands to devices; `events` allows EventBridge PutEvents; `keys`
    allows opening the master key, `signs` gives the signing key of access tokens, `wechat` what
    WeChat knows us by; `archive` is as `media`, of what is kept for years, and `witnesses` allows
    signing receipts and checkpoints; `warm` instances are kept started for those who wait at a
    door. Seconds and megabytes.
    """

    name: str
    wakes: tuple[Wake, ...]
    tables: Mapping[str, str] = field(default_factory=dict)
    sends: tuple[str, ...] = ()
    media: Mapping[str, str] = field(default_factory=dict)
    archive: Mapping[str, str] = field(default_factory=dict)
    publishes: bool = False
    events: bool = False
    keys: bool = False
    signs: bool = False
    witnesses: bool = False
    wechat: bool = False
    package: str = "core"
    timeout_s: int = 10
    memory_mb: int = 256
    reserved: int | None = None
    warm: int = 0

    @property
    def handler(self) -> str:
        """Return the dotted path of the handler; the API's functions share `app.app`."""
        if any(isinstance(wake, Http) for wake in self.wakes):
            return "app.app"
        return f"functions.{self.name}.handler"

    @property
    def queues(self) -> tuple[Queue, ...]:
        """Return the queues that wake it."""
        return tuple(wake for wake in self.wakes if isinstance(wake, Queue))


@dataclass(frozen=True)
class TopicRule:
    """An IoT rule without a function: queue each message, and keep it if a table is named.

    The item is keyed by the device, which the broker proved, and the message's `id`, so
    that no device can write for another. `kept_s` is how long it is kept.
    """

    filter: str
    queue: str
    table: str = ""
    kept_s: int = 0
