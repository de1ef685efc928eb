"""The bench on which a device is examined: its relays, the staff's view of it, and its key."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib.devices.rules.pictures import folder
from chalicelib.devices.rules.uplink import Read
from chalicelib.devices.schemas.uplink import read_batch
from tools.conformance.broker_relay import BrokerRelay
from tools.conformance.moves import Moves
from tools.conformance.orders import Repertoire
from tools.conformance.seen import Connected, Ended, Json, Said, Told, Watch, inside, spoken
from tools.conformance.web_relay import WebRelay
from tools.simulate.estate import Device
from tools.simulate.person import Person
from tools.simulate.signing import BadSignature, envelope, mac, opened
from tools.simulate.waiting import eventually

LIFE_MS = 5_000
LOOK_S = 0.2
HOUR_MS = 3_600_000
WHY = "设备协议一致性测试"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that we wait: for what must come, for what must not come, for staff's view."""

    patience_s: float = 30.0
    quiet_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a device did about a command: its acknowledgements, and how often it moved."""

    acks: list[Json]
    moved: int | None

    @property
    def results(self) -> list[str]:
        """What it acknowledged, in order."""
        return [str(one.get("result")) for one in self.acks]

    @property
    def acted(self) -> bool:
        """Whether it carried the command out, as far as anything tells."""
        return bool(self.moved) or "DONE" in self.results

    def __str__(self) -> str:
        said = ", ".join(filter(None, (self._ack(one) for one in self.acks))) or "no answer"
        return said if self.moved is None else f"{said}; moved {self.moved} times"

    def _ack(self, ack: Json) -> str:
        reason = f" ({ack['reason']})" if ack.get("reason") else ""
        return f"{ack.get('result')}{reason}"


@dataclass
class Absence:
    """One loss of the broker: what staff ordered meanwhile, and the session before it."""

    session: str
    mark: int
    line: int
    ordered: Json = field(default_factory=dict)


@dataclass
class Bench:
    """Everything a check needs. `broker` is None for a device that speaks HTTP alone."""

    device: Device
    watch: Watch
    web: WebRelay
    broker: BrokerRelay | None
    staff: Person | None
    repertoire: Repertoire | None
    moves: Moves | None
    pace: Pace = field(default_factory=Pace)
    given: set[str] = field(default_factory=set)
    """Ids of the commands that we gave, ourselves or through staff."""

    absence: Absence | None = None
    """Its loss of the broker, once it has had one."""

    failed: set[str] = field(default_factory=set)
    """Names of the checks that it has failed so far."""

    is_mute: bool = False
    """Whether it once did not answer what it should have."""

    _waited_for: int = -1

    # -- what is true now ----------------------------------------------------------------------

    @property
    def relay(self) -> BrokerRelay:
        """The relay to the broker; only checks that need it come here."""
        assert self.broker is not None
        return self.broker

    def topic(self, leaf: str) -> str:
        """A topic of the device's own."""
        return f"linli/v1/{self.device.community_id}/{self.device.id}/{leaf}"

    def until(self, look: Callable[[], Any], *, within_s: float | None = None) -> Any:
        """Wait with patience until something true is seen; return the last look's result."""
        return self.watch.until(look, self.pace.patience_s if within_s is None else within_s)

    def line(self) -> int:
        """The number of the connection that stands, 0 if none does."""
        made = self.watch.since(0, Connected)
        gone = {one.line for one in self.watch.since(0, Ended)}
        return made[-1].line if made and made[-1].line not in gone else 0

    def hellos(self, line: int = 0) -> list[Json]:
        """Signed hellos, of all connections or of one."""
        return [
            inside(one.message.payload)
            for one in self.said("hello")
            if line in {0, one.line} and self.signed(one.message.payload) is not None
        ]

    def session(self) -> str:
        """The session that the device announced last."""
        announced = [one.get("session") for one in self.hellos()]
        return str(announced[-1]) if announced else ""

    def said(self, leaf: str, mark: int = 0) -> list[Said]:
        """What the device published on one topic of its own."""
        return [one for one in self.watch.since(mark, Said) if one.leaf == leaf]

    def signed(self, payload: bytes) -> Json | None:
        """Return what a message says if the device signed it."""
        try:
            return opened(self.device.key, payload)
        except BadSignature:
            return None

    def signed_text(self, payload: bytes) -> str | None:
        """Return the text `p` of a message if the device signed it."""
        text = spoken(payload)
        expected = mac(self.device.key.secret, f"{self.device.id}.{text}".encode())
        try:
            return text if json.loads(payload)["s"] == expected else None
        except (ValueError, KeyError, TypeError):
            return None

    def is_ready(self) -> bool:
        """Whether the device is connected, has announced itself and was told the time."""
        line = self.line()
        told = [one for one in self.watch.since(0, Told) if one.line == line]
        knows = any(one.message.topic == self.topic("time") for one in told)
        return bool(line and knows and self.hellos(line))

    def await_ready(self) -> bool:
        """Wait until the device is ready, with patience once for each of its connections."""
        if not self.is_ready() and self._waited_for != self.relay.connections:
            self.until(self.is_ready)
            self._waited_for = self.relay.connections
        return self.is_ready()

    def cloud_ms(self) -> int:
        """Our clock, corrected by what the deployment told the device last."""
        ours = time.time_ns() // 1_000_000
        for seen in reversed(self.watch.all):
            if isinstance(seen.what, Told) and seen.what.message.topic == self.topic("time"):
                cloud = (self.signed(seen.what.message.payload) or {}).get("cloud")
                off = int(cloud - 1_000 * seen.clock) if isinstance(cloud, int) else HOUR_MS
                if abs(off) < HOUR_MS // 2:  # not one of our own lies
                    return ours + off
        return ours

    def read(self, body: bytes) -> list[Read]:
        """Read a body as the deployment does; raises Refusal."""
        of = self.device
        own = folder(of.community_id, of.id)
        return read_batch(body, of.id, of.kind, folder=own, at=datetime.now(UTC))

    # -- what we do ----------------------------------------------------------------------------

    def command(self, **changes: Any) -> Json:
        """Make a good command for the present session, with changes; it is not sent."""
        now = self.cloud_ms()
        made: Json = {
            "id": f"cmd_conformance_{secrets.token_hex(8)}",
            "op": self.repertoire.first if self.repertoire else "device.restart",
            "args": self.repertoire.args if self.repertoire else {},
            "iat": now,
            "exp": now + LIFE_MS,
            "session": self.session(),
            "by": "conformance",
        }
        made |= changes
        self.given.add(made["id"])
        return made

    def give(self, command: Json, *, times: int = 1, void: bool = False) -> Reaction:
        """Sign a command, slip it in, and see what the device does about it.

        An answer ends the waiting for one; movement is looked for a little longer. On what is
        void a device may be silent, and one that never answers is not waited for again.
        """
        payload = envelope(self.device.key, command).encode()
        self.count_from_here()
        mark = self.watch.mark()
        for _ in range(times):
            self.relay.slip(self.topic("cmd"), payload)
        within_s = self.pace.quiet_s if void or self.is_mute else self.pace.patience_s
        answered = self.until(lambda: self.acks(command["id"], mark), within_s=within_s)
        self.is_mute = self.is_mute or not (void or answered)
        return self.reaction(command["id"], mark)

    def reaction(self, command_id: str, mark: int) -> Reaction:
        """Say what was seen of a command since a mark, after a last quiet while."""
        time.sleep(self.pace.quiet_s / 3)
        moved, acks = self._moved(), self.acks(command_id, mark)
        if moved == 0 and any(one.get("result") == "DONE" for one in acks):
            self.until(self._moved)  # it may move, or tell of it, after it has said so
            time.sleep(self.pace.quiet_s / 3)
            moved = self._moved()
        return Reaction(self.acks(command_id, mark), moved)

    def _moved(self) -> int | None:
        return self.moves.count() if self.moves is not None else None

    def count_from_here(self) -> None:
        """Count movements from now on."""
        if self.moves is not None:
            self.moves.mark()

    def acks(self, command_id: str, mark: int = 0) -> list[Json]:
        """Acknowledgements that name a command, whether or not they are signed."""
        said = [inside(one.message.payload) for one in self.said("ack", mark)]
        return [one for one in said if one.get("id") == command_id]

    def order(self, *, patiently: bool = True) -> Json:
        """Order the first command through the staff's route; returns it as far as it came.

        Staff are told SENT after two seconds: then we wait for an answer that was slow, and,
        if it is one that they may believe, until they do.
        """
        assert self.staff is not None
        assert self.repertoire is not None
        path = f"/property/devices/{self.device.id}/commands"
        body = {"op": self.repertoire.first, "args": self.repertoire.args, "reason": WHY}
        answer = self.staff.post(path, body)
        answer.raise_for_status()
        told: Json = answer.json()
        self.given.add(told["command_id"])
        if not patiently or told["state"] != "SENT":
            return told
        self.until(lambda: self.acks(told["command_id"]), within_s=LIFE_MS / 1_000)
        if not any(self.signed(one.message.payload) for one in self.said("ack")):
            return told
        staff, kept = self.staff, f"{path}/{told['command_id']}"
        eventually(
            lambda: staff.read(kept)["state"] != "SENT", self.pace.patience_s, every_s=LOOK_S
        )
        return staff.read(kept)

    def cut(self, lie: Callable[[Json], Json] | None = None) -> bool:
        """Cut the device off and wait until it is back; return whether it came and was told.

        With a `lie` it is told another time than the deployment's, signed by its own key.
        """
        before = self.relay.connections
        self.relay.lie = None if lie is None else self._lying(lie)
        self.relay.cut()
        return bool(self.until(lambda: self.relay.connections > before and self.is_ready()))

    def _lying(self, lie: Callable[[Json], Json]) -> Callable[[Any], bytes | None]:
        def change(message: Any) -> bytes | None:
            told = self.signed(message.payload)
            if message.topic != self.topic("time") or told is None:
                return None
            return envelope(self.device.key, lie(told)).encode()

        return change


def words(value: object) -> str:
    """A value as a report shows it, short."""
    return json.dumps(value, ensure_ascii=False, default=str)[:200]
