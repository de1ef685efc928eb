"""Writing of an accepted import: chunk by chunk, resumable, or undone whole."""

from collections.abc import Callable, Iterable
from typing import Final

from chalicelib.core import clock, outbox
from chalicelib.core.errors import Conflict
from chalicelib.core.logs import logger
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.events import EstateImported, ImportAccepted
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.sheets import ChunkState, ImportState
from chalicelib.identity.service import moves, organisation, people
from chalicelib.identity.service.importing import Entry, opened
from chalicelib.identity.tables.imports import ImportChunk, ImportJob

DELETED_AT_ONCE: Final = 100


def write_import(accepted: ImportAccepted) -> None:
    """Write what an import still has to write, and announce the estate when all is there.

    Called again it goes on where it was. Somebody who made one of its rooms meanwhile wins:
    then the import is undone whole and has FAILED. Raises Conflict `lost_race` if another
    run is at it: the message comes again; RuntimeError if some of its lines are gone, for
    then it would be complete with rooms missing.
    """
    community_id, import_id = accepted.community_id, accepted.import_id
    job = ImportJob.find(community_id, import_id)
    if job is None:
        return
    chunks = _chunks(job)
    if job.state == ImportState.RUNNING:
        if not _write_all(chunks, import_id):
            _turn(job, ImportState.UNDOING)
            chunks = _chunks(job)
        else:
            _complete(job)
    if job.state == ImportState.UNDOING:
        _undo_all(chunks, import_id)
        _turn(job, ImportState.FAILED)
    _forget(chunks)


def _chunks(job: ImportJob) -> list[ImportChunk]:
    """Return what an import writes, whole; when it has ended, what is left of it."""
    key = tenant_key(job.community_id, job.import_id)
    found = list(ImportChunk.query(key, consistent_read=True))
    if job.state in (ImportState.RUNNING, ImportState.UNDOING) and len(found) != job.chunks:
        raise RuntimeError(f"{len(found)} of {job.chunks} chunks of {job.import_id} are there")
    return found


def _write_all(chunks: Iterable[ImportChunk], import_id: str) -> bool:
    """Write the waiting chunks; return whether all are written by now."""
    waiting = [chunk for chunk in chunks if chunk.state != ChunkState.WRITTEN]
    path = organisation.path_of(waiting[0].community_id) if waiting else ""
    return all(_write(chunk, import_id, path) for chunk in waiting)


def _write(chunk: ImportChunk, import_id: str, path: str) -> bool:
    """Write one chunk's rows with its turn; False if one of them was there already."""
    if chunk.state == ChunkState.VOID:
        return False
    chunk.state = ChunkState.WRITTEN.value
    try:
        outbox.commit(*_rows(chunk, import_id, path), chunk)
    except Conflict:
        again = ImportChunk.find(chunk.job_key, chunk.number)
        return again is not None and again.state == ChunkState.WRITTEN
    return True


def _rows(chunk: ImportChunk, import_id: str, path: str) -> list[Row]:
    """Return the rows of a chunk, hidden until the import is complete."""
    rows: list[Row] = []
    for entry in opened(chunk):
        rows += _MADE[entry[0]](chunk.community_id, path, entry[1:])
    for row in rows:
        if "import_id" in type(row).get_attributes():
            row.import_id = import_id  # type: ignore[attr-defined]  # asked in the line above
    return rows


def _made_node(community_id: str, path: str, entry: Entry) -> list[Row]:
    building, entrance = entry
    return [organisation.steps_to(path, community_id, building, entrance)[-1]]


def _made_unit(community_id: str, path: str, entry: Entry) -> list[Row]:
    building, entrance, room, area = entry
    above = organisation.steps_to(path, community_id, building, entrance)[-1]
    at = organisation.Place(building, entrance, room, area)
    return [organisation.unit_row(community_id, above, at)]


def _made_person(community_id: str, _path: str, entry: Entry) -> list[Row]:
    person_id, name, phone, id_number = entry
    given = {"name": name, "phone": phone, "id_number": id_number}
    return list(people.new_person(community_id, person_id, **given))


def _made_tie(community_id: str, _path: str, entry: Entry) -> list[Row]:
    unit_id, person_id, tie, guardian_id = entry
    return [moves.tied(community_id, unit_id, person_id, Tie(tie), guardian_id=guardian_id)]


_MADE: Final[dict[str, Callable[[str, str, Entry], list[Row]]]] = {
    "node": _made_node,
    "unit": _made_unit,
    "person": _made_person,
    "tie": _made_tie,
}


def _complete(job: ImportJob) -> None:
    at = clock.now()
    job.state, job.ended_at = ImportState.COMPLETE.value, clock.epoch_ms(at)
    rooms, residents = int(job.rooms), int(job.residents)
    outbox.commit(
        job, events=(EstateImported(job.community_id, job.import_id, rooms, residents, at),)
    )
    logger().info("estate imported", extra={"import_id": job.import_id, "rooms": rooms})


def _turn(job: ImportJob, state: ImportState) -> None:
    job.state, job.ended_at = state.value, clock.epoch_ms(clock.now())
    outbox.commit(job)
    logger().warning("import turned", extra={"import_id": job.import_id, "state": state.value})


def _undo_all(chunks: list[ImportChunk], import_id: str) -> None:
    """Void every chunk, so that no other run writes it, and take back what was written."""
    for chunk in chunks:
        if chunk.state == ChunkState.VOID:
            continue
        written = chunk.state == ChunkState.WRITTEN
        rows = _rows(chunk, import_id, "-") if written else []
        for row in rows:
            row.version = 1  # as it was written: nobody changes what nobody sees
        chunk.state = ChunkState.VOID.value
        outbox.commit(chunk, deletes=rows)


def _forget(chunks: list[ImportChunk]) -> None:
    """Delete the sealed lines: they are written, or never will be."""
    for start in range(0, len(chunks), DELETED_AT_ONCE):
        outbox.commit(deletes=chunks[start : start + DELETED_AT_ONCE])
