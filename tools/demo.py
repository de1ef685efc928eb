"""Play both journeys against the running system, and say how long each step took.

    python -m tools.demo [--demo .local/demo.json]

Brings its own simulated gate, lift controller, panel and camera. Ends with status 1 and the
step that failed, if one does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import requests

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
PATIENCE_S = 10.0


class StepFailedError(Exception):
    """A step did not come to what it should."""


class Teller:
    """Runs steps one after the other and prints each with its milliseconds."""

    def __init__(self) -> None:
        self.began = time.perf_counter()

    def title(self, text: str) -> None:
        """Print the name of a journey."""
        print(f"\n{text}")

    def step(self, text: str, work: Callable[[], T]) -> T:
        """Do one step; a falsy result is a failure."""
        began = time.perf_counter()
        result = work()
        taken = 1000 * (time.perf_counter() - began)
        print(f"  {taken:8.1f} ms  {'✓' if result else '✗'} {text}", flush=True)
        if not result:
            raise StepFailedError(text)
        return result

    def until(self, text: str, look: Callable[[], T]) -> T:
        """Wait until something true is seen."""
        return self.step(text, lambda: eventually(look, PATIENCE_S, every_s=0.01))


def main(arguments: list[str]) -> int:
    """Play; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("--demo", type=Path, default=Path(".local/demo.json"))
    path = parser.parse_args(arguments).demo
    if not path.exists():
        print(f"{path} is not there: start the system first with `make run`", file=sys.stderr)
        return 2
    estate, tell = Estate.read(path), Teller()
    try:
        play_tap(estate, tell)
        play_sighting(estate, tell)
    except (StepFailedError, requests.RequestException, OSError) as failure:
        print(f"\nfailed: {failure}", file=sys.stderr)
        return 1
    print(f"\nboth journeys done in {time.perf_counter() - tell.began:.1f} s")
    return 0


def play_tap(estate: Estate, tell: Teller) -> None:
    """A visitor rings, the resident taps, the gate opens."""
    tell.title("A tap: 访客按铃，住户一键开门")
    ids = estate.ids
    panel = Panel(estate.device(ids["panel"]), estate.base_url)
    resident = Person(estate.base_url, estate.tokens["resident"])
    before = {call["call_id"] for call in calls(resident)}
    gate = Gate(estate.device(ids["gate"]), broker_of(estate))
    tell.step(f"gate {ids['gate']} is on the broker and knows the time", gate.start)
    with gate:
        tell.step("the visitor rings (signed event)", lambda: panel.ring(ids["unit"], ids["gate"]))
        call = tell.until(
            "the resident's phone shows the call",
            lambda: next((c for c in calls(resident) if c["call_id"] not in before), None),
        )
        assert call is not None
        path = f"/resident/calls/{call['call_id']}"
        opening = tell.step(
            "one tap: command signed, sent, acted on, acknowledged",
            lambda: resident.post(f"{path}/open").json(),
        )
        tell.step(f"the phone says {opening.get('state')}", lambda: is_opened(opening))
        tell.until("the call is closed as OPENED", lambda: is_opened(resident.read(path)))
        tell.step(
            "a second tap is the same opening",
            lambda: resident.post(f"{path}/open").json().get("command_id") == opening["command_id"],
        )
        tell.step(f"the gate opened {gate.openings} time", lambda: gate.openings == 1)


def play_sighting(estate: Estate, tell: Teller) -> None:
    """An e-bike enters the lift, the door is held, the car is cleared."""
    tell.title("A sighting: 电动车进电梯")
    ids = estate.ids
    camera = Camera(estate.device(ids["camera"]), estate.base_url)
    staff = Person(estate.base_url, estate.tokens["property"])
    before = {alert["alert_id"] for alert in alerts(staff)}
    lift = LiftController(estate.device(ids["lift_controller"]), broker_of(estate))
    tell.step(f"lift {ids['lift_controller']} is on the broker and knows the time", lift.start)
    with lift:
        for seed in (1, 2):  # two, so that what an interrupted demo left open is cleared
            look(tell, camera, f"an empty car, frame {seed}", "empty", seed)
        for seed in (1, 2):
            look(tell, camera, f"an e-bike, frame {seed}", "two_wheeler", seed)
        tell.until("the lift holds its door", lambda: lift.held)
        alert = tell.until(
            "staff see one alert",
            lambda: next((a for a in alerts(staff) if a["alert_id"] not in before), None),
        )
        assert alert is not None
        tell.until("staff were told", lambda: was_told(staff, alert["alert_id"]))
        for seed in (3, 4):
            look(tell, camera, f"an empty car, frame {seed - 2}", "empty", seed)
        tell.until("the lift releases its door", lambda: not lift.held)
        path = f"/property/alerts/{alert['alert_id']}"
        closed = tell.until("the alert is closed", lambda: ended(staff.read(path)))
        tell.step(f"its outcome is {closed['outcome']}", lambda: closed["outcome"] == "cleared")
        tell.step(f"the door was held {lift.holds} time", lambda: lift.holds == 1)


def look(tell: Teller, camera: Camera, text: str, kind: str, seed: int) -> None:
    """Let the camera see something: upload, then a signed event."""
    tell.step(f"the camera sees {text} (upload, signed event)", lambda: camera.look(kind, seed))


def calls(resident: Person) -> list[Json]:
    """Return the calls on the resident's phone."""
    found: list[Json] = resident.read("/resident/calls")["items"]
    return found


def alerts(staff: Person) -> list[Json]:
    """Return the newest alerts."""
    found: list[Json] = staff.read("/property/alerts")["items"]
    return found


def is_opened(opening: Json) -> bool:
    """Return whether an opening, or a call, has come to its good end."""
    return opening.get("state") == "OPENED"


def ended(alert: Json) -> Json:
    """Return the alert once it is closed, nothing before."""
    return alert if alert["closed_at"] else {}


def was_told(staff: Person, alert_id: str) -> bool:
    """Return whether somebody was told of this alert."""
    told = staff.read("/property/notifications")["items"]
    return any(one["alert_id"] == alert_id for one in told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
