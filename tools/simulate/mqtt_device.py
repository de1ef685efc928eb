"""One simulated MQTT 5 device: learns the cloud's time, judges commands, acts, acknowledges."""

from __future__ import annotations

import json
import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tools.simulate.acks import COPIES, Handled, acknowledgement
from tools.simulate.conducts import GOOD, Conduct
from tools.simulate.estate import Device
from tools.simulate.fences import CalendarClock, Judge, OffsetClock, Verdict, unchecked
from tools.simulate.signing import BadSignature, Json, envelope, opened

log = logging.getLogger(__name__)

HELLO_EVERY_S = 1.0
PERSISTENT_SESSION_S = 3600
PATIENT = 5
"""Refusals before it complains: a device that was enrolled just now is let in a moment later."""

EARLY_S = 0.5
"""How long before it acts a device acknowledges that does so too early."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker listens for devices."""

    host: str
    port: int


TAKEN_OVER = 0x8E
"""MQTT 5's reason when another client signs in with the same id."""


LISTS = ("access.", "credential.")
"""Commands about what a door knows: nothing moves by them, and an estate sends them at any time."""


class MqttDevice:
    """A device on the broker; subclasses say in `act` what each op moves.

    `boot` rises with each new object of a device as it would with each power-up; `moves` counts
    how often it really moved. Thread-safe for its callers: paho's own thread runs the
    callbacks, `handled` is only appended to.
    """

    def __init__(
        self,
        device: Device,
        broker: Broker,
        conduct: Conduct = GOOD,
        clock: OffsetClock | None = None,
    ) -> None:
        """Prepare; nothing is sent before `start`."""
        self.device = device
        self.broker = broker
        self.conduct = conduct
        self.clock = clock or clock_of(conduct)
        self.judge = Judge(device.key, conduct.fences, self.clock)
        self.boot = time.time_ns() // 1_000_000
        self.session = ""
        self.moves = 0
        self._asked: set[int] = set()
        self._refused, self._greeted = 0, False
        self.handled: list[Handled] = []
        self.acks: dict[str, str] = {}
        self.ready = threading.Event()
        self.on_handled: Callable[[Handled], None] = lambda _: None
        self.on_moved: Callable[[], None] = lambda: None
        self._stopping = threading.Event()
        self._client = self._new_client()

    # -- what subclasses say -------------------------------------------------------------------

    def act(self, op: str, args: Json) -> tuple[str, str]:
        """Move something; return (DONE | REJECTED | FAILED, reason)."""
        return "REJECTED", f"unknown_op {op} {sorted(args)}"

    # -- life ----------------------------------------------------------------------------------

    def start(self, timeout_s: float = 10.0) -> Self:
        """Connect, announce the session and wait until the cloud has told the time."""
        self._stopping.clear()
        self._client = self._new_client()  # one for each start: paho leaks sockets otherwise
        self._connect()
        self._client.loop_start()
        threading.Thread(target=self._keep_greeting, daemon=True).start()
        if timeout_s and not self.ready.wait(timeout_s):
            self.stop()
            raise TimeoutError(f"{self.device.id}: no cloud time within {timeout_s} s")
        return self

    def stop(self) -> None:
        """Leave the broker politely; the same object may `start` again."""
        self._stopping.set()
        self._client.disconnect()
        self._client.loop_stop()
        self.ready.clear()

    def vanish(self) -> None:
        """Lose power: no DISCONNECT is sent, so the broker publishes the last will."""
        self._stopping.set()
        self._client.loop_stop()
        if (open_socket := self._client.socket()) is not None:
            open_socket.close()
        self.ready.clear()

    def __enter__(self) -> Self:
        """Start on entry unless started."""
        return self if self.ready.is_set() else self.start()

    def __exit__(self, *_: object) -> None:
        """Stop on exit."""
        self.stop()

    # -- connection ----------------------------------------------------------------------------

    def topic(self, leaf: str) -> str:
        """`linli/v1/{community}/{device}/{leaf}`."""
        return f"linli/v1/{self.device.community_id}/{self.device.id}/{leaf}"

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.device.id,
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        client.username_pw_set(self.device.mqtt_user, self.device.mqtt_password)
        client.will_set(self.topic("state"), json.dumps({"online": False}), qos=1, retain=True)
        client.reconnect_delay_set(min_delay=1, max_delay=2)
        client.on_socket_open = without_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)
        clean = self.conduct.fences.clean_start
        if not clean:
            properties.SessionExpiryInterval = PERSISTENT_SESSION_S
        self._client.connect(
            self.broker.host,
            self.broker.port,
            keepalive=5,
            clean_start=clean,
            properties=properties,
        )

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, code: ReasonCode, __: Properties | None
    ) -> None:
        if code.is_failure:
            self._refused += 1
            if self._refused == PATIENT:
                log.error("%s: broker refused: %s (%s)", self.device.id, code, flags)
            return
        first = not self.session
        client.subscribe([(self.topic("cmd"), 1), (self.topic("time"), 1)])
        client.publish(self.topic("state"), json.dumps({"online": True}), qos=1, retain=True)
        if self.conduct.greets == "once" and not first:
            self.ready.set()
            return
        # A new session with every connection: what was sent to the old one is not for us any more.
        if first or self.conduct.sessions == "new":
            self.session = secrets.token_hex(8)
        self.clock.forget()
        self._asked.clear()
        self._greeted = True
        self._greet()

    def _on_disconnect(
        self, client: Client, _data: Any, _flags: DisconnectFlags, reason: Any, *_: Any
    ) -> None:
        """Wait for the broker, unless somebody else signed in as this device: then leave it."""
        self.ready.clear()
        self._greeted = False  # no hello of the old session may go out on the next connection
        if getattr(reason, "value", 0) == TAKEN_OVER:
            self._stopping.set()
            client.disconnect()
            print(f"{self.device.id}: somebody else signed in as this device; leaving it to them")

    def _keep_greeting(self) -> None:
        """Say hello again until the cloud answers: the first may meet a server still starting."""
        while not self._stopping.wait(HELLO_EVERY_S):
            if self._greeted and not self.ready.is_set() and self._client.is_connected():
                self._greet()

    def _greet(self) -> None:
        asked_at = self.clock.monotonic()
        self._asked.add(asked_at)
        hello = {"session": self.session, "boot": self.boot, "monotonic": asked_at}
        self._client.publish(self.topic("hello"), envelope(self.device.key, hello), qos=1)

    # -- messages ------------------------------------------------------------------------------

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        if message.topic == self.topic("time"):
            self._learn_time(message.payload)
        elif self.conduct.dawdle_s:
            self.later(self.conduct.dawdle_s, lambda: self._command(message.payload))
        else:
            self._command(message.payload)

    def _learn_time(self, payload: bytes | bytearray) -> None:
        """Believe only the signed answer to our own hello of this session."""
        trusting = self.conduct.times == "any"
        try:
            answer = unchecked(payload) if trusting else opened(self.device.key, payload)
            asked = answer["session"] == self.session and answer["monotonic"] in self._asked
            if not asked and not trusting:
                return
            self.clock.learn(int(answer["cloud"]), int(answer["monotonic"]))
        except (BadSignature, ValueError, KeyError, TypeError):
            log.info("%s: unreadable time answer", self.device.id)
            return
        self.ready.set()

    def _command(self, payload: bytes | bytearray) -> None:
        verdict = self.judge.verdict(payload, self.session)
        if verdict.action == "again":
            self._acknowledge(self.acks.get(verdict.message["id"], ""))
            return
        if verdict.action == "act" and self.conduct.acks == "early":
            self._finish(verdict, "DONE", "")
            self.later(EARLY_S, lambda: self._carry_out(verdict))
            return
        self._finish(verdict, *self._carry_out(verdict))

    def _finish(self, verdict: Verdict, result: str, reason: str) -> None:
        message = verdict.message
        done = Handled(
            message.get("id", ""), message.get("op", ""), result, reason, time.monotonic()
        )
        self.handled.append(done)
        if result != "IGNORED":
            self.acks[done.command_id] = acknowledgement(
                self.device.key,
                self.conduct,
                done,
                session=self.session,
                at_ms=self.clock.now() or 0,
            )
            self._acknowledge(self.acks[done.command_id])
        self.on_handled(done)

    def _carry_out(self, verdict: Verdict) -> tuple[str, str]:
        if verdict.action == "ignore":
            return "IGNORED", verdict.reason
        if verdict.action == "reject":
            return "REJECTED", verdict.reason
        op = verdict.message["op"]
        result, reason = self.act(op, verdict.message.get("args") or {})
        if result == "DONE" and not op.startswith(LISTS):
            self.moves += 1
            self.on_moved()
        return result, reason

    def _acknowledge(self, payload: str) -> None:
        for _ in range(COPIES.get(self.conduct.acks, 1) if payload else 0):
            self.publish_ack(payload)

    def later(self, after_s: float, work: Callable[[], object]) -> None:
        """Do something after a while, unless the device has left by then."""
        timer = threading.Timer(after_s, lambda: None if self._stopping.is_set() else work())
        timer.daemon = True
        timer.start()

    def tell(self, leaf: str, message: Any) -> None:
        """Send something signed on a topic of our own: `evt` and what it leads to."""
        self._client.publish(self.topic(leaf), envelope(self.device.key, message), qos=1)

    def publish_ack(self, payload: str) -> None:
        """Send the bytes of an acknowledgement; tests send stale ones again through this."""
        self._client.publish(self.topic("ack"), payload, qos=1)


def clock_of(conduct: Conduct) -> OffsetClock:
    """Return the clock that a device of this conduct goes by."""
    return OffsetClock() if conduct.calendar_s is None else CalendarClock(conduct.calendar_s)


def without_delay(_: Client, __: Any, sock: Any) -> None:
    """Nagle's algorithm would add 40 ms to each small packet."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
