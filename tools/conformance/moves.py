"""How often a device has really moved: told by a program, by its own events, or by a person."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable
from typing import Protocol

from tools.conformance.seen import Json, Watch, moment, reports

PROGRAM_S = 10.0
FINE_S = 0.05


class Moves(Protocol):
    """Counts a device's movements."""

    def mark(self) -> None:
        """Count from here on."""

    def count(self) -> int | None:
        """Return how often it moved since the mark; None if nothing can tell."""


class Counted:
    """By a counter on the test bench: whatever can count the bolt, the relay, the motor."""

    def __init__(self, counter: Callable[[], int]) -> None:
        self.counter = counter
        self.before = counter()

    def mark(self) -> None:
        """Remember where the counter stands."""
        self.before = self.counter()

    def count(self) -> int:
        """Ask the counter."""
        return self.counter() - self.before


def program(command: str) -> Callable[[], int]:
    """Return a counter that runs a program which prints how often the device has moved."""
    words = shlex.split(command)

    def count() -> int:
        done = subprocess.run(words, capture_output=True, timeout=PROGRAM_S, check=True)
        return int(done.stdout)

    return count


class Told:
    """By the events that the device sends when it has moved; before the first one, unknown.

    An event may come late, therefore its own time says to which command it belongs: what
    happened before the mark does not count. Device clocks are corrected by the least that
    any of its events was off.
    """

    def __init__(self, watch: Watch, moved: Callable[[Json], bool]) -> None:
        self.watch, self.moved = watch, moved
        self.marked = time.time()

    def mark(self) -> None:
        """Remember our time."""
        self.marked = time.time()

    def count(self) -> int | None:
        """Count the events of since the mark, by their ids."""
        told = [
            (one.seen.clock, event, at)
            for one in reports(self.watch)
            for event in one.events
            if (at := moment(event.get("time"))) is not None
        ]
        if not any(self.moved(event) for _, event, _ in told):
            return None
        off = min(came - at.timestamp() for came, _, at in told)
        since = self.marked - off
        return len(
            {
                str(event.get("id"))
                for _, event, at in told
                if self.moved(event) and at.timestamp() > since - _coarse(event["time"])
            }
        )


def _coarse(text: str) -> float:
    """How much earlier than it happened a time may say, in seconds."""
    return FINE_S if "." in text else 1.0


class Asked:
    """By a person who watches it, and is asked once for each mark."""

    def __init__(self, ask: Callable[[str], str] = input) -> None:
        self.ask = ask
        self.told: str | None = None

    def mark(self) -> None:
        """Trust that the person watches from the last question on."""
        self.told = None

    def count(self) -> int | None:
        """Ask the person; an empty answer says that nobody looked."""
        if self.told is None:
            self.told = self.ask("How often has it moved since the last question? ").strip()
        return int(self.told) if self.told.isdigit() else None
