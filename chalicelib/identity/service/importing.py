"""Use cases of imports: sheets are judged whole, sealed in chunks, and written chunk by chunk.

Nothing is written of sheets with a bad line. What is written stays hidden (`visibility`)
until the last chunk is there, and a run that was killed goes on where it was: each chunk
turns in the very transaction that writes its rows.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.core import clock, context, ids, keyring, outbox, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.cells import Problem
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity.events import ImportAccepted
from chalicelib.identity.rules.people import Decider, Tie, day_of
from chalicelib.identity.rules.sheets import (
    RESIDENTS,
    ROOMS,
    ChunkState,
    Estate,
    ImportState,
    Place,
    Resident,
    verdict,
)
from chalicelib.identity.service import moves, organisation, people, sheets
from chalicelib.identity.service.sight import require_whole_estate
from chalicelib.identity.service.visibility import shown
from chalicelib.identity.tables.imports import ImportChunk, ImportJob
from chalicelib.identity.tables.organisation import Community, Node, Unit
from chalicelib.identity.tables.people import Person

CHUNK_ROWS: Final = 98
"""Rows of one transaction besides its chunk's own; DynamoDB takes 100."""

CHUNKS_KEPT: Final = timedelta(days=90)
"""Longer than anybody needs to mend what stops an import; without lines it cannot go on."""

WEIGHTS: Final = {"node": 1, "unit": 1, "person": 3, "tie": 1}
"""Rows that an entry of a chunk becomes: a person brings a data key, and claims a phone."""

MOST_LISTED: Final = 1_000
"""Bad cells that a report lists; it counts them all (a reply is 6 MB at most)."""

Entry = list[Any]


@dataclass(frozen=True)
class ImportView:
    """An import: how far it is, and the bad cells of sheets that were refused.

    `import_id` is empty for a dry run; `bad` counts the bad cells, of which `problems` are
    the first ones; `written` is the share of the work done, 0 to 100.
    """

    import_id: str
    state: ImportState
    rooms: int
    residents: int
    problems: list[Problem] = field(default_factory=list)
    bad: int = 0
    written: int = 0


@dataclass(frozen=True)
class _Known:
    """What an estate has already: rooms, nodes, and people by index."""

    places: frozenset[Place]
    node_ids: frozenset[str]
    person_ids: Mapping[str, str]


def dry_run(caller: Caller, files: Mapping[str, bytes]) -> ImportView:
    """Judge the sheets and write nothing; raises Unprocessable for files that are none."""
    community_id = require_whole_estate(caller)
    estate = _judged(community_id, files, _known(community_id))
    state = ImportState.REFUSED if estate.problems else ImportState.CHECKED
    return _view("", state, estate)


def accept(caller: Caller, files: Mapping[str, bytes]) -> ImportView:
    """Take the sheets of an estate; a function writes them from here on.

    Raises Unprocessable `bad_lines` with the bad cells and as `sheets.lines`, Conflict
    `import_under_way`, NotFound `no_such_community`.
    """
    community_id = require_whole_estate(caller)
    estate_row = organisation.community(community_id)
    _refuse_second(estate_row)
    known = _known(community_id)
    estate = _judged(community_id, files, known)
    if estate.problems:
        raise _refused(estate)
    import_id = ids.new_id("imp")
    chunks = list(_chunked(_entries(community_id, estate, known)))
    with context.serving(context.request_id()):  # the key is spent by the job alone
        _stage(community_id, import_id, chunks)
    return _begin(caller, estate_row, import_id, estate, len(chunks))


def _begin(
    caller: Caller, row: Community, import_id: str, estate: Estate, chunks: int
) -> ImportView:
    row.import_id = import_id
    view = _view(import_id, ImportState.RUNNING, estate)
    job = ImportJob(
        community_id=row.community_id,
        import_id=import_id,
        state=ImportState.RUNNING.value,
        chunks=chunks,
        rooms=view.rooms,
        residents=view.residents,
        asked_by=caller.subject_id,
        asked_at=clock.epoch_ms(clock.now()),
    )
    accepted = ImportAccepted(row.community_id, import_id)
    outbox.commit(job, row, events=(accepted,), answer=view)
    return view


def progress(community_id: str, import_id: str) -> ImportView:
    """Return how far an import is; raises NotFound `no_such_import`."""
    job = ImportJob.find(community_id, import_id)
    if job is None:
        raise NotFound("no_such_import", "没有找到该导入任务")
    state = ImportState(job.state)
    written = 100 if state is ImportState.COMPLETE else 0
    if state is ImportState.RUNNING:
        done = ImportChunk.count(
            tenant_key(community_id, import_id),
            filter_condition=ImportChunk.state == ChunkState.WRITTEN.value,
        )
        written = 100 * done // max(int(job.chunks), 1)
    return ImportView(import_id, state, int(job.rooms), int(job.residents), written=written)


def _refuse_second(row: Community) -> None:
    job = ImportJob.find(row.community_id, row.import_id) if row.import_id else None
    if job is not None and job.state in (ImportState.RUNNING, ImportState.UNDOING):
        raise Conflict("import_under_way", "该小区有正在进行的导入，请稍后再试")


