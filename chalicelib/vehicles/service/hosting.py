"""What staff decide of announced visitors' cars, and what time decides."""

from datetime import datetime

from chalicelib.core import audit, clock, cursor, outbox, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.vehicles.events import VisitOverstayed
from chalicelib.vehicles.rules import visits as rules
from chalicelib.vehicles.rules.visits import VisitState
from chalicelib.vehicles.service import visits
from chalicelib.vehicles.tables.books import PlateBook
from chalicelib.vehicles.tables.visits import VisitRow


def listed(caller: Caller, state: VisitState, *, limit: int, after: str | None) -> visits.Visits:
    """Return one page of the estate's visits in a state, by their beginning; no plate shown."""
    key = tenant_key(caller.community_id, state.value)
    rows, following = cursor.page(
        VisitRow.by_state.query, key, listing=f"visits-in/{key}", limit=limit, after=after
    )
    shown = [visits.view(row, shown=False) for row in rows if row.is_live() and _sees(caller, row)]
    return visits.Visits(shown, following)


def show(caller: Caller, visit_id: str) -> visits.VisitView:
    """Return a visit with its plate to who decides on it, after that is on record."""
    row = _seen(caller, visit_id)
    shown = visits.view(row)
    audit.viewing(caller, row.person_id, purpose="plate", ticket=visit_id, fields=["plate"])
    return shown


def decide(
    caller: Caller, visit_id: str, *, approve: bool, reason: str = "", at: datetime | None = None
) -> visits.VisitView:
    """Approve a visit or reject it; raises NotFound, Conflict `already_decided`, `lost_race`."""
    at, row = at or clock.now(), _seen(caller, visit_id)
    if row.state != VisitState.PENDING:
        raise Conflict("already_decided", "该申请已处理", details={"state": row.state})
    row.decided_at, row.decided_by = clock.epoch_ms(at), caller.subject_id
    row.reason = reason or None
    if not approve:
        visits.withdraw(row, at, VisitState.REJECTED)
        return visits.view(row, shown=False)
    row.advance(VisitState.APPROVED)
    book = PlateBook.at(row.book_key, clock.epoch_ms(at))
    visits.write(book, row, at)
    shown = visits.view(row, shown=False)
    outbox.commit(row, book, events=(visits.decided(row, at),), answer=shown)
    return shown


def lapse_visits(*, at: datetime | None = None, limit: int = 200) -> int:
    """End visits that nobody used in time, and notice those that overstay; return how many."""
    at = at or clock.now()
    return sweep.each(list(VisitRow.overdue(at, limit)), lambda key: _lapse(key, at))


def _lapse(key: str, at: datetime) -> bool:
    row = VisitRow.find(key)
    following = rules.lapsed(VisitState(row.state)) if row is not None else None
    if row is None or following is None or row.due_at is None:
        return False
    if row.due_at > clock.epoch_ms(at):
        return False
    given = visits.given_back(row)
    row.advance(following)
    if following is VisitState.EXPIRED:
        outbox.commit(row, given=given)
        return True
    over = VisitOverstayed(row.community_id, row.visit_id, row.unit_id, row.person_id, at)
    outbox.commit(row, events=(over,))
    return True


def _seen(caller: Caller, visit_id: str) -> VisitRow:
    row = VisitRow.of(caller.community_id, visit_id)
    if row is None or not _sees(caller, row):
        raise visits.no_such_visit()
    return row


def _sees(caller: Caller, row: VisitRow) -> bool:
    return identity.sees_unit(caller, row.unit_id)
