"""What a device checks before it moves anything: signature, known id, offset clock, session."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tools.simulate.signing import BadSignature, DeviceKey, Json, opened


def monotonic_ms() -> int:
    """Milliseconds since some fixed moment; never steps back, knows no calendar."""
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Fences:
    """Which protections a device has; a real one has all of them, a test may leave one alone."""

    clean_start: bool = True
    signature: bool = True
    seen: bool = True
    clock: bool = True
    session: bool = True


ALL_FENCES = Fences()
NO_FENCES = Fences(clean_start=False, signature=False, seen=False, clock=False, session=False)


@dataclass(slots=True)
class OffsetClock:
    """Cloud time: monotonic + the offset learned from hello and time; None until then."""

    monotonic: Callable[[], int] = monotonic_ms
    offset: int | None = None

    def learn(self, cloud: int, asked_at: int) -> None:
        """Take `cloud` as the time when we asked: it is later, so we err towards refusing."""
        offset = cloud - asked_at
        self.offset = offset if self.offset is None else min(self.offset, offset)

    def forget(self) -> None:
        """Start anew, as after a reconnection."""
        self.offset = None

    def now(self) -> int | None:
        """Cloud epoch milliseconds, at the latest it can be."""
        return None if self.offset is None else self.monotonic() + self.offset


class CalendarClock(OffsetClock):
    """What a careless device goes by: its own calendar, so many seconds ahead of ours."""

    def __init__(self, ahead_s: float) -> None:
        super().__init__()
        self.ahead_s = ahead_s

    def now(self) -> int | None:
        """Epoch milliseconds, whatever anybody said."""
        return time.time_ns() // 1_000_000 + int(1_000 * self.ahead_s)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a command: act, answer as before, reject with a reason, or ignore it."""

    action: str  # "act" | "again" | "reject" | "ignore"
    message: Json = field(default_factory=dict)
    reason: str = ""


@dataclass(slots=True)
class Judge:
    """Decides over one device's commands; remembers every id it has acted on or rejected."""

    key: DeviceKey
    fences: Fences
    clock: OffsetClock
    seen: set[str] = field(default_factory=set)

    def verdict(self, raw: bytes | bytearray, session: str) -> Verdict:
        """Judge the bytes of one command at this very moment, against the session we announced."""
        try:
            message = self._read(raw)
            command_id, expires, announced = message["id"], int(message["exp"]), message["session"]
        except (BadSignature, KeyError, ValueError, TypeError) as problem:
            # Unsigned bytes earn no answer: an ack would confirm an id that a stranger chose.
            return Verdict("ignore", reason=f"bad_signature: {problem}")
        if self.fences.seen and command_id in self.seen:
            return Verdict("again", message)
        self.seen.add(command_id)
        if self.fences.session and announced != session:
            return Verdict("reject", message, "other_session")
        now = self.clock.now()
        if self.fences.clock and (now is None or now > expires):
            return Verdict("reject", message, "no_clock" if now is None else "expired")
        return Verdict("act", message)

    def _read(self, raw: bytes | bytearray) -> Json:
        if self.fences.signature:
            return opened(self.key, raw)
        return unchecked(raw)


def unchecked(raw: bytes | bytearray) -> Json:
    """Read a message as a device that skips the signature would."""
    message = json.loads(json.loads(raw)["p"])
    if not isinstance(message, dict):
        raise TypeError("not a message")
    return message
