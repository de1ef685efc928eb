"""A page of a trace, as passages grow: calls and capacity units of each viewer's look.

The tables stand in an engine of this benchmark's own, in memory: no stream is read behind it.
`LINLI_TRACES=1000000` looks at a million passages instead of twenty thousand.
"""

from __future__ import annotations

import os
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

FEW = 1_000
MANY = int(os.environ.get("LINLI_TRACES", "20000"))
PAGE = 20
BUDGETS = {"own": 3, "shift": 9, "incident": 10}
"""Calls of one page: whose child (2) and keys; names and the look's row, for staff."""


def measure() -> list[Figure]:
    """Look at a page among few passages of one gate and person, and then among many."""
    with _engine():
        few, many = _looked(FEW), _looked(MANY)
    figures = list[Figure]()
    for who, (calls, units, note) in many.items():
        name = f"trace, {who}, a page among {MANY:,}"
        figures += [
            Figure(f"{name}: DynamoDB calls", calls, BUDGETS[who], "calls", note=note),
            Figure(
                f"{name}: capacity units, over {FEW:,}", units / few[who][1], 1.1, "x", note=note
            ),
        ]
    return figures


def _looked(count: int) -> dict[str, tuple[int, float, str]]:
    """Return calls, units and what they were, by who looks."""
    from benchmarks.calls import counting  # noqa: PLC0415 -- the product, after its environment
    from chalicelib.core import clock  # noqa: PLC0415 -- as above
    from chalicelib.core.auth import Caller  # noqa: PLC0415 -- as above
    from chalicelib.passages.service import traces  # noqa: PLC0415 -- as above

    community, gate = _settled()
    guard = Caller("guard", community, "property", ("guard",), 2**40)
    manager = Caller("manager", community, "property", ("property_manager",), 2**40)
    resident = Caller("per_1", community, "resident", ("resident",), 2**40)
    began = clock.now() - timedelta(hours=11)
    traces.take_post(guard, gate, at=began)
    _filled(community, gate, count)
    wanted = traces.Incident(gate, began, began + timedelta(hours=20), "bench", "WO-1")
    looks: dict[str, Callable[[], Any]] = {
        "own": lambda: traces.own(resident, None, limit=PAGE, after=None),
        "shift": lambda: traces.of_shift(guard, limit=PAGE, after=None),
        "incident": lambda: traces.of_incident(manager, wanted, limit=PAGE, after=None),
    }
    found = {}
    for who, look in looks.items():
        with counting("dynamodb") as stored:
            page = look()
        if len(page.items) != PAGE or page.next is None:
            raise RuntimeError(f"{who}: {len(page.items)} of {PAGE} on the page")
        found[who] = stored.total, stored.units, str(stored)
    return found


def _settled() -> tuple[str, str]:
    """Found an estate with one person and one gate; return both their ids."""
    from chalicelib.core.errors import Conflict  # noqa: PLC0415 -- the product
    from chalicelib.devices import public as devices  # noqa: PLC0415 -- as above
    from chalicelib.identity import public as identity  # noqa: PLC0415 -- as above
    from chalicelib.identity.rules.people import Tie  # noqa: PLC0415 -- as above

    community = f"bench{uuid.uuid4().hex[:8]}"
    try:
        identity.found_community(community, community)
    except Conflict as failure:
        raise RuntimeError("the engine is not new") from failure
    identity.add_unit(community, "u1", "101")
    identity.register_person(community, name="王小芳", person_id="per_1")
    identity.move_in(community, "u1", "per_1", Tie.OWNER)
    gate = devices.enrol(community, devices.Kind.GATE, place_id="east", name="东门")
    return community, gate.device_id


def _filled(community: str, gate: str, count: int) -> None:
    """Write passages of one person at one gate; the newest page's are recorded, not copied."""
    from chalicelib.access.events import OpeningClosed  # noqa: PLC0415 -- the product
    from chalicelib.core import clock  # noqa: PLC0415 -- as above
    from chalicelib.passages import public as passages  # noqa: PLC0415 -- as above
    from chalicelib.passages.tables.passages import PassageRow, at_id  # noqa: PLC0415 -- as above

    now = clock.now()
    for number in range(PAGE + 5):
        passages.record_opening(
            OpeningClosed(
                community_id=community,
                opening_id=f"open_{number}",
                how="phone",
                door_id=gate,
                place_id="east",
                path="",
                unit_id="u1",
                by="per_1",
                state="OPENED",
                closed_at=now - timedelta(milliseconds=number),
            )
        )
    (row,) = PassageRow.scan(PassageRow.community_id == community, limit=1)
    with PassageRow.batch_write() as batch:
        for number in range(count - PAGE - 5):
            at = int(row.at) - 1_000 - number
            row.passage_id = f"psg_{number}"
            row.at, row.at_id = at, at_id(at, row.passage_id)
            batch.save(PassageRow(**row.attribute_values))


@contextmanager
def _engine() -> Iterator[None]:
    """Run DynamoDB in memory with every table, and point the product at it."""
    from infra.one_machine import ports as numbers  # noqa: PLC0415 -- the product
    from infra.one_machine.environment import environment  # noqa: PLC0415 -- as above
    from infra.one_machine.home import Home  # noqa: PLC0415 -- as above

    home = Home(Path(tempfile.mkdtemp(prefix="linli-bench-")), in_memory=True)
    ports = numbers.choose(home, 0)
    os.environ.update(environment(home, ports) | {"LINLI_COMMIT_FENCE": "0"})
    from chalicelib.core import aws  # noqa: PLC0415 -- after the environment
    from chalicelib.core.config import settings  # noqa: PLC0415 -- as above
    from infra.one_machine import dynamodb  # noqa: PLC0415 -- as above
    from infra.one_machine.processes import Supervisor  # noqa: PLC0415 -- as above

    settings.cache_clear()
    supervisor = Supervisor(home, say=lambda _text: None)
    supervisor.start(dynamodb.part(home, ports.dynamodb))
    try:
        if not supervisor.await_ready(threading.Event(), patience_s=60):
            raise RuntimeError("the engine did not start")
        dynamodb.ensure_tables(aws.client("dynamodb"))
        yield
    finally:
        supervisor.stop()