def _known(community_id: str) -> _Known:
    """Read what the estate has: its own rows by their key, a few pages."""
    units = shown(Unit.query(community_id))
    nodes = shown(Node.query(community_id))
    person_ids: dict[str, str] = {}
    for person in shown(Person.query(community_id)):
        for index in (person.phone_index, person.id_index):
            if index:
                person_ids[index] = person.person_id
    return _Known(
        places=frozenset(
            (unit.building, unit.entrance or "", unit.room)
            for unit in units
            if unit.building and unit.room
        ),
        node_ids=frozenset(node.node_id for node in nodes),
        person_ids=person_ids,
    )


def _judged(community_id: str, files: Mapping[str, bytes], known: _Known) -> Estate:
    read = {name: sheets.lines(name, content) for name, content in files.items()}
    today = day_of(clock.now())
    estate = verdict(read.get(ROOMS, ()), read.get(RESIDENTS, ()), known.places, today)
    estate.problems += _tied_already(community_id, estate.residents, known)
    estate.problems += _grown_up(community_id, estate.residents, known)
    return estate


def _tied_already(
    community_id: str, residents: Iterable[Resident], known: _Known
) -> Iterator[Problem]:
    """Yield those who live there already; only people and rooms that exist are looked up."""
    wanted = {
        one.line: (organisation.unit_id_at(community_id, *one.place), person_id)
        for one in residents
        if one.place in known.places and (person_id := _person_of(one, known))
    }
    there = people.tied_among(community_id, set(wanted.values()))
    for line, pair in wanted.items():
        if pair in there:
            yield Problem(RESIDENTS, line, "name", "already_bound")


def _grown_up(community_id: str, residents: Iterable[Resident], known: _Known) -> Iterator[Problem]:
    """Yield who is to be a child and is known to be none: nobody is made another one's ward."""
    for one in residents:
        person_id = _person_of(one, known) if one.tie is Tie.CHILD else None
        if person_id is None:
            continue
        try:
            person = people.find_person(community_id, person_id)
            moves.require_child(community_id, person_id, person, Decider.PROPERTY)
        except Unprocessable as refused:
            yield Problem(RESIDENTS, one.line, "tie", refused.code)


def _person_of(one: Resident, known: _Known) -> str | None:
    for kind, text in (("phone", one.phone), ("id_number", one.id_number)):
        if text and (found := known.person_ids.get(sealing.index(kind, text))):
            return found
    return None


def _entries(community_id: str, estate: Estate, known: _Known) -> Iterator[Entry]:
    """Yield what is to be written: nodes, flats, people, ties; ids are drawn here, once."""
    yield from _nodes(community_id, estate, known)
    for room in estate.rooms:
        yield ["unit", *room.place, room.area]
    drawn: dict[str, str] = {}
    for one in estate.residents:
        if one.known_by not in drawn:
            found = _person_of(one, known)
            drawn[one.known_by] = found or ids.new_id("per")
            if found is None:
                yield ["person", drawn[one.known_by], one.name, one.phone, one.id_number]
    for one in estate.residents:
        unit_id = organisation.unit_id_at(community_id, *one.place)
        guardian_id = drawn[one.guardian] if one.guardian else None
        yield ["tie", unit_id, drawn[one.known_by], one.tie.value, guardian_id]


def _nodes(community_id: str, estate: Estate, known: _Known) -> Iterator[Entry]:
    said = set(known.node_ids)
    for building, entrance, _ in (room.place for room in estate.rooms):
        steps = (building, ""), (building, entrance)
        for step in steps[: 2 if entrance else 1]:
            node_id = organisation.steps_to("", community_id, *step)[-1].node_id
            if node_id not in said:
                said.add(node_id)
                yield ["node", *step]


def _chunked(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    weight = 0
    for entry in entries:
        if weight + WEIGHTS[entry[0]] > CHUNK_ROWS:
            yield chunk
            chunk, weight = [], 0
        chunk.append(entry)
        weight += WEIGHTS[entry[0]]
    if chunk:
        yield chunk


def _stage(community_id: str, import_id: str, chunks: list[list[Entry]]) -> None:
    """Keep the chunks, sealed; without the job's row they are nothing, and expire."""
    key, at = tenant_key(community_id, import_id), clock.now()
    rows = [
        ImportChunk(
            job_key=key,
            number=number,
            community_id=community_id,
            state=ChunkState.WAITING.value,
            body=keyring.seal(zlib.compress(json.dumps(chunk).encode()), f"{key}/{number}"),
            expires=_expiry(at),
        )
        for number, chunk in enumerate(chunks)
    ]
    for start in range(0, len(rows), 100):
        outbox.commit(*rows[start : start + 100])


def opened(chunk: ImportChunk) -> list[Entry]:
    """Return what a chunk is to write."""
    bound_to = f"{chunk.job_key}/{int(chunk.number)}"
    entries: list[Entry] = json.loads(zlib.decompress(keyring.unseal(chunk.body, bound_to)))
    return entries


def _expiry(at: datetime) -> int:
    return int((at + CHUNKS_KEPT).timestamp())


def _refused(estate: Estate) -> Unprocessable:
    problems = [
        {"sheet": one.sheet, "line": one.line, "column": one.column, "code": one.code}
        for one in estate.problems[:MOST_LISTED]
    ]
    details = {"bad": len(estate.problems), "problems": problems}
    return Unprocessable("bad_lines", "表格中有错误，未导入任何数据", details=details)


def _view(import_id: str, state: ImportState, estate: Estate) -> ImportView:
    listed, bad = estate.problems[:MOST_LISTED], len(estate.problems)
    return ImportView(import_id, state, len(estate.rooms), len(estate.residents), listed, bad)
