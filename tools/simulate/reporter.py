"""What a simulated device has to say, numbered, kept until it is heard, and sent in its manner."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self

from chalicelib.devices.rules.catalogue import URGENT
from tools.simulate.conducts import RIGHT, Manner
from tools.simulate.life import Life, novelty
from tools.simulate.signing import Json

MOST_AT_ONCE = 100
MOST_KEPT = 10_000
RETRY_S = 1.0
BACKLOG_S = 5.0
"""What waited longer than this comes from the buffer, and says so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a message: heard or not, or when to come again; `words` to be counted."""

    heard: bool
    again_s: float | None
    words: tuple[str, ...]


class Way(Protocol):
    """How messages reach the cloud."""

    def send(self, events: list[Json], message_id: str) -> Answer:
        """Send one message and say what became of it."""


@dataclass(slots=True)
class _Message:
    """Events under one message id: what is sent again is the same message."""

    events: list[Json]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Reporter:
    """Numbers events within a boot, and sends them in order from a thread of its own.

    `rate` is events a second of the device's own life; 0 says only what it is told to say.
    What is not heard stays in the buffer; what is refused for good is dropped and counted.
    """

    def __init__(
        self, device_id: str, way: Way, life: Life, *, manner: Manner = RIGHT, rate: float = 0.0
    ) -> None:
        self.device_id, self.way, self.life, self.manner = device_id, way, life, manner
        self.rate = rate if manner.rate is None else manner.rate
        self.boot, self.sequence = time.time_ns() // 1_000_000, 0
        self.counts: Counter[str] = Counter()
        self._kept: list[Json] = []
        self._keeping = threading.Lock()
        self._woken, self._leaving = threading.Event(), threading.Event()
        self._chance = random.Random(device_id)
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Begin to send, unless it does."""
        if self._thread is None or not self._thread.is_alive():
            self._leaving.clear()
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Send no more."""
        self._leaving.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(15)

    def restart(self, boot: int) -> None:
        """Number by a new boot; what waits in the buffer keeps its numbers."""
        with self._keeping:
            self.boot, self.sequence = boot, 0

    def say(self, event_type: str, facts: Json) -> Json:
        """Number an event and keep it until it is heard."""
        stuck = self.manner.sequence == "stuck"
        with self._keeping:
            self.sequence += 0 if stuck and self.sequence else 1
            at = datetime.now(UTC) + timedelta(seconds=self.manner.clock_s)
            made: Json = {
                "specversion": "1.0",
                "id": str(uuid.uuid4()),
                "source": self.device_id if self.manner.source == "own" else "somebody-else",
                "type": event_type,
                "time": at.isoformat(),
                "boot": self.boot,
                "sequence": self.sequence,
                "data": facts,
            }
            if len(self._kept) < MOST_KEPT:
                self._kept.append(made)
        self._woken.set()
        return made

    # -- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        due, away_until = time.monotonic(), 0.0
        back_until = time.monotonic() + self.manner.away_s
        while not self._leaving.is_set():
            now = time.monotonic()
            while self.rate and due <= now:
                due += 1 / self.rate
                self.say(*self._next())
            if self.manner.away_s and now > back_until:
                away_until, back_until = now + self.manner.away_s, now + 2 * self.manner.away_s
            if now >= away_until:
                self._flush()
            self._woken.wait(max(0.001, min(0.5, due - time.monotonic())) if self.rate else 0.5)
            self._woken.clear()

    def _next(self) -> tuple[str, Json]:
        if self.manner.body == "unknown_type":
            return novelty(self.life.kind.value)
        return self.life.next(alarming=self.manner.alarming)

    def _flush(self) -> None:
        """Send what is kept, the oldest first; stop at what must be sent again later."""
        while not self._leaving.is_set():
            with self._keeping:
                taken, self._kept = self._kept[:MOST_AT_ONCE], self._kept[MOST_AT_ONCE:]
            if not taken:
                return
            for message in self._messages(taken):
                self._deliver(message)

    def _messages(self, taken: list[Json]) -> list[_Message]:
        """Mark what is from the buffer; shuffle if that is this device's manner."""
        limit = datetime.now(UTC) + timedelta(seconds=self.manner.clock_s - BACKLOG_S)
        events = [
            {**one, "replayed": True} if datetime.fromisoformat(one["time"]) < limit else one
            for one in taken
        ]
        if not self.manner.shuffled:
            return [_Message(events)]
        self._chance.shuffle(events)
        return [_Message([one]) for one in events]

    def _deliver(self, message: _Message) -> None:
        for copy in range(self.manner.copies):
            answer = self._sent(message)
            while not answer.heard and self.manner.again and not self._leaving.is_set():
                self._leaving.wait(self._pause_s(answer))
                answer = self._sent(message)
            self.counts["copies" if copy else "messages"] += 1

    def _pause_s(self, answer: Answer) -> float:
        if answer.again_s is None:
            return RETRY_S
        return answer.again_s if self.manner.patient else 0.05

    def _sent(self, message: _Message) -> Answer:
        answer = self.way.send(message.events, message.id)
        self.counts.update(answer.words)
        return answer


class Published:
    """Over MQTT, on `sos`, `evt` or `tel`: nobody answers."""

    def __init__(self, publish: Callable[[str, Json | list[Json]], None]) -> None:
        self.publish = publish

    def send(self, events: list[Json], message_id: str) -> Answer:  # noqa: ARG002 -- MQTT has none
        """Publish: alarms on `sos` and first, measurements alone on `tel`, all else on `evt`."""
        alarms = [one for one in events if one["type"] in URGENT]
        rest = [one for one in events if one["type"] not in URGENT]
        measured = all(one["type"] == "device.telemetry" for one in rest)
        for leaf, told in (("sos", alarms), ("tel" if measured else "evt", rest)):
            if told:
                self.publish(leaf, told[0] if len(told) == 1 else told)
        return Answer(heard=True, again_s=None, words=("published",) * len(events))
