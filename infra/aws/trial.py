"""Both journeys against a deployed Linli, step by step with their milliseconds.

Everything is real but the place: HTTP through API Gateway, MQTT through the broker of AWS IoT,
devices as processes would be. The same simulated devices play `make demo` on one machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tools.simulate.camera import Camera
from tools.simulate.estate import Estate
from tools.simulate.fleet import broker_of
from tools.simulate.gate import Gate
from tools.simulate.lift_controller import LiftController
from tools.simulate.panel import Panel
from tools.simulate.person import Person
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually

T = TypeVar("T")
COLD_S = 60
"""A first request starts a function, and with it the model: far slower than later ones."""


class Failed(AssertionError):  # noqa: N818 -- reads as what happened
    """A step did not happen in time."""


@dataclass
class Trial:
    """One estate, the base URL of each audience's API, and the steps so far."""

    estate: Estate
    urls: Mapping[str, str]
    steps: list[tuple[str, float]] = field(default_factory=list)

    def run(self) -> None:
        """Play everything; raises Failed at the first step that does not happen."""
        self.refusals()
        self.tap("first tap, cold")
        self.tap("second tap, warm")
        self.sighting()

    def refusals(self) -> None:
        """The gateway and the functions are there, each audience at its own API."""
        for audience, url in self.urls.items():
            with self._step(f"{audience}: healthz"):
                answer = Person(url, "", timeout_s=COLD_S).get("/healthz")
                self._must(answer.status_code == 200, f"{audience}: {answer.text[:300]}")
        with self._step("resident token refused at the property's API"):
            token = self.estate.tokens["resident"]
            stranger = Person(self.urls["property"], token, timeout_s=COLD_S)
            self._must(stranger.get("/property/alerts").status_code in (401, 403), "let in")

    def tap(self, name: str) -> None:
        """A visitor rings, the resident taps, the gate opens once and says so."""
        ids = self.estate.ids
        resident = Person(self.urls["resident"], self.estate.tokens["resident"], timeout_s=COLD_S)
        panel = Panel(self.estate.device(ids["panel"]), self.urls["device"], timeout_s=COLD_S)
        gate = Gate(self.estate.device(ids["gate"]), broker_of(self.estate))
        with self._step(f"{name}: gate online (hello, time)"):
            gate.start(COLD_S)
        with gate:
            known = {call["call_id"] for call in _calls(resident)}
            with self._step(f"{name}: rung and accepted"):
                panel.ring(ids["unit"], ids["gate"])
            with self._step(f"{name}: call on the resident's phone"):
                call_id = self._wait("call", lambda: _new(resident, known))
            with self._step(f"{name}: tapped, gate opened, answered"):
                answer = resident.post(f"/resident/calls/{call_id}/open", key=f"tap-{call_id}")
                self._must(answer.status_code in (200, 202), answer.text)
                self._wait("opened", lambda: _state(resident, call_id) == "OPENED")
            again = resident.post(f"/resident/calls/{call_id}/open", key=f"tap-{call_id}")
            self._must(again.status_code == 200, f"double tap: {again.text}")
            self._must(gate.openings == 1, f"the gate moved {gate.openings} times")

    def sighting(self) -> None:
        """A two-wheeler in the lift holds the door once; an empty lift frees it, the alert ends."""
        ids = self.estate.ids
        staff = Person(self.urls["property"], self.estate.tokens["property"], timeout_s=COLD_S)
        camera = Camera(self.estate.device(ids["camera"]), self.urls["device"], timeout_s=COLD_S)
        lift = LiftController(self.estate.device(ids["lift_controller"]), broker_of(self.estate))
        lift.start(COLD_S)
        with lift:
            with self._step("sighting: first frames, function started, model loaded"):
                camera.look("empty", 1)
                time.sleep(1)
            with self._step("sighting: from frames to a held door"):
                self._show(camera, "two_wheeler", lambda: lift.holds > 0)
            alert = self._wait("alert", lambda: _alerts(staff))[0]
            with self._step("sighting: staff notified"):
                self._wait("note", lambda: staff.read("/property/notifications")["items"])
            with self._step("sighting: lift empty, door free, alert closed"):
                self._show(camera, "empty", lambda: lift.releases > 0)
                self._wait("closed", lambda: _alert_closed(staff, alert["alert_id"]))
            self._must(lift.holds == 1, f"the door was held {lift.holds} times")

    def _show(self, camera: Camera, kind: str, until: Callable[[], bool]) -> None:
        """Look once a second, as the camera does, until something has happened."""
        end = time.monotonic() + COLD_S
        seed = 100
        while not until():
            self._must(time.monotonic() < end, f"nothing came of {kind} frames")
            seed += 1
            camera.look(kind, seed)
            eventually(until, 0.9)

    def _wait(self, what: str, look: Callable[[], T]) -> T:
        seen = eventually(look, COLD_S, every_s=0.05)
        self._must(bool(seen), f"no {what} within {COLD_S} s")
        return seen

    def _must(self, held: bool, otherwise: str) -> None:  # noqa: FBT001 -- the condition itself
        if not held:
            raise Failed(otherwise)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        took = (time.monotonic() - began) * 1000
        self.steps.append((name, took))
        print(f"  {took:8.0f} ms  {name}", flush=True)


def _calls(resident: Person) -> list[Json]:
    found: list[Json] = resident.read("/resident/calls")["items"]
    return found


def _new(resident: Person, known: set[str]) -> str:
    return next((c["call_id"] for c in _calls(resident) if c["call_id"] not in known), "")


def _state(resident: Person, call_id: str) -> str:
    return str(resident.read(f"/resident/calls/{call_id}")["state"])


def _alerts(staff: Person) -> list[Json]:
    found: list[Json] = staff.read("/property/alerts")["items"]
    return found


def _alert_closed(staff: Person, alert_id: str) -> bool:
    return staff.read(f"/property/alerts/{alert_id}")["closed_at"] is not None
