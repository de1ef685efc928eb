"""The simulated world: true time, what is due when, and invocations that may die.

Everything runs in one thread. A call to the store takes a few milliseconds, and whatever
falls due meanwhile runs within it, as another process would: so handlers overlap at every
call, and one seed always overlaps them alike.
"""

import contextvars
import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.logging import Logger

from chalicelib.core import clock, ids, logs
from chalicelib.core.errors import Conflict, Unavailable
from tests.invariants.chance import Chance

BEGINNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
DEEPEST = 4
"""Invocations within invocations; deeper ones wait."""

Action = Callable[[], None]
Handler = Callable[[Any, Any], Any]


class Crashed(BaseException):
    """A process died here: nothing catches it, nothing after it runs."""


@dataclass
class Invocation:
    """One run of a function; `faulted` excuses whatever it raises."""

    name: str
    began_ms: int
    faulted: bool = False


@dataclass(frozen=True)
class LambdaContext:
    """What Powertools reads of a Lambda's context."""

    function_name: str
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:::function:simulated"
    aws_request_id: str = "simulated"

    def get_remaining_time_in_millis(self) -> int:
        """Return what a function has at its beginning: 50 s, as the sweeps have."""
        return 50_000


class World:
    """True time in milliseconds since the beginning, and the list of what is due."""

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed)
        self.now_ms = 0
        self.skew_ms = 0
        """How far the servers' clocks are wrong; the devices' own never step."""
        self.due: list[tuple[int, int, Action]] = []
        self.order = itertools.count()
        self.running: list[Invocation] = []
        self.unexplained: list[str] = []
        self.story: list[str] = []
        self.telling = False
        self.base = contextvars.copy_context()

    # -- time ----------------------------------------------------------------------------------

    def clock(self) -> datetime:
        """Return what the servers believe the time is."""
        return BEGINNING + timedelta(milliseconds=self.now_ms + self.skew_ms)

    def epoch_ms(self) -> int:
        """Return what the servers believe, in milliseconds since 1970."""
        return clock.epoch_ms(self.clock())

    def after(self, delay_ms: int, action: Action) -> None:
        """Have something happen, in true time."""
        heapq.heappush(self.due, (self.now_ms + delay_ms, next(self.order), action))

    def every(self, period_ms: int, action: Action) -> None:
        """Have something happen again and again."""

        def tick() -> None:
            self.after(period_ms, tick)
            action()

        self.after(self.chance.between(1, period_ms), tick)

    def pass_time(self, span_ms: int, until: Callable[[], bool] = lambda: False) -> None:
        """Let the world go on for so long, or until something is so."""
        end = self.now_ms + span_ms
        while not until() and self.due and self.due[0][0] <= end and len(self.running) < DEEPEST:
            at, _, action = heapq.heappop(self.due)
            self.now_ms = max(self.now_ms, at)
            self.base.copy().run(action)
        if not until():
            self.now_ms = max(self.now_ms, end)

    def leap(self, span_ms: int) -> None:
        """Let a long time pass in which nothing at all happens."""
        self.now_ms += span_ms
        self.due = [(at + span_ms, order, action) for at, order, action in self.due]

    # -- work ----------------------------------------------------------------------------------

    def invoke(self, name: str, handler: Callable[[], Any]) -> Any:
        """Run a function as the Lambda service would; Crashed or its exception is the answer."""
        invocation = Invocation(name, self.now_ms)
        self.running.append(invocation)
        try:
            return handler()
        except Crashed as death:
            self.tell(f"{name} died")
            return death
        except Exception as failure:  # noqa: BLE001 -- any failure is an outcome to judge
            self.blame(failure)
            return failure
        finally:
            self.running.pop()

    def hurt(self) -> None:
        """Note that the running invocation met a fault of ours."""
        if self.running:
            self.running[-1].faulted = True

    def blame(self, failure: BaseException | None) -> None:
        """Keep a failure that no fault of ours explains; a lost race explains itself."""
        explained = isinstance(failure, Conflict | Unavailable)
        if self.running and not self.running[-1].faulted and not explained:
            self.unexplained.append(f"{self.running[-1].name}: {failure!r}")

    def tell(self, what: str) -> None:
        """Add a line to the story of the run, for `--verbose`."""
        if self.telling:
            self.story.append(f"{self.now_ms / 1000:9.3f} {'  ' * len(self.running)}{what}")

    def run(self, scene: Action) -> None:
        """Run a scene with this world's clock and ids."""
        with clock.using(self.clock), ids.drawing(self.chance.bits):
            self.base = contextvars.copy_context()
            listening(self)
            scene()


class _Ear(logging.Handler):
    """Hears the failures that the product logs and does not raise."""

    world: World | None = None
    excused: frozenset[str] = frozenset()

    def emit(self, record: logging.LogRecord) -> None:
        failed = getattr(record, "message_id", "")
        if self.world and record.exc_info and not failed.startswith("poison"):
            self.world.blame(record.exc_info[1])


_ear = _Ear(logging.ERROR)


def listening(world: World) -> None:
    """Send the product's log to this world instead of to the terminal."""
    _ear.world = world
    product: Logger = logs.logger()
    product.setLevel("ERROR")
    beneath = logging.getLogger(product.name)
    if beneath.handlers != [_ear]:
        beneath.handlers[:] = [_ear]
        beneath.propagate = False
