"""Use cases of stays: who is inside, one stay with its plate on record, and lost ones closed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core import audit, clock, cursor, media, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.core.table import tenant_key
from chalicelib.vehicles.rules.passing import CarKind
from chalicelib.vehicles.service import moves, sealed, sight
from chalicelib.vehicles.service.moves import ENTERED, Move
from chalicelib.vehicles.service.parks import require_park
from chalicelib.vehicles.service.seen import Seen
from chalicelib.vehicles.service.waiting import SHOWN_FOR
from chalicelib.vehicles.tables.books import PlateBook
from chalicelib.vehicles.tables.stays import StayRow


@dataclass(frozen=True)
class StayView:
    """A stay as staff list it: of which kind of car, never whose."""

    stay_id: str
    park_id: str
    kind: CarKind
    state: str
    entered_at: datetime | None
    exited_at: datetime | None
    admitted_by: str | None
    orphan: str | None
    late: bool
    opened: str | None


@dataclass(frozen=True)
class StaySeen:
    """One stay with plate, flat and stills, after a look is on record."""

    stay: StayView
    plate: str
    unit_id: str | None
    entry_still_url: str | None
    exit_still_url: str | None


@dataclass(frozen=True)
class Stays:
    """One page of stays, the latest first."""

    items: list[StayView]
    next: str | None


def inside(caller: Caller, park_id: str, *, limit: int, after: str | None) -> Stays:
    """Return one page of who is inside a car park, as far as the caller sees them.

    Raises NotFound `no_such_park`.
    """
    require_park(caller.community_id, park_id)
    key = tenant_key(caller.community_id, park_id)
    return _page(caller, StayRow.inside.query, key, limit=limit, after=after)


def newest(caller: Caller, *, limit: int, after: str | None) -> Stays:
    """Return one page of the stays that began in the caller's part of the estate."""
    return _page(caller, StayRow.by_time.query, caller.community_id, limit=limit, after=after)


def show(caller: Caller, stay_id: str, *, purpose: str, ticket: str) -> StaySeen:
    """Return one stay in the clear, for one incident; the look is on record before.

    Raises NotFound `no_such_stay`, Forbidden `ticket_required`.
    """
    row = _of(caller, stay_id)
    if not (purpose and ticket):
        raise Forbidden("ticket_required", "查看个人信息须填写工单号和事由")
    plate = sealed.opened(row.community_id, row.person_id, stay_id, row.plate)
    subject = row.person_id or row.stay_id
    fields = ["plate", "still", "units"]
    audit.viewing(caller, subject, purpose=purpose, ticket=ticket, fields=fields)
    return StaySeen(
        _view(row),
        plate,
        row.unit_id,
        media.shown(row.entry_still, SHOWN_FOR) if row.entry_still else None,
        media.shown(row.exit_still, SHOWN_FOR) if row.exit_still else None,
    )


def close(caller: Caller, stay_id: str, *, at: datetime | None = None) -> StayView:
    """End a stay whose car is not there any more; raises NotFound, Conflict `stay_ended`."""
    row = _of(caller, stay_id)
    if row.state != ENTERED:
        raise Conflict("stay_ended", "该车辆已离场")
    return _close(row, at or clock.now(), "closed_by_hand", by=caller.subject_id)


def end_lost(*, at: datetime | None = None, limit: int = 100) -> int:
    """End stays that are older than a plate may be kept; return how many."""
    at = at or clock.now()
    return sweep.each(list(StayRow.overdue(at, limit)), lambda key: _end_lost(key, at))


def _end_lost(key: str, at: datetime) -> bool:
    row = StayRow.find(key)
    if row is None or row.state != ENTERED:
        return False
    _close(row, at, "exit_unseen")
    return True


def _close(row: StayRow, at: datetime, why: str, by: str = "") -> StayView:
    where = row.entry_device or "", row.place_id, row.park_id
    seen = Seen(row.community_id, *where, row.stay_id, at, path=row.path or "")
    book = PlateBook.at(row.book_key, seen.at_ms) if row.book_key else None
    move = Move(seen, book, by)
    moves.close(move, row, why)
    shown = _view(row)
    move.commit(answer=shown)
    return shown


def _page(caller: Caller, query: Any, key: str, *, limit: int, after: str | None) -> Stays:
    rows, following = cursor.page(
        query,
        key,
        filter_condition=sight.filter_of(caller, StayRow.path),
        scan_index_forward=False,
        listing=f"stays/{key}/{caller.node_path}",
        limit=limit,
        after=after,
    )
    return Stays([_view(row) for row in rows if row.is_live()], following)


def _of(caller: Caller, stay_id: str) -> StayRow:
    row = StayRow.of(caller.community_id, stay_id)
    if row is None or not sight.sees(caller, row.path):
        raise NotFound("no_such_stay", "没有找到该停车记录")
    return row


def _view(row: StayRow) -> StayView:
    return StayView(
        stay_id=row.stay_id,
        park_id=row.park_id,
        kind=CarKind(row.kind),
        state=row.state,
        entered_at=clock.maybe_from_epoch_ms(row.entered_at),
        exited_at=clock.maybe_from_epoch_ms(row.exited_at),
        admitted_by=row.admitted_by,
        orphan=row.orphan,
        late=bool(row.late),
        opened=row.opened,
    )
