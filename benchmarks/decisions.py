"""What a door waits for when it asks: percentiles over HTTP, calls and capacity units."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from benchmarks.calls import counting
from benchmarks.figures import Figure, percentile
from benchmarks.live import paced
from chalicelib.access.rules.decisions import Direction, Method
from chalicelib.access.service import decisions
from chalicelib.access.service.recognition import Question
from chalicelib.devices import public as devices
from tools.simulate.estate import Estate
from tools.simulate.http_device import HttpDevice
from tools.simulate.person import Person
from tools.simulate.signing import Json
from tools.simulate.visitor import AskingDoor, VisitorPhone

PER_SECOND = 20
SECONDS = 20
GATES = 20
"""And as many passes, each of which is shown at the next gate every second, in and out in turn."""


def measure(estate: Estate) -> list[Figure]:
    """Ask by codes of passes with many uses; then count single decisions."""
    host = Person(estate.base_url, estate.tokens["resident"])
    phones = [
        VisitorPhone(_share(host, _give(host, estate, uses=100))["token"]) for _ in range(GATES)
    ]
    doors = [
        AskingDoor(HttpDevice(estate.device(one), estate.base_url))
        for one in estate.ids["gates"][:GATES]
    ]
    for door in doors:
        door.decides("card", "unknown")  # warm: the device and its key are remembered
    asked = _asked(doors, phones)
    works = [next(asked) for _ in range(PER_SECOND * SECONDS)]
    done = paced(works, PER_SECOND)
    told = Counter(answer for _, answer in done)
    milliseconds = [1000 * seconds for seconds, _ in done]
    rate = f"{len(done)} decisions, {PER_SECOND}/s, {len(doors)} gates, {dict(told)}"
    return [
        Figure("door asks to answer, p50", percentile(milliseconds, 0.50), unit="ms"),
        Figure("door asks to answer, p95", percentile(milliseconds, 0.95), unit="ms"),
        Figure("door asks to answer, p99", percentile(milliseconds, 0.99), 100.0, "ms", note=rate),
        *_counted(estate, host),
    ]


def _asked(
    doors: list[AskingDoor], phones: list[VisitorPhone]
) -> Iterator[Callable[[], tuple[float, str]]]:
    """Yield questions that are all allowed: no code at the same gate again, nobody in twice."""
    for number in count():
        turn = number // len(phones)
        door, phone = doors[(number + turn) % len(doors)], phones[number % len(phones)]
        way = "out" if turn % 2 else "in"

        def ask(
            door: AskingDoor = door, phone: VisitorPhone = phone, way: str = way
        ) -> tuple[float, str]:
            began = time.perf_counter()
            answer = door.ask("qr", phone.code(), direction=way)
            said = answer.json()
            return time.perf_counter() - began, said.get("reason") or said["code"]

        yield ask


def _counted(estate: Estate, host: Person) -> list[Figure]:
    """Count a decision by code, by PIN, and a refused one, in this process."""
    made = _give(host, estate, uses=1, pin=True)
    said = _share(host, made)
    gate = estate.device(estate.ids["gate"])
    speaker = _speaker(estate, gate.id)
    phone, unit = VisitorPhone(said["token"]), estate.ids["unit"]
    questions = {
        "by code, allowed": (Method.QR, phone.code()),
        "by PIN, one too many": (Method.PIN, str(said["pin"])),
        "by a wrong PIN": (Method.PIN, "00000000"),
        "by an unknown card": (Method.CARD, uuid.uuid4().hex),
    }
    figures = []
    for name, (method, shown) in questions.items():
        question = Question(uuid.uuid4().hex, method, shown, unit, Direction.IN)
        with counting("dynamodb") as tally:
            answer = decisions.decide(speaker, question)
        note = f"{answer.reason}; {tally}"
        figures.append(
            Figure(f"decision {name}: DynamoDB calls", tally.total, 2, "calls", note=note)
        )
    return figures


def _speaker(estate: Estate, device_id: str) -> devices.Speaker:
    row = devices.device_of(estate.community_id, device_id)
    path = row.node_path or ""
    return devices.Speaker(row.device_id, row.community_id, row.kind, row.place_id, path, row.name)


def _give(host: Person, estate: Estate, **wish: object) -> Json:
    now = datetime.now(UTC)
    window = {"starts": now.isoformat(), "ends": (now + timedelta(hours=1)).isoformat()}
    answer = host.post("/resident/passes", {"unit_id": estate.ids["unit"], **window, **wish})
    answer.raise_for_status()
    made: Json = answer.json()
    return made


def _share(host: Person, made: Json) -> Json:
    return host.read(f"/resident/passes/{made['pass_id']}/share")
