"""Cars come in and go out: stay, counts, book, visit, barrier and facts in one transaction."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.core import clock, ids, outbox
from chalicelib.core.outbox import Given
from chalicelib.core.retention import DAYS, Kept, kept_until
from chalicelib.core.table import Row, shard_of, tenant_key
from chalicelib.devices import public as devices
from chalicelib.vehicles.events import VisitorArrived
from chalicelib.vehicles.rules.passing import CarKind, Entry, Inside
from chalicelib.vehicles.rules.visits import VisitState, may_follow
from chalicelib.vehicles.service import sealed
from chalicelib.vehicles.service import seen as facts
from chalicelib.vehicles.service.seen import Seen
from chalicelib.vehicles.tables.books import PlateBook
from chalicelib.vehicles.tables.parks import ParkCount, counted
from chalicelib.vehicles.tables.plates import PlateRow
from chalicelib.vehicles.tables.stays import StayRow
from chalicelib.vehicles.tables.visits import VisitRow

LONGEST = timedelta(days=DAYS[Kept.PASSAGE] - 1)
"""Of a stay: by then it is closed as an orphan, for its plate is not kept longer."""

ENTERED, EXITED, ORPHAN = "ENTERED", "EXITED", "ORPHAN"


@dataclass
class Move:
    """What one car's coming or going writes, all of it or nothing."""

    seen: Seen
    book: PlateBook | None
    by: str = ""
    most: int | None = None
    """Guests that the car park may hold; None if anybody may come."""

    rows: list[Row] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    command: Any = None
    _changes: dict[str, dict[CarKind, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def count(self, park_id: str, kind: CarKind, by: int) -> None:
        """Count a car in or out of a car park."""
        self._changes[park_id][kind] += by

    def commit(self, answer: Any = None) -> None:
        """Write it; then tell the barrier, once. Raises Conflict if anybody was faster."""
        counts = [given for park_id in self._changes for given in self._counted(park_id)]
        rows = [*self.rows, *([self.book] if self.book is not None else [])]
        outbox.commit(*rows, events=self.events, given=(*self.given, *counts), answer=answer)
        if self.command is not None:
            devices.dispatch(self.command)

    def _counted(self, park_id: str) -> list[Given]:
        """Return the change of a car park's counts; what is none anyhow is not counted down."""
        changes: Mapping[CarKind, int] = self._changes[park_id]
        where = self.seen.community_id, park_id
        if any(by < 0 for by in changes.values()):
            now = ParkCount.of(*where).inside()
            changes = {kind: max(by, -now[kind.value]) for kind, by in changes.items()}
        if not any(changes.values()):
            return []
        return [counted(*where, dict(changes), self.seen.at_ms, most=self.most)]


def enter(move: Move, kind: CarKind, entry: Entry | None) -> StayRow:
    """Let a car be inside; an earlier stay of its plate that never ended becomes an orphan."""
    seen, index = move.seen, entry.index if entry else move.seen.index
    stay = _new_stay(move, kind, entry, index)
    stay.state, stay.entered_at = ENTERED, seen.at_ms
    stay.entry_device, stay.entry_still = seen.device_id, seen.still
    stay.admitted_by, stay.late = move.by or None, seen.late
    stay.inside_key = tenant_key(seen.community_id, seen.park_id)
    stay.due_at = clock.epoch_ms(seen.at + LONGEST)
    stay.shard = shard_of("stay", stay.stay_id)
    visit_id = entry.id if entry and kind is CarKind.VISITOR else ""
    if move.book is not None and index:
        _forget_earlier(move, index)
        times = seen.at_ms, seen.at_ms
        now = Inside(stay.stay_id, seen.park_id, kind, seen.device_id, *times, visit_id)
        move.book.park(index, now, seen.at_ms)
        if entry is not None:
            move.book.spend(entry, seen.at_ms)
    if visit_id:
        _arrived(move, visit_id, stay)
    move.count(seen.park_id, kind, 1)
    move.rows.append(stay)
    move.events.append(facts.entered(move.seen, stay, move.by))
    return stay


def leave(move: Move, index: str, entry: Entry | None = None) -> StayRow | None:
    """Let a car be outside; one whose entry nobody saw leaves an orphan behind."""
    seen, book = move.seen, move.book
    inside = book.stay_of(index) if book is not None else None
    stay = StayRow.of(seen.community_id, inside.stay_id) if inside else None
    if book is not None and inside:
        book.leave(index, seen.at_ms)
        if stay is not None:
            _end(move, stay, inside.visit_id, EXITED)
            move.rows.append(stay)
            return stay
    stay = _new_stay(move, entry.kind if entry else CarKind.OTHER, entry, index)
    stay.orphan, stay.late = "entry_unseen", seen.late
    _exit(move, stay, ORPHAN)
    if book is not None and index:
        book.left = {**book.left, index: [stay.stay_id, seen.at_ms]}
        book.tidy(seen.at_ms)
    move.rows.append(stay)
    return stay


def mend(move: Move, stay: StayRow) -> None:
    """Give an exit without an entry the entry that was heard of afterwards."""
    seen, book = move.seen, move.book
    stay.state, stay.orphan = EXITED, None
    stay.entered_at = stay.began_at = seen.at_ms
    stay.entry_device, stay.entry_still, stay.late = seen.device_id, seen.still, True
    if book is not None:
        book.left = {key: said for key, said in book.left.items() if key != seen.index}
    move.rows.append(stay)


def close(move: Move, stay: StayRow, why: str) -> None:
    """End a stay whose exit nobody saw."""
    visit_id = stay.entry_id if stay.kind == CarKind.VISITOR else ""
    if move.book is not None and stay.plate_index:
        move.book.leave(stay.plate_index, move.seen.at_ms)
    stay.orphan = why
    _end(move, stay, visit_id or "", ORPHAN)
    move.rows.append(stay)


def open_barrier(move: Move, stay: StayRow) -> None:
    """Order the barrier at the place to open, once; where there is none, nothing is ordered.

    Raises what `devices.prepare` raises.
    """
    seen = move.seen
    barrier = devices.device_at(seen.community_id, seen.place_id, devices.Kind.BARRIER)
    if barrier is None:
        return
    move.command = devices.prepare(
        seen.community_id,
        barrier,
        "barrier.open",
        {},
        command_id=ids.derived("cmd", seen.device_id, seen.cause),
        cause=devices.Cause(stay.stay_id, move.by or "vehicles"),
    )
    stay.command_id, stay.opened = move.command.command_id, "SENT"
    move.rows.append(move.command)


def _new_stay(move: Move, kind: CarKind, entry: Entry | None, index: str) -> StayRow:
    seen = move.seen
    stay_id = ids.derived("stay", seen.device_id, seen.cause)
    plate, owner = _plate(seen, entry, stay_id)
    person = entry.person_id if entry else ""
    return StayRow(
        stay_key=tenant_key(seen.community_id, stay_id),
        stay_id=stay_id,
        community_id=seen.community_id,
        park_id=seen.park_id,
        kind=kind.value,
        plate=plate,
        plate_index=index or None,
        book_key=move.book.book_key if move.book is not None and index else None,
        person_id=owner or None,
        person_key=tenant_key(seen.community_id, person) if person else None,
        unit_id=(entry.unit_id or None) if entry else None,
        entry_id=entry.id if entry else None,
        began_at=seen.at_ms,
        place_id=seen.place_id,
        path=seen.path or None,
    )


def _plate(seen: Seen, entry: Entry | None, stay_id: str) -> tuple[bytes | None, str]:
    """Return the plate of a stay, sealed; of an entry, as it was registered."""
    if entry is not None and entry.index != seen.index:
        kind: Any = VisitRow if entry.kind is CarKind.VISITOR else PlateRow
        row = kind.of(seen.community_id, entry.id)
        if row is not None and row.person_id:
            return bytes(row.plate), row.person_id
    if not seen.text:
        return None, ""
    return sealed.seal(seen.community_id, entry.person_id if entry else "", stay_id, seen.text)


def _forget_earlier(move: Move, index: str) -> None:
    """Make an orphan of an open stay: its exit was not seen, for here is its plate again."""
    inside = move.book.stay_of(index) if move.book is not None else None
    stay = StayRow.of(move.seen.community_id, inside.stay_id) if inside else None
    if inside is None or stay is None:
        return
    stay.orphan = "exit_unseen"
    same = "" if move.book is None else inside.visit_id
    _end(move, stay, same, ORPHAN)
    move.rows.append(stay)


def _end(move: Move, stay: StayRow, visit_id: str, state: str) -> None:
    move.count(stay.park_id, CarKind(stay.kind), -1)
    _exit(move, stay, state)
    if visit_id:
        visit = _visit(move, visit_id)
        if visit is not None and visit.state in (VisitState.ENTERED, VisitState.OVERSTAYED):
            visit.advance(VisitState.EXITED)
            visit.left_at = move.seen.at_ms


def _exit(move: Move, stay: StayRow, state: str) -> None:
    seen = move.seen
    stay.state, stay.inside_key, stay.shard, stay.due_at = state, None, None, None
    if stay.orphan in (None, "entry_unseen"):
        stay.exited_at, stay.exit_device = seen.at_ms, seen.device_id
        stay.exit_still, stay.late = seen.still, stay.late or seen.late
    stay.expires = kept_until(Kept.PASSAGE, seen.at)
    if stay.is_nobodys:
        stay.blank()
    move.events.append(facts.left(move.seen, stay))


def _arrived(move: Move, visit_id: str, stay: StayRow) -> None:
    visit = _visit(move, visit_id)
    if visit is None:
        return
    if visit.state in (VisitState.ENTERED, VisitState.OVERSTAYED):
        visit.advance(VisitState.EXITED)
    if not may_follow(VisitState(visit.state), VisitState.ENTERED):
        return  # heard of after it expired: the car is inside, the visit stays what it is
    visit.advance(VisitState.ENTERED)
    visit.entered = int(visit.entered) + 1
    visit.arrived_at = move.seen.at_ms
    move.events.append(
        VisitorArrived(
            community_id=visit.community_id,
            visit_id=visit_id,
            unit_id=visit.unit_id,
            host_id=visit.person_id,
            stay_id=stay.stay_id,
            arrived_at=move.seen.at,
        )
    )


def _visit(move: Move, visit_id: str) -> VisitRow | None:
    """Return the one row of a visit that this move writes."""
    for one in move.rows:
        if isinstance(one, VisitRow) and one.visit_id == visit_id:
            return one
    row = VisitRow.of(move.seen.community_id, visit_id)
    move.rows += [row] if row is not None else []
    return row
