"""`kill -9` of everything in the middle of both journeys, twice: nothing acknowledged is lost."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import requests

from chalicelib.core import ids
from tests.journeys.operator import Stores, install_panels
from tests.journeys.town import Town
from tools.simulate.fleet import broker_of
from tools.simulate.gate import Gate
from tools.simulate.lift_controller import LiftController
from tools.simulate.signing import Json
from tools.simulate.system import System
from tools.simulate.waiting import eventually

GATES = 3
BUSY_S = 4.0
RECOVERED_S = 150
"""The sweeps run every minute and take up what is half a minute old."""


@dataclass
class Press:
    """One press of a bell: its event, whose bell, and between which moments it was taken."""

    event_id: str
    panel_id: str
    since_ms: int
    until_ms: int = 0


@dataclass
class Tap:
    """One tap: its key, and what was answered (nothing if the answer never came)."""

    call_id: str
    key: str
    state: str = ""


@dataclass
class Notes:
    """What the outside saw acknowledged, and what it tried."""

    rung: list[Press] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    frames_tried: list[str] = field(default_factory=list)


@pytest.fixture
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own with its data on disk."""
    with System(Path(tmp_path_factory.mktemp("durable")), in_memory=False) as running:
        yield running


def test_nothing_acknowledged_is_lost_and_nothing_opens_twice(durable: System):
    notes, town = Notes(), Town(durable.estate)
    gates = [town.gate(number=number) for number in range(GATES)]
    panels = install_panels(durable, [gate.device.place_id for gate in gates])
    lift = town.lift()
    for _ in range(2):
        town = Town(durable.estate, panels=panels)
        for panel in panels.values():
            panel.base_url = town.estate.base_url
        for device in (*gates, lift):
            device.broker = broker_of(town.estate)
            device.start()
        be_busy(durable, town, notes)
        for device in (*gates, lift):
            device.stop()
        durable.start()
    try:
        check(durable, notes, gates, lift)
    finally:
        for device in (*gates, lift):
            device.stop()


def be_busy(durable: System, town: Town, notes: Notes) -> None:
    """Ring, tap and look from several threads, and pull the plug meanwhile."""
    works: list[Callable[[], None]] = [
        partial(ring_and_tap, town, number, notes) for number in range(GATES)
    ]
    works.append(partial(look, town, notes))
    threads = [threading.Thread(target=until_cut, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    time.sleep(BUSY_S)
    durable.kill()
    for thread in threads:
        thread.join(30)


def until_cut(work: Callable[[], None]) -> None:
    """Repeat until the line is dead."""
    while True:
        try:
            work()
        except (requests.RequestException, OSError):
            return


def ring_and_tap(town: Town, number: int, notes: Notes) -> None:
    """Play journey A once, noting each acknowledgement the moment it is there."""
    gate_id = town.estate.ids["gates"][number]
    with town._ringing:
        before = {call["call_id"] for call in town.calls()}
        panel = town.panel_at(number)
        event = panel.ringing(town.estate.ids["unit"], gate_id)
        notes.tried.append(event["id"])
        press = Press(event["id"], panel.device.id, int(time.time() * 1000))
        panel.send(event).raise_for_status()
        press.until_ms = int(time.time() * 1000)
        notes.rung.append(press)
        found = eventually(
            lambda: [c["call_id"] for c in town.calls() if c["call_id"] not in before], 3
        )
    for call_id in found:
        tap = Tap(call_id, str(uuid.uuid4()))
        notes.taps.append(tap)
        answer = town.open(call_id, key=tap.key)
        answer.raise_for_status()
        tap.state = answer.json()["state"]


def look(town: Town, notes: Notes) -> None:
    """Let the camera see an e-bike, again and again."""
    event = town.camera.frame("two_wheeler", len(notes.frames_tried))
    notes.frames_tried.append(event["id"])
    town.camera.send(event).raise_for_status()
    notes.frames.append(event["id"])
    time.sleep(0.3)


def check(durable: System, notes: Notes, gates: list[Gate], lift: LiftController) -> None:
    """Hold what was noted against what the system knows after it came back."""
    town, stores = Town(durable.estate), Stores(durable.state)
    assert len(notes.rung) >= 4, "too little happened before the plug was pulled"
    assert len(notes.frames) >= 4
    rang(stores, notes)
    recovered(stores, "linli-detections", notes.frames, notes.frames_tried)
    for device in (*gates, lift):
        device.broker = broker_of(town.estate)
        device.start()
    assert any(tap.state == "OPENED" for tap in notes.taps)
    for tap in notes.taps:
        tapped_again(town, tap)
    moved = Counter(d.command_id for g in gates for d in g.handled if d.result == "DONE")
    assert set(moved.values()) <= {1}, "a gate opened twice for one command"
    assert len(moved) <= len(notes.taps)
    assert sum(gate.openings for gate in gates) == len(moved)
    open_alerts = eventually(town.alerts, RECOVERED_S, every_s=1)
    assert 1 <= len(open_alerts) <= 2
    assert lift.holds <= len(open_alerts)


def rang(stores: Stores, notes: Notes) -> None:
    """Every accepted press rang in the end, in a call of its own or one that rang already."""

    def unheard() -> list[Press]:
        calls = stores.rows("linli-calls")
        return [press for press in notes.rung if not any(hears(call, press) for call in calls)]

    eventually(lambda: not unheard(), RECOVERED_S, every_s=1)
    assert not unheard()
    own = [call["call_id"] for call in stores.rows("linli-calls")]
    assert len(own) == len(set(own)) <= len(notes.tried)


def hears(call: Json, press: Press) -> bool:
    """Tell whether a call is a press's own, or rang at its bell when it was pressed."""
    if call["call_id"] == ids.derived("call", press.panel_id, press.event_id):
        return True
    rings = call["rung_at"] <= press.until_ms and press.since_ms < call["expires_at"]
    return bool(rings and call["panel_id"] == press.panel_id)


def recovered(stores: Stores, table: str, accepted: list[str], tried: list[str]) -> None:
    """Every accepted event has its row in the end, and none has two."""

    def all_there() -> int:
        found = stores.count(table)
        return found if found >= len(accepted) else 0

    rows = eventually(all_there, RECOVERED_S, every_s=1)
    assert rows, f"{table}: {stores.count(table)} rows for {len(accepted)} accepted"
    assert rows <= len(tried)


def tapped_again(town: Town, tap: Tap) -> None:
    """The same key gets the same answer after the crash; what was opened stays opened."""

    def is_opened() -> bool:
        return town.state(tap.call_id) == "OPENED"

    again = town.open(tap.call_id, key=tap.key)
    assert again.status_code in {200, 202, 409, 422}, again.text
    if tap.state == "OPENED":
        assert again.json()["state"] == "OPENED", again.text
        assert eventually(is_opened, RECOVERED_S, every_s=1), "an opening was forgotten"
