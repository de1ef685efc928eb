"""What staff decide of registered plates: approved, rejected, struck, always let through."""

from datetime import datetime

from chalicelib.core import audit, clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict
from chalicelib.core.table import tenant_key
from chalicelib.vehicles.events import PlateDecided
from chalicelib.vehicles.rules.passing import CarKind
from chalicelib.vehicles.service import plates
from chalicelib.vehicles.tables.books import PlateBook
from chalicelib.vehicles.tables.plates import PlateRow


def listed(caller: Caller, state: str, *, limit: int, after: str | None) -> plates.Plates:
    """Return one page of the estate's plates in a state, the oldest first; none in the clear."""
    key = tenant_key(caller.community_id, state)
    rows, following = cursor.page(
        PlateRow.by_state.query, key, listing=f"plates-in/{key}", limit=limit, after=after
    )
    return plates.Plates(
        [plates.view(row, shown=False) for row in rows if plates.sees(caller, row)], following
    )


def show(caller: Caller, plate_id: str) -> plates.PlateView:
    """Return a plate in the clear to whoever decides on it, after that is on record.

    The registration is its own ticket. Raises NotFound `no_such_plate`.
    """
    row = _seen(caller, plate_id)
    shown = plates.view(row)
    if row.person_id:
        audit.viewing(caller, row.person_id, purpose="plate", ticket=plate_id, fields=["plate"])
    return shown


def decide(
    caller: Caller, plate_id: str, *, approve: bool, reason: str = "", at: datetime | None = None
) -> plates.PlateView:
    """Approve a plate or reject it; raises NotFound, Conflict `already_decided`, `lost_race`."""
    at, row = at or clock.now(), _seen(caller, plate_id)
    if row.state != plates.PENDING:
        raise Conflict("already_decided", "该申请已处理", details={"state": row.state})
    row.decided_at, row.decided_by = clock.epoch_ms(at), caller.subject_id
    row.reason = reason or None
    if not approve:
        plates.finish(row, plates.REJECTED, at, events=(_fact(row, plates.REJECTED, at),))
        return plates.view(row, shown=False)
    plates.turn(row, plates.APPROVED)
    book = PlateBook.at(row.book_key, clock.epoch_ms(at))
    plates.write(book, row, at)
    shown = plates.view(row, shown=False)
    outbox.commit(row, book, events=(_fact(row, plates.APPROVED, at),), answer=shown)
    return shown


def list_on_duty(
    caller: Caller, said: str, label: str, *, at: datetime | None = None
) -> plates.PlateView:
    """Let a vehicle on duty that has an ordinary plate (an ambulance) always pass.

    Raises Unprocessable `bad_plate`, Conflict `plate_registered`.
    """
    at, plate = at or clock.now(), plates.readable(said)
    row = plates.new_row(caller.community_id, plate, at, kind=CarKind.EMERGENCY)
    row.label, row.decided_by = label, caller.subject_id
    book = PlateBook.of(caller.community_id, plate.text, clock.epoch_ms(at))
    same = [one for one in book.known() if one.index == row.plate_index]
    if any(one.kind is CarKind.EMERGENCY for one in same):
        raise Conflict("plate_registered", "该车牌已登记")
    plates.turn(row, plates.APPROVED)
    plates.write(book, row, at)
    shown = plates.view(row)
    outbox.commit(row, book, answer=shown)
    return shown


def strike(caller: Caller, plate_id: str, *, at: datetime | None = None) -> plates.PlateView:
    """Let a plate pass no more, as staff; raises NotFound `no_such_plate`."""
    row = _seen(caller, plate_id)
    if row.state not in (plates.PENDING, plates.APPROVED):
        return plates.view(row, shown=False)
    row.decided_by = caller.subject_id
    plates.finish(row, plates.ENDED, at or clock.now())
    return plates.view(row, shown=False)


def _seen(caller: Caller, plate_id: str) -> PlateRow:
    row = plates.plate_of(caller.community_id, plate_id)
    if not plates.sees(caller, row):
        raise plates.no_such_plate()
    return row


def _fact(row: PlateRow, state: str, at: datetime) -> PlateDecided:
    return PlateDecided(
        row.community_id, row.plate_id, str(row.unit_id), str(row.person_id), state, at
    )
