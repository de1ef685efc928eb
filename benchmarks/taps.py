"""The one-tap open at 20 taps a second with 20 gates, from HTTP in to the device's word."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from benchmarks.figures import Figure, percentile
from benchmarks.live import devices, paced
from benchmarks.panels import enrolled
from chalicelib.core import ids
from tools.simulate.estate import Estate
from tools.simulate.panel import Panel
from tools.simulate.person import Person
from tools.simulate.waiting import eventually

PER_SECOND = 20
WAVE = 60
"""Calls rung beforehand and then tapped within the 30 s that they ring."""

PANELS = 20
"""One beside each gate."""

WAVES = 6


def measure(estate: Estate) -> list[Figure]:
    """Ring, then tap at a fixed rate; a tap counts from the moment it was due."""
    answers: Counter[str] = Counter()
    taken: list[float] = []
    panels = enrolled(estate, PANELS)
    with devices(estate):
        for wave in range(WAVES + 1):
            seconds, states = _wave(estate, panels)
            if wave:  # the first one warms caches and connections
                taken += seconds
                answers += states
    milliseconds = [1000 * seconds for seconds in taken]
    return [
        Figure("tap to 200 OPENED, p50", percentile(milliseconds, 0.50), unit="ms"),
        Figure("tap to 200 OPENED, p95", percentile(milliseconds, 0.95), unit="ms"),
        Figure(
            "tap to 200 OPENED, p99",
            percentile(milliseconds, 0.99),
            300.0,
            "ms",
            note=f"{len(taken)} taps, {PER_SECOND}/s, 20 gates",
        ),
        Figure(
            "taps that ended OPENED",
            100 * answers["OPENED"] / len(taken),
            100,
            "%",
            at_least=True,
            note="" if len(answers) == 1 else str(dict(answers)),
        ),
    ]


def _wave(estate: Estate, panels: list[Panel]) -> tuple[list[float], Counter[str]]:
    calls = _ring(estate, panels)
    people = [Person(estate.base_url, estate.tokens["resident"]) for _ in range(PER_SECOND)]
    works = [_tap(people[n % PER_SECOND], call) for n, call in enumerate(calls)]
    done = paced(works, PER_SECOND)
    return [seconds for seconds, _ in done], Counter(state for _, state in done)


def _tap(person: Person, call_id: str) -> Callable[[], tuple[float, str]]:
    def tap() -> tuple[float, str]:
        began = time.perf_counter()
        answer = person.post(f"/resident/calls/{call_id}/open")
        said = answer.json()
        return time.perf_counter() - began, said.get("state") or said["code"]

    return tap


def _ring(estate: Estate, panels: list[Panel]) -> list[str]:
    """Ring a wave of calls, spread over panels and gates, and wait until all of them ring."""
    person = Person(estate.base_url, estate.tokens["resident"])
    gates, calls = estate.ids["gates"], []
    for number in range(WAVE):
        panel = panels[number % len(panels)]
        event = panel.ring(estate.ids["unit"], gates[number % len(gates)])
        calls.append(ids.derived("call", panel.device.id, event["id"]))
    for call in calls:
        if not eventually(partial(_is_ringing, person, call), 20, every_s=0.2):
            raise RuntimeError("the rings were not heard in time")
    return calls


def _is_ringing(person: Person, call_id: str) -> bool:
    answer = person.get(f"/resident/calls/{call_id}")
    return answer.status_code == HTTPStatus.OK
