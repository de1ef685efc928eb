"""The devices: gate and lift controller with all their fences, behind a broker that fails."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.invariants.world import World
from tools.simulate.fences import ALL_FENCES, Judge, OffsetClock, Verdict
from tools.simulate.signing import DeviceKey, Json, envelope, opened

HOLD_LIMIT_MS = 120_000
HELLO_EVERY_MS = 2_000
ODD = ("MAYBE", "SENT", 7, None, ["DONE"])
"""What a broken device may call a result."""

Uplink = Callable[[str, str], None]
"""(topic, payload), towards the rules of the cloud."""


@dataclass(frozen=True)
class Moved:
    """What a device really did, in true time: the physical log that judges everybody."""

    at_ms: int
    device_id: str
    command_id: str
    op: str


@dataclass(frozen=True)
class Wires:
    """What a device is connected to: the broker upwards, and the judge who watches it move."""

    uplink: Uplink
    watch: Callable[[Moved], None]


class Machine:
    """A device of DEVICES.md: clean start, known ids, its own clock, the session fence."""

    def __init__(self, world: World, key: DeviceKey, community: str, wires: Wires) -> None:
        self.world, self.key, self.community = world, key, community
        self.uplink, self.watch = wires.uplink, wires.watch
        self.boot, self.connection, self.session = 0, 0, ""
        self.jammed = world.chance.maybe(0.1)
        self.held_until_ms = 0
        self.start()

    def start(self) -> None:
        """Power up: what was in memory is gone, a new session is announced."""
        self.boot += 1
        self.connection += 1
        self.up_ms = self.world.now_ms
        self.clock = OffsetClock(monotonic=lambda: self.world.now_ms - self.up_ms)
        self.judge = Judge(self.key, ALL_FENCES, self.clock)
        self.acks: dict[str, str] = {}
        self.session = f"{self.key.device_id}-{self.boot}"
        self._greet(self.session)

    def _greet(self, session: str) -> None:
        if session != self.session or self.clock.offset is not None:
            return
        hello = {"session": session, "boot": self.boot, "monotonic": self.clock.monotonic()}
        self.uplink(self._topic("hello"), envelope(self.key, hello))
        self.world.after(HELLO_EVERY_MS, lambda: self._greet(session))

    def _topic(self, leaf: str) -> str:
        return f"linli/v1/{self.community}/{self.key.device_id}/{leaf}"

    def hear(self, leaf: str, payload: str) -> None:
        """Take a message of the broker."""
        if leaf == "time":
            told = opened(self.key, payload)
            if told["session"] == self.session:
                self.clock.learn(told["cloud"], told["monotonic"])
            return
        verdict = self.judge.verdict(payload.encode(), self.session)
        if verdict.action == "again":
            self.uplink(self._topic("ack"), self.acks[verdict.message["id"]])
        elif verdict.action != "ignore":
            self._answer(verdict)

    def _answer(self, verdict: Verdict) -> None:
        result, reason = "REJECTED", verdict.reason
        if verdict.action == "act":
            result, reason = self._act(verdict.message)
        command_id = verdict.message["id"]
        said: Json = {
            "id": command_id,
            "device": self.key.device_id,
            "result": result,
            "session": self.session,
            "at": self.clock.now() or 0,
            "reason": reason,
        }
        if self.world.chance.strikes("odd answer"):
            said["result"] = self.world.chance.one_of(ODD)
        self.world.tell(f"{self.key.device_id}: {verdict.message['op']} {result} {reason}")
        self.acks[command_id] = self._signed(self.key, said)
        self.uplink(self._topic("ack"), self.acks[command_id])
        if self.world.chance.strikes("forged"):
            stranger = replace(self.key, secret=b"nobody gave me a key of 32 bytes")
            lie = said | {"result": self.world.chance.one_of(("DONE", "FAILED"))}
            self.uplink(self._topic("ack"), self._signed(stranger, lie))

    def _signed(self, key: DeviceKey, said: Json) -> str:
        return json.dumps({"id": said["id"], **json.loads(envelope(key, said))})

    def _act(self, message: Json) -> tuple[str, str]:
        op = message["op"]
        if self.jammed:
            return "FAILED", "jammed"
        self.watch(Moved(self.world.now_ms, self.key.device_id, message["id"], op))
        if op == "lift.hold":
            span = min(int(message["args"]["max_s"]) * 1000, HOLD_LIMIT_MS)
            self.held_until_ms = self.world.now_ms + span
        elif op == "lift.release":
            self.held_until_ms = 0
        return "DONE", ""

    @property
    def held(self) -> bool:
        """Whether the door is held right now."""
        return self.world.now_ms < self.held_until_ms


class Broker:
    """Between cloud and devices: late, lossy, repeating, but true to the messages' expiry."""

    def __init__(self, world: World, machines: dict[str, Machine]) -> None:
        self.world, self.machines = world, machines

    def down(self, topic: str, payload: bytes, expiry_s: int) -> None:
        """Carry a message to its device, unless it expires on the way."""
        _, _, _, device_id, leaf = topic.split("/")
        machine, chance, text = self.machines[device_id], self.world.chance, payload.decode()
        if chance.strikes("mqtt lost"):
            return
        end, connection = self.world.now_ms + expiry_s * 1000, machine.connection
        survives = chance.maybe(0.1)  # a broker that forgot about clean start

        def arrive() -> None:
            if self.world.now_ms <= end and (survives or connection == machine.connection):
                machine.hear(leaf, text)

        for _ in range(1 + chance.strikes("duplicate")):
            self.world.after(self._delay(), arrive)
        if leaf == "cmd" and chance.strikes("replayed"):
            self.world.after(chance.between(50, 30_000), lambda: self._replay(machine, text))

    def _replay(self, machine: Machine, text: str) -> None:
        """Let an eavesdropper send a command again, past the broker and its expiry.

        Not in a run whose clocks jumped: a device that was told a wrong time has no fence
        left against a command that it never saw, and no server could give it one.
        """
        if not self.world.chance.counts["clock jump"]:
            machine.hear("cmd", text)

    def up(self, deliver: Callable[[], None]) -> None:
        """Carry a device's message to the cloud's rules."""
        if self.world.chance.strikes("mqtt lost"):
            return
        for _ in range(1 + self.world.chance.strikes("duplicate")):
            self.world.after(self._delay(), deliver)

    def _delay(self) -> int:
        chance = self.world.chance
        return (
            chance.between(500, 9_000) if chance.strikes("mqtt delayed") else chance.between(2, 30)
        )
