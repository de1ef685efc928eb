"""A whole estate's import: 5,000 rooms and 12,000 residents, from the sheets to visible rooms."""

from __future__ import annotations

import csv
import io
import time
import uuid
from collections.abc import Iterator

from benchmarks.figures import Figure
from chalicelib.core.auth import Caller
from chalicelib.identity import public as identity
from chalicelib.identity.rules.organisation import Level
from chalicelib.identity.rules.sheets import COLUMNS, RESIDENTS, ROOMS, ImportState
from chalicelib.identity.service import importing
from tools.simulate.estate import Estate

BUILDINGS, ENTRANCES, FLOORS, DOORS = 25, 4, 25, 2
PEOPLE = 12_000
BUDGET_S = 60.0
GIVEN_UP_S = 600.0

Room = tuple[str, str, str]


def measure(_estate: Estate) -> list[Figure]:
    """Import into an estate that the benchmark founds; the system's own worker writes it."""
    caller = Caller("bench", _founded(), "property", ("property_manager",), 2**40)
    rooms = list(_rooms())
    files = {
        ROOMS: _csv(ROOMS, ((*room, "89.37") for room in rooms)),
        RESIDENTS: _csv(RESIDENTS, _residents(rooms)),
    }
    began = time.perf_counter()
    checked = importing.dry_run(caller, files)
    judged_s = time.perf_counter() - began
    if checked.problems:
        raise RuntimeError(f"the benchmark's own sheets are bad: {checked.problems[:3]}")
    import_id = importing.accept(caller, files).import_id
    accepted_s = time.perf_counter() - began - judged_s
    _await(caller.community_id, import_id)
    took_s = time.perf_counter() - began - judged_s
    note = f"{len(rooms)} rooms, {PEOPLE} residents"
    return [
        Figure("import judged (dry run)", judged_s, unit="s", note=note),
        Figure("import accepted: answered to the browser", accepted_s, unit="s"),
        Figure("import complete", took_s, BUDGET_S, "s", note=note),
    ]


def _founded() -> str:
    name = f"bench{uuid.uuid4().hex[:8]}"
    county = identity.plant(Level.COUNTY, name)
    street = identity.plant(Level.STREET, name, parent=county)
    neighbourhood = identity.plant(Level.NEIGHBOURHOOD, name, parent=street)
    identity.found_community(name, name, parent=neighbourhood)
    return name


def _rooms() -> Iterator[Room]:
    for building in range(1, BUILDINGS + 1):
        for entrance in range(1, ENTRANCES + 1):
            for floor in range(1, FLOORS + 1):
                for door in range(1, DOORS + 1):
                    yield f"{building}号楼", f"{entrance}单元", f"{floor}{door:02}"


def _residents(rooms: list[Room]) -> Iterator[tuple[str, ...]]:
    for number in range(PEOPLE):
        tie = "业主" if number < len(rooms) else "家属"
        yield *rooms[number % len(rooms)], f"住户{number}", f"139{number:08}", "", tie, ""


def _csv(sheet: str, lines: Iterator[tuple[str, ...]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([tuple(COLUMNS[sheet].values()), *lines])
    return written.getvalue().encode()


def _await(community_id: str, import_id: str) -> None:
    until = time.perf_counter() + GIVEN_UP_S
    while (state := importing.progress(community_id, import_id).state) != ImportState.COMPLETE:
        if state == ImportState.FAILED or time.perf_counter() > until:
            raise RuntimeError(f"the import is {state}")
        time.sleep(0.25)
