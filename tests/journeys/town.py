"""The demo community as the journeys use it: people, panel, camera, and what they wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import requests

from tools.simulate.camera import Camera
from tools.simulate.conducts import CONDUCTS
from tools.simulate.estate import Device, Estate
from tools.simulate.fleet import broker_of
from tools.simulate.gate import Gate
from tools.simulate.http_device import HttpDevice
from tools.simulate.lift_controller import LiftController
from tools.simulate.panel import Panel
from tools.simulate.person import Person
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually


@dataclass
class Town:
    """Everybody of one estate; simulated devices are made as the tests want them."""

    estate: Estate
    early_call: str = ""
    """Rung before any test, so that a call is old when one is wanted."""
    panels: dict[str, Panel] = field(default_factory=dict)
    """Panels beside other gates than the first, by their place."""

    _ringing: threading.Lock = field(default_factory=threading.Lock)

    def person(self, who: str) -> Person:
        """Return a signed-in person by their name in the estate's tokens."""
        return Person(self.estate.base_url, self.estate.tokens[who])

    @cached_property
    def resident(self) -> Person:
        """Lives in the flat that rings."""
        return self.person("resident")

    @cached_property
    def staff(self) -> Person:
        """Answers for alerts."""
        return self.person("property")

    @cached_property
    def panel(self) -> Panel:
        """The entrance panel."""
        return Panel(self.device("panel"), self.estate.base_url)

    def panel_at(self, number: int) -> Panel:
        """Return the panel beside a gate: it can ring for no other."""
        place = self.estate.device(self.estate.ids["gates"][number]).place_id
        return self.panels.get(place, self.panel)

    @cached_property
    def camera(self) -> Camera:
        """The camera in the lift car."""
        return Camera(self.device("camera"), self.estate.base_url)

    def restart_camera(self) -> None:
        """Give the camera a new boot: another client may have spoken as it meanwhile."""
        self.__dict__.pop("camera", None)

    def device(self, role: str) -> Device:
        """Return a device by its name among the estate's ids."""
        return self.estate.device(self.estate.ids[role])

    def gate(self, conduct: str = "good", *, number: int = 0) -> Gate:
        """Make a gate; it connects on `with` or `start`."""
        device = self.estate.device(self.estate.ids["gates"][number])
        return Gate(device, broker_of(self.estate), CONDUCTS[conduct])

    def lift(self, conduct: str = "good") -> LiftController:
        """Make the lift controller."""
        controller = self.device("lift_controller")
        return LiftController(controller, broker_of(self.estate), CONDUCTS[conduct])

    def settle(self, within_s: float = 90.0) -> None:
        """Wait until all that devices have said so far is on record: this one said it last."""
        last = HttpDevice(self.device("panel"), self.estate.base_url)
        said = last.say("device.heartbeat", {})
        path = f"/property/devices/{last.device.id}/state"

        def heard() -> bool:
            events = self.staff.read(path)["events"]
            return any(event["event_id"] == said["id"] for event in events)

        assert eventually(heard, within_s, every_s=0.5), "still not on record"

    # -- the tap -------------------------------------------------------------------------------

    def calls(self) -> list[Json]:
        """Return the resident's calls."""
        found: list[Json] = self.resident.read("/resident/calls")["items"]
        return found

    def state(self, call_id: str) -> str:
        """Return where a call is."""
        return str(self.resident.read(f"/resident/calls/{call_id}")["state"])

    def ring(self, *, number: int = 0) -> str:
        """Ring the resident's flat at a gate; return the id of the call that appears."""
        with self._ringing:
            self.quiet(number=number)
            before = {call["call_id"] for call in self.calls()}
            panel = self.panel_at(number)
            panel.ring(self.estate.ids["unit"], self.estate.ids["gates"][number])
            return self.new_calls(before)[0]

    def quiet(self, *, number: int = 0) -> None:
        """Turn away what still rings at a gate: a panel rings a flat once at a time."""
        for call in self.calls():
            if (call["state"], call["gate_id"]) == ("RINGING", self.estate.ids["gates"][number]):
                self.resident.post(f"/resident/calls/{call['call_id']}/deny")

    def new_calls(self, before: set[str], within_s: float = 5.0) -> list[str]:
        """Wait for calls that were not there before."""
        found = eventually(
            lambda: [c["call_id"] for c in self.calls() if c["call_id"] not in before], within_s
        )
        assert found, "no call appeared at the resident's"
        return found

    def open(
        self, call_id: str, *, key: str | None = None, by: str = "resident"
    ) -> requests.Response:
        """Tap: open the gate for this call."""
        return self.person(by).post(f"/resident/calls/{call_id}/open", key=key)

    # -- the sighting --------------------------------------------------------------------------

    def alerts(self) -> list[Json]:
        """Return the newest alerts."""
        found: list[Json] = self.staff.read("/property/alerts")["items"]
        return found

    def notifications(self, alert_id: str) -> list[Json]:
        """Return what staff were told of one alert."""
        told: list[Json] = self.staff.read("/property/notifications", limit="100")["items"]
        return [one for one in told if one["alert_id"] == alert_id]

    def new_alerts(self, before: set[str], within_s: float = 5.0) -> list[Json]:
        """Wait for alerts that were not there before; empty when none comes in time."""
        return eventually(
            lambda: [a for a in self.alerts() if a["alert_id"] not in before], within_s
        )


def at_once(*works: Callable[[], requests.Response]) -> list[requests.Response]:
    """Do all of it in parallel; answers come in the order of the works."""
    answers: dict[int, requests.Response] = {}
    gun = threading.Barrier(len(works))

    def run(place: int, work: Callable[[], requests.Response]) -> None:
        gun.wait(10)
        answers[place] = work()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [answers[place] for place in range(len(works))]
