"""A simulated door that holds its list: fetches it, decides by it, takes faces and fingers."""

from __future__ import annotations

import json
import threading
import time
from typing import Self

from tools.simulate.conducts import GOOD, Conduct
from tools.simulate.estate import Device
from tools.simulate.held_list import HeldList, Verdict
from tools.simulate.http_device import HttpDevice
from tools.simulate.machine import Machine
from tools.simulate.mqtt_device import Broker
from tools.simulate.signing import Json

PATH = "/device/access/list"


class ListDoor(Machine):
    """Decides whom it lets through by what it holds, and says so when it can.

    `bodies` are the credentials whose face or finger it has taken: ids and kinds; that a
    template lies behind them is the device's own secret. With `online` false it hears nothing
    of its list and keeps what it has to say.
    """

    def __init__(
        self, device: Device, broker: Broker, base_url: str, conduct: Conduct = GOOD
    ) -> None:
        super().__init__(device, broker, conduct)
        self.http = HttpDevice(device, base_url)
        self.held = HeldList(device.key, device.kind)
        self.bodies: dict[str, str] = {}
        self.nobody_comes = False
        self.passed: list[Verdict] = []
        self._fetching = threading.Lock()
        self.report_by(base_url)

    def start(self, timeout_s: float = 10.0) -> Self:
        """Connect, report, and fetch the list: what was told meanwhile was not heard."""
        super().start(timeout_s)
        self.later(0, self.fetch)
        return self

    def act(self, op: str, args: Json) -> tuple[str, str]:
        """Carry out what concerns lists and credentials; the rest as any machine."""
        if op == "access.sync":
            self.later(0, self.fetch)
        elif op == "credential.enrol":
            self.later(0, lambda: self._enrol(args))
        elif op == "credential.withdraw":
            self.bodies.pop(args["credential_id"], None)
            self.say("credential.withdrawn", {"credential_id": args["credential_id"]})
        else:
            return super().act(op, args)
        self.done[op] += 1
        return "DONE", ""

    def _enrol(self, args: Json) -> None:
        facts = {"credential_id": args["credential_id"], "kind": args["kind"]}
        if self.nobody_comes:
            self.say("credential.enrol_failed", facts | {"reason": "nobody_came"})
            return
        self.bodies[args["credential_id"]] = args["kind"]
        self.say("credential.enrolled", facts)

    def fetch(self) -> int:
        """Fetch what changed, apply it, say so; return the version that it decides by now."""
        with self._fetching:
            cursor: str | None = None
            while True:
                asked: Json = {"since": self.held.version, "scope": self.held.scope}
                asked |= {"cursor": cursor} if cursor else {}
                answer = self.http.post(PATH, json.dumps(asked).encode(), "application/json")
                answer.raise_for_status()
                cursor = self.held.take(answer.text, first=cursor is None)
                if cursor is None:
                    break
            if self.held.version:
                facts = {"version": self.held.version, "entries": len(self.held.entries)}
                self.say("access.list_applied", facts)
            return self.held.version

    def say(self, event_type: str, facts: Json) -> None:
        """Report something; it is kept until it is heard."""
        if self.reporter is not None:
            self.reporter.say(event_type, facts)

    # -- somebody stands in front of it --------------------------------------------------------

    def show_card(self, number: str) -> Verdict:
        """Somebody holds a card to it."""
        return self._told("card", self.held.card(number, _now_ms()))

    def show_code(self, shown: str) -> Verdict:
        """Somebody holds a phone with a rotating code to it."""
        return self._told("qr", self.held.code(shown, _now_ms()))

    def key_in(self, unit: str, pin: str) -> Verdict:
        """Somebody keys in a flat and a PIN."""
        return self._told("password", self.held.pin(unit, pin, _now_ms()))

    def show_body(self, credential_id: str) -> Verdict:
        """Somebody stands there whose face or finger it may have taken."""
        kind = self.bodies.get(credential_id)
        if kind is None:
            return self._told("other", Verdict(allow=False, reason="not_recognised"))
        return self._told(kind, self.held.body(credential_id, _now_ms()))

    def _told(self, method: str, verdict: Verdict) -> Verdict:
        facts: Json = {"method": method, "direction": "in"}
        if verdict.holder:
            facts["holder"] = verdict.holder
        if verdict.allow:
            self.passed.append(verdict)
            self.say("access.passed", facts)
        else:
            self.say("access.refused", facts | {"reason": verdict.reason})
        return verdict


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
