"""One seed, one run: faults and people first, then calm, and everything must come to rest."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from chalicelib.access.rules.calls import ARROWS as CALLS
from chalicelib.access.rules.calls import CallState
from chalicelib.alerts.rules.states import State, is_over
from chalicelib.core.table import table_name
from tests.invariants import people, watching
from tests.invariants.expressions import Item
from tests.invariants.judge import state, text
from tests.invariants.people import Api, Manager, Reporter, Resident
from tests.invariants.town import RESIDENTS, Swaps, Town
from tests.invariants.world import World

FAULTS_MS = 20_000
CALM_MS = 60_000
LONG_MS = 25 * 3_600_000
"""Longer than any clock jump: whatever has a deadline is past it."""

MOST_CALM_RECEIVES = 4
"""The first delivery and three redeliveries."""

JUMPS_MS = tuple(sign * hours * 3_600_000 for sign in (1, -1) for hours in (1, 24))
POISON = ("no json", '{"nonsense": 1}', '{"detail-type": "Nothing", "detail": {"request_id": ""}}')


@dataclass(frozen=True)
class Outcome:
    """What a run found: violations, faults by kind, calls to the store, and the story if told."""

    seed: int
    violations: list[str]
    faults: Counter[str]
    calls: int
    story: list[str]


class Run:
    """A town, its people, and the order of the day."""

    def __init__(self, seed: int, *, app: Any, sign: Any, swaps: Swaps, telling: bool) -> None:
        self.seed = seed
        self.world = World(seed)
        self.world.telling = telling
        self.town = Town(self.world, swaps)
        self.judge = self.town.judge
        self._app, self._sign = app, sign

    def play(self) -> Outcome:
        """Run the whole day and judge it."""
        with self.town.open():
            self.world.run(self._day)
        self.judge.violations += [
            f"I22 unexplained: {one}" for one in dict.fromkeys(self.world.unexplained)
        ]
        return Outcome(
            self.seed,
            self.judge.violations,
            self.world.chance.counts,
            self.town.dynamodb.calls,
            self.world.story,
        )

    def _day(self) -> None:
        world, chance = self.world, self.world.chance
        self.api = Api(self.town, self._app, self._sign)
        self.town.settle_in()
        journeys = chance.one_of(("tap", "sighting", "both"))
        if journeys != "sighting":
            self._taps()
        if journeys != "tap":
            self._sightings()
        self._disturb()
        world.pass_time(FAULTS_MS)

        chance.on, world.skew_ms = False, 0
        world.tell("-- the faults stop --")
        world.pass_time(CALM_MS)
        self._at_rest()
        self._long_after()
        self._finally()

    # -- what happens --------------------------------------------------------------------------

    def _taps(self) -> None:
        chance, after = self.world.chance, self.world.after
        panel = Reporter(self.api, "panel")
        residents = [Resident(self.api, who) for who in RESIDENTS]
        for _ in range(chance.between(1, 2)):
            at, odd = chance.between(1_500, 12_000), chance.maybe(0.15)
            after(at, partial(people.ring, panel, odd=odd))
            for resident in residents:
                after(at + chance.between(400, 4_000), resident.look)
        if chance.maybe(0.2):
            after(chance.between(5_000, 18_000), self._trespass)

    def _trespass(self) -> None:
        for call in self.town.store.rows(table_name("calls")):
            people.trespass(self.api, text(call, "call_id"))

    def _sightings(self) -> None:
        chance, after = self.world.chance, self.world.after
        camera = Reporter(self.api, "camera")
        at, frames = chance.between(1_500, 4_000), chance.between(4, 7)
        clear = chance.between(2, frames)
        for number in range(frames):
            seen = 0.9 if number < clear and chance.maybe(0.85) else 0.0
            after(at + number * 700, partial(camera.report, "lift.sighting", {"seen": seen}))
        if chance.maybe(0.3):
            verdict = chance.one_of(("true_positive", "false_positive"))
            after(chance.between(6_000, 19_000), lambda: Manager(self.api).judge(verdict))

    def _disturb(self) -> None:
        chance, after, town = self.world.chance, self.world.after, self.town
        for machine in town.machines.values():
            if chance.maybe(0.3):
                after(chance.between(1_000, 18_000), machine.start)
                chance.note("restart")
        if chance.maybe(0.4):
            after(chance.between(500, 18_000), self._jump)
        if chance.maybe(0.2):
            queue = chance.one_of(sorted(town.queues))
            body = chance.one_of(POISON)
            after(
                chance.between(500, 15_000),
                lambda: town.queues[queue].send(body, f"poison-{chance.bits(16)}"),
            )
            chance.note("poison")

    def _jump(self) -> None:
        chance = self.world.chance
        if not chance.on:
            return
        chance.note("clock jump")
        self.world.skew_ms = chance.one_of(JUMPS_MS) if not self.world.skew_ms else 0
        self.world.tell(f"the clocks jump by {self.world.skew_ms / 3_600_000:+.0f} h")
        self.world.after(chance.between(200, 9_000), self._jump)

    # -- what must hold ------------------------------------------------------------------------

    def _at_rest(self) -> None:
        """Liveness: a minute after the last fault the queues are empty."""
        calm_since = self.world.now_ms - CALM_MS
        for queue in self.town.queues.values():
            waiting = [
                one
                for one in queue.messages
                if one.sent_ms <= calm_since and not one.id.startswith("poison")
            ]
            self.judge.require(not waiting, f"liveness: {queue.name} holds {len(waiting)} messages")
        if not self.world.chance.counts["clock jump"]:
            self._watched()

    def _watched(self) -> None:
        frames = len(self._rows("detections"))
        for watch in self._rows("watches"):
            verdict = watching.misjudged(watch, frames)
            self.judge.require(verdict is None, f"I19 the camera's watch: {verdict}")

    def _long_after(self) -> None:
        """Let every deadline pass and every sweep run; what that started has its own deadlines."""
        self.town.ticking = False
        self.town.sweep()
        self.world.pass_time(CALM_MS // 3)
        for _ in range(2):
            self.world.leap(LONG_MS)
            self.town.sweep()
            self.world.pass_time(CALM_MS // 3)
        Manager(self.api).judge("true_positive")
        self.world.pass_time(CALM_MS // 3)

    def _finally(self) -> None:
        for item in self._rows("outbox"):
            self.judge.break_(f"I22 never heard by all: {text(item, 'name')} {item.get('owed')}")
        for queue in self.town.queues.values():
            for message in queue.messages:
                self.judge.break_(f"I20 still queued: {queue.name} {message.id}")
            sound = [one for one in queue.seen if not one.id.startswith("poison")]
            receives = max((one.receives_in_calm for one in sound), default=0)
            self.judge.require(
                receives <= MOST_CALM_RECEIVES, f"liveness: {queue.name} redelivered {receives}"
            )
        for call in self._rows("calls"):
            self._call_ended(call)
        for command in self._rows("commands"):
            self.judge.require(
                state(command) != "SENT", f"liveness: {text(command, 'command_id')} never settled"
            )
        for alert in self._rows("alerts"):
            self._alert_ended(alert)
        for row in self._rows("accepted_batches"):
            self.judge.require("shard" not in row, "I22 an accepted batch was never recorded")
        rings = [one for one in self._rows("device_events") if text(one, "type") == "panel.call"]
        calls = len(self._rows("calls"))
        self.judge.require(calls <= len(rings), f"I22 {calls} calls of {len(rings)} rings")

    def _rows(self, short: str) -> list[Item]:
        return self.town.store.rows(table_name(short))

    def _call_ended(self, call: Item) -> None:
        call_id, end = text(call, "call_id"), CallState(state(call))
        self.judge.require(not CALLS[end], f"liveness: call {call_id} stayed {end}")
        commands = [one for one in self._rows("commands") if text(one, "cause_id") == call_id]
        self.judge.require(len(commands) <= 1, f"I8 {len(commands)} commands for call {call_id}")
        names = {text(one, "command_id") for one in commands}
        opened = [one for one in self.judge.moves if one.command_id in names]
        if end is CallState.OPENED:
            self.judge.require(opened, f"I8 {call_id} is OPENED and the gate never moved")
        if end is CallState.FAILED and not self.world.chance.counts["restart"]:
            self.judge.require(not opened, f"I8 {call_id} is FAILED and the gate moved")
        if end in (CallState.DENIED, CallState.EXPIRED):
            self.judge.require(not commands, f"I8 {call_id} is {end} and has a command")

    def _alert_ended(self, alert: Item) -> None:
        alert_id, end = text(alert, "alert_id"), State(state(alert))
        self.judge.require(is_over(end), f"liveness: alert {alert_id} stayed {end}")
        commands = [one for one in self._rows("commands") if text(one, "cause_id") == alert_id]
        ops = Counter(text(one, "op") for one in commands)
        self.judge.require(max(ops.values(), default=0) <= 1, f"I8 {alert_id} has {ops}")
        self.judge.require(not self.town.machines["lift"].held, "I8 the door is still held")


def run(
    seed: int, *, app: Any, sign: Any, swaps: Swaps | None = None, telling: bool = False
) -> Outcome:
    """Play one seed; the same seed plays the same run."""
    return Run(seed, app=app, sign=sign, swaps=swaps or {}, telling=telling).play()
