"""Journey A with the gate away: 202, then UNKNOWN, and never a late opening."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.journeys.operator import install_panels
from tests.journeys.town import Town, at_once
from tools.simulate.gate import Gate
from tools.simulate.system import System

STALE_S = 6.5
"""A command lives 5 s, and mosquitto counts whole seconds: gone for certain after 6."""


@dataclass(frozen=True)
class Absence:
    """A gate whose fences are down but one, and when it comes back after the tap."""

    conduct: str
    back_after_s: float


ABSENCES: Mapping[str, Absence] = {
    "all fences": Absence("good", STALE_S),
    "all fences, soon": Absence("good", 3.0),
    "only clean start": Absence("only_clean_start", 3.0),
    "only the session": Absence("only_session", 3.0),
    "only the broker's expiry": Absence("only_expiry", STALE_S),
    "only the clock": Absence("only_clock", STALE_S),
}
# A gate with the clock alone is asleep rather than away: broker and session cannot help it.
DAWDLES = "slow"


@dataclass(frozen=True)
class Played:
    """What a tap at an absent gate came to."""

    gate: Gate
    call_id: str
    status: int
    state: str


@pytest.fixture(scope="module")
def played(town: Town, system: System) -> Iterator[Mapping[str, Played]]:
    """Play all absences at once, each at a gate of its own; nobody waits in line."""
    names = [*ABSENCES, DAWDLES]
    conducts = [absence.conduct for absence in ABSENCES.values()] + [DAWDLES]
    gates = [
        town.gate(conduct, number=number).start()
        for number, conduct in enumerate(conducts, start=5)
    ]
    town.panels |= install_panels(system, [gate.device.place_id for gate in gates])
    calls = [town.ring(number=number) for number, _ in enumerate(names, start=5)]
    for gate in gates[:-1]:
        gate.vanish()
    tapped = time.monotonic()
    taps = at_once(*[lambda call=call: town.open(call) for call in calls])
    for wait in (3.0, STALE_S):
        time.sleep(max(0.0, tapped + wait - time.monotonic()))
        for gate, absence in zip(gates, ABSENCES.values(), strict=False):
            if absence.back_after_s == wait:
                gate.start()
    time.sleep(1.5)
    yield {
        name: Played(gate, call, tap.status_code, tap.json().get("state"))
        for name, gate, call, tap in zip(names, gates, calls, taps, strict=True)
    }
    for gate in gates:
        gate.stop()


@pytest.mark.parametrize("name", ABSENCES)
def test_a_gate_that_was_away_never_opens_late(played: Mapping[str, Played], town: Town, name: str):
    case = played[name]
    assert (case.status, case.state) == (202, "SENT")
    assert case.gate.openings == 0
    assert all(done.result != "DONE" for done in case.gate.handled)
    assert town.state(case.call_id) in {"UNKNOWN", "FAILED"}


def test_a_gate_that_was_slow_rejects_what_expired(played: Mapping[str, Played], town: Town):
    case = played[DAWDLES]
    assert (case.status, case.state) == (202, "SENT")
    assert case.gate.openings == 0
    assert [(done.result, done.reason) for done in case.gate.handled] == [("REJECTED", "expired")]
    assert town.state(case.call_id) in {"UNKNOWN", "FAILED"}


def test_an_unknown_opening_is_never_tried_again(played: Mapping[str, Played], town: Town):
    case = played["all fences"]
    again = town.open(case.call_id)
    assert again.status_code in {200, 202}
    assert again.json()["state"] in {"UNKNOWN", "FAILED"}
    time.sleep(0.5)
    assert case.gate.openings == 0
    assert case.gate.handled == []
