"""Openings at 20 a second with 50 gates, from HTTP in to the door's word and HTTP out.

A call's tap (a visitor rang, one tap lets them in) and a resident's own phone at a gate.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus

from benchmarks import crowd
from benchmarks.figures import Figure, percentile
from benchmarks.live import devices, paced
from benchmarks.panels import enrolled
from chalicelib.core import ids
from tools.simulate.estate import Device, Estate
from tools.simulate.gate import shown_code
from tools.simulate.panel import Panel
from tools.simulate.person import Person
from tools.simulate.waiting import eventually

PER_SECOND = 20
GATES = 50
WAVE = 40
"""Calls rung beforehand and then tapped within the 30 s that they ring."""

PANELS = 20
"""Beside the gates: each device may report ten events a second."""

WAVES = 9
PHONES = 40
"""Adults who open by their own phones, once in a wave: each phone has its budget."""

Told = tuple[float, str]


def measure(estate: Estate) -> list[Figure]:
    """Ring, then tap at a fixed rate, then open by phone; each counts from when it was due."""
    gates = crowd.gates(estate, GATES)
    panels, phones = enrolled(estate, PANELS), crowd.adults(estate, PHONES)
    more = [gate for gate in gates if gate not in estate.devices]
    with devices(estate, more):  # the first wave of each warms caches and connections
        taps = [_tapped(estate, panels, gates) for _ in range(WAVES + 1)]
        openings = [_opened(phones, gates, wave) for wave in range(WAVES + 1)]
    return [
        *_figures("tap to 200 OPENED", taps[1:]),
        *_figures("own phone to 200 OPENED", openings[1:]),
    ]


def _figures(what: str, waves: Sequence[Sequence[Told]]) -> list[Figure]:
    told = [one for wave in waves for one in wave]
    milliseconds = [1000 * seconds for seconds, _ in told]
    answers = Counter(state for _, state in told)
    note = f"{len(told)}, {PER_SECOND}/s, {GATES} gates"
    return [
        Figure(f"{what}, p50", percentile(milliseconds, 0.50), unit="ms"),
        Figure(f"{what}, p95", percentile(milliseconds, 0.95), unit="ms"),
        Figure(f"{what}, p99", percentile(milliseconds, 0.99), 300.0, "ms", note=note),
        Figure(
            f"{what}, share",
            100 * answers["OPENED"] / len(told),
            100,
            "%",
            at_least=True,
            note="" if len(answers) == 1 else str(dict(answers)),
        ),
    ]


def _tapped(estate: Estate, panels: list[Panel], gates: Sequence[Device]) -> list[Told]:
    calls = _ring(estate, panels, gates)
    people = [Person(estate.base_url, estate.tokens["resident"]) for _ in range(PER_SECOND)]
    works = [
        _post(people[n % PER_SECOND], f"/resident/calls/{call}/open", {})
        for n, call in enumerate(calls)
    ]
    return paced(works, PER_SECOND)


def _opened(phones: Sequence[Person], gates: Sequence[Device], wave: int) -> list[Told]:
    works = []
    for number in range(WAVE):
        gate = gates[(wave + number) % len(gates)]
        body = {"unit_id": crowd.FLAT, "near": {"code": shown_code(gate.key)}}
        works.append(_post(phones[number % PHONES], f"/resident/gates/{gate.id}/open", body))
    return paced(works, PER_SECOND)


def _post(person: Person, path: str, body: Mapping[str, object]) -> Callable[[], Told]:
    def post() -> Told:
        began = time.perf_counter()
        answer = person.post(path, body)
        said = answer.json()
        return time.perf_counter() - began, said.get("state") or said["code"]

    return post


def _ring(estate: Estate, panels: list[Panel], gates: Sequence[Device]) -> list[str]:
    """Ring a wave of calls, spread over panels and gates, and wait until all of them ring."""
    person = Person(estate.base_url, estate.tokens["resident"])
    calls = []
    for number in range(WAVE):
        panel = panels[number % len(panels)]
        event = panel.ring(estate.ids["unit"], gates[number % len(gates)].id)
        calls.append(ids.derived("call", panel.device.id, event["id"]))
    for call in calls:
        if not eventually(partial(_is_ringing, person, call), 20, every_s=0.2):
            raise RuntimeError("the rings were not heard in time")
    return calls


def _is_ringing(person: Person, call_id: str) -> bool:
    answer = person.get(f"/resident/calls/{call_id}")
    return answer.status_code == HTTPStatus.OK
