"""Cars that wait at a barrier, as the guard sees them: reading, still, and who each may be."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.core import audit, clock, cursor, keyring, media
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.vehicles.rules.passing import WAITS_FOR, CarKind, Entry
from chalicelib.vehicles.service import sealed, sight
from chalicelib.vehicles.service.holding import reading_context
from chalicelib.vehicles.tables.books import PlateBook
from chalicelib.vehicles.tables.plates import PlateRow
from chalicelib.vehicles.tables.stays import ArrivalRow, StayRow
from chalicelib.vehicles.tables.visits import VisitRow

SHOWN_FOR: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Candidate:
    """A registered plate that this car may be; for a car going out, a stay."""

    candidate_id: str
    kind: CarKind
    unit_id: str
    plate: str


@dataclass(frozen=True)
class ArrivalView:
    """A car that waits, or waited, as the guard's list shows it."""

    arrival_id: str
    state: str
    side: str
    why: str
    park_id: str
    place_id: str
    at: datetime
    stay_id: str | None
    decided_by: str | None


@dataclass(frozen=True)
class ArrivalSeen:
    """A car with what a guard needs to decide: reading, still, and who it may be."""

    arrival: ArrivalView
    reading: str
    still_url: str | None
    candidates: list[Candidate]
    withheld: int


@dataclass(frozen=True)
class Arrivals:
    """One page of cars that wait, the latest first."""

    items: list[ArrivalView]
    next: str | None


def waiting(caller: Caller, *, limit: int, after: str | None) -> Arrivals:
    """Return one page of the cars that wait in the caller's part of the estate."""
    since = clock.epoch_ms(clock.now() - WAITS_FOR)
    rows, following = cursor.page(
        ArrivalRow.waiting.query,
        caller.community_id,
        ArrivalRow.at >= since,
        filter_condition=sight.filter_of(caller, ArrivalRow.path),
        scan_index_forward=False,
        listing=f"arrivals/{caller.community_id}/{caller.node_path}",
        limit=limit,
        after=after,
    )
    return Arrivals([view(row) for row in rows], following)


def show(caller: Caller, arrival_id: str) -> ArrivalSeen:
    """Return a car with its still; whose plates it may be goes on record before it is shown.

    The arrival is its own ticket; the car's own look counts as one too. Once it is decided on,
    what it was is told by its stay, on the record of a ticket. Raises NotFound `no_such_arrival`.
    """
    row = arrival_of(caller, arrival_id)
    if row.state != "WAITING":
        return ArrivalSeen(view(row), "", None, [], 0)
    ground = "gate", row.arrival_id
    found = [_candidate(row, one) for one in entries_of(row)]
    looks = [audit.Look(row.community_id, row.arrival_id, *ground, ["plate", "still"])]
    looks += [
        audit.Look(row.community_id, owner, *ground, ["plate", "units"])
        for _, owner in found
        if owner
    ]
    itself, *others = audit.viewing_all(caller, looks)
    written = iter(others)
    shown = [one for one, owner in found if not owner or next(written) is not None]
    still = media.shown(row.still, SHOWN_FOR) if row.still and itself else None
    reading = reading_of(row) if itself else ""
    return ArrivalSeen(view(row), reading, still, shown, len(found) - len(shown))


def entries_of(row: ArrivalRow) -> list[Entry]:
    """Return what the car may be: registered plates, or stays as if they were."""
    if not row.book_key:
        return []
    book = PlateBook.at(row.book_key, int(row.at))
    if row.side == "out":
        return [
            Entry(said["stay_id"], CarKind(said["kind"]), index)
            for index, said in book.inside.items()
            if said["stay_id"] in row.candidates
        ]
    return [one for one in book.known() if one.id in row.candidates]


def _candidate(row: ArrivalRow, entry: Entry) -> tuple[Candidate, str]:
    """Return what a guard sees of a candidate, and whose plate that is."""
    if row.side == "out":
        found: StayRow | PlateRow | VisitRow | None = StayRow.of(row.community_id, entry.id)
    elif entry.kind is CarKind.VISITOR:
        found = VisitRow.of(row.community_id, entry.id)
    else:
        found = PlateRow.of(row.community_id, entry.id)
    owner = str(found.person_id or "") if found is not None else ""
    plate = (
        sealed.opened(row.community_id, owner, entry.id, found.plate) if found is not None else ""
    )
    unit_id = str(found.unit_id or "") if found is not None else ""
    return Candidate(entry.id, entry.kind, unit_id, plate), owner


def reading_of(row: ArrivalRow) -> str:
    """Return what the camera read, in the clear; empty if nothing."""
    if not row.reading:
        return ""
    context = reading_context(row.community_id, row.arrival_id)
    return keyring.unseal(bytes(row.reading), context).decode()


def arrival_of(caller: Caller, arrival_id: str) -> ArrivalRow:
    """Return a car in the caller's part of the estate; raises NotFound `no_such_arrival`."""
    row = ArrivalRow.of(caller.community_id, arrival_id)
    if row is None or not sight.sees(caller, row.path):
        raise NotFound("no_such_arrival", "没有找到这次车辆到达")
    return row


def view(row: ArrivalRow) -> ArrivalView:
    """Return what a list shows of a car."""
    return ArrivalView(
        arrival_id=row.arrival_id,
        state=row.state,
        side=row.side,
        why=row.why,
        park_id=row.park_id,
        place_id=row.place_id,
        at=clock.from_epoch_ms(int(row.at)),
        stay_id=row.stay_id,
        decided_by=row.decided_by,
    )
