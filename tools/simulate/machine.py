"""A simulated device of any kind: answers every command of its kind, and reports what followed."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Self

from chalicelib.devices.rules import arguments
from chalicelib.devices.rules.catalogue import OPS, event_refusal
from tools.simulate.conducts import GOOD, Conduct
from tools.simulate.estate import Device
from tools.simulate.http_device import HttpDevice
from tools.simulate.life import Life, followed
from tools.simulate.mqtt_device import Broker, MqttDevice
from tools.simulate.posting import Posted
from tools.simulate.reporter import Published, Reporter
from tools.simulate.signing import Json

RESTART_S, RETRY_S = 0.1, 1.0
SLOTS = 20
"""Shelves of a vending machine; asked for another it FAILS."""


class Machine(MqttDevice):
    """Moves by its kind's commands; `done` counts what it did, by command.

    It reports nothing before `report_by`. A charger charges one session on a connector.
    """

    jammed: bool = False

    def __init__(self, device: Device, broker: Broker, conduct: Conduct = GOOD) -> None:
        super().__init__(device, broker, conduct)
        self.reporter: Reporter | None = None
        self.done: Counter[str] = Counter()
        self.charging: dict[int, str] = {}
        self._changing, self._over = threading.Lock(), False

    def report_by(self, http: str = "", *, rate: float = 0.0) -> Self:
        """Report from now on: over HTTP if an address is given, else over the broker."""
        manner = self.conduct.manner
        way = Posted(HttpDevice(self.device, http), manner) if http else Published(self.tell)
        life = Life(self.device.kind, seed=self.boot)
        self.reporter = Reporter(self.device.id, way, life, manner=manner, rate=rate)
        self.reporter.boot = self.boot
        return self

    def start(self, timeout_s: float = 10.0) -> Self:
        """Connect, then begin to report."""
        self._over = False
        super().start(timeout_s)
        if self.reporter is not None:
            self.reporter.start()
        return self

    def stop(self) -> None:
        """Report no more, then leave the broker."""
        with self._changing:
            self._over = True
            if self.reporter is not None:
                self.reporter.stop()
            super().stop()

    def act(self, op: str, args: Json) -> tuple[str, str]:
        """Do what the catalogue knows for this kind; REJECTED for all else and bad arguments."""
        known = OPS.get(op)
        if known is None or self.device.kind not in known.kinds:
            return "REJECTED", "unknown_op"
        if arguments.faults(op, args):
            return "REJECTED", "bad_arguments"
        result, reason = self.move(op, args)
        if result != "DONE":
            return result, reason
        self.done[op] += 1
        if op == "device.restart":
            self.later(RESTART_S, self._restart)
            return result, reason
        said = followed(op, args)
        if self.reporter and said and event_refusal(self.device.kind, said[0]) is None:
            self.reporter.say(*said)
        return result, reason

    def move(self, op: str, args: Json) -> tuple[str, str]:
        """Move something; return (DONE | REJECTED | FAILED, reason)."""
        if self.jammed:
            return "FAILED", "jammed"
        if op == "vending.dispense" and args["slot"] > SLOTS:
            return "FAILED", "no_such_slot"
        if op in {"charger.start", "charger.stop"}:
            return self._charge(op, args["connector"], args["session_id"])
        return "DONE", ""

    def _charge(self, op: str, connector: int, session_id: str) -> tuple[str, str]:
        holder = self.charging.get(connector)
        if op == "charger.start":
            if holder not in {None, session_id}:
                return "REJECTED", "busy"
            self.charging[connector] = session_id
        elif holder != session_id:
            return "REJECTED", "other_session"
        else:
            del self.charging[connector]
        return "DONE", ""

    def _restart(self) -> None:
        """Power down and up: what was in memory is gone, a new boot is counted."""
        with self._changing:
            if self._over:
                return
            super().stop()
            self.boot += 1
            self.judge.seen.clear()
            self.acks.clear()
            self.session = ""
            try:
                super().start(timeout_s=0)
            except OSError:  # the broker is away: it comes up again a little later
                self.later(RETRY_S, self._restart)
                return
        if self.reporter is not None:
            self.reporter.restart(self.boot)
            self.reporter.say("device.started", {"reason": "command"})
