"""Use cases of announced visitors' cars: registered by a flat, approved, cancelled, over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.outbox import Given
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.vehicles.events import VisitDecided
from chalicelib.vehicles.rules import visits as rules
from chalicelib.vehicles.rules.passing import CarKind, Entry
from chalicelib.vehicles.rules.visits import Payer, VisitState
from chalicelib.vehicles.service import quotas, sealed
from chalicelib.vehicles.service.plates import readable, require_home
from chalicelib.vehicles.tables.books import PlateBook, among, book_key, plate_index
from chalicelib.vehicles.tables.parks import Parking
from chalicelib.vehicles.tables.visits import VisitRow

_WINDOW = {
    "window_over": "到访时间已过",
    "window_begun": "到访开始时间不能早于现在",
    "window_too_short": "到访时段至少5分钟",
    "window_too_long": "到访时段超过允许的天数",
    "window_too_far": "最多提前90天登记",
}


@dataclass(frozen=True)
class Visit:
    """What a host asks for; `submit` false keeps it as a draft."""

    unit_id: str
    plate: str
    starts: datetime
    ends: datetime
    entries_allowed: int = 1
    payer: Payer = Payer.VISITOR
    note: str = ""
    submit: bool = True


@dataclass(frozen=True)
class VisitView:
    """A registered visit; its plate and note only for the host, and for staff on record."""

    visit_id: str
    unit_id: str
    plate: str
    form: str
    state: VisitState
    starts: datetime
    ends: datetime
    entries_allowed: int
    entered: int
    free_minutes: int
    payer: Payer
    note: str | None
    arrived_at: datetime | None
    left_at: datetime | None
    reason: str | None


@dataclass(frozen=True)
class Visits:
    """One page of visits."""

    items: list[VisitView]
    next: str | None


def register(caller: Caller, wish: Visit, *, at: datetime | None = None) -> VisitView:
    """Register a visitor's car before it comes.

    Raises NotFound `no_such_unit`, Unprocessable `bad_plate`, `window_over`,
    `window_begun`, `window_too_short`, `window_too_long`, `window_too_far`,
    `visit_quota_used`, Conflict `overlapping_registration`, `lost_race`.
    """
    at, parking = at or clock.now(), Parking.of(caller.community_id)
    require_home(caller, wish.unit_id)
    plate = readable(wish.plate)
    longest = timedelta(days=int(parking.longest_days))
    if code := rules.window_refusal(wish.starts, wish.ends, at, longest):
        raise Unprocessable(code, _WINDOW[code])
    visit_id = ids.new_id("visit")
    row = VisitRow(
        visit_key=tenant_key(caller.community_id, visit_id),
        visit_id=visit_id,
        community_id=caller.community_id,
        unit_id=wish.unit_id,
        person_id=caller.subject_id,
        person_key=tenant_key(caller.community_id, caller.subject_id),
        plate=sealed.under(caller.community_id, caller.subject_id, plate.text),
        plate_index=plate_index(caller.community_id, plate.text),
        book_key=book_key(caller.community_id, plate.text),
        form=plate.form.value,
        starts=clock.epoch_ms(wish.starts),
        ends=clock.epoch_ms(wish.ends),
        entries_allowed=wish.entries_allowed,
        free_minutes=int(parking.free_minutes),
        payer=wish.payer.value,
        note=wish.note or None,
        asked_at=clock.epoch_ms(at),
        expires=kept_until(Kept.PASSAGE, wish.ends),
    )
    row.turn(VisitState.DRAFT)
    return _submitted(caller, row, parking, at) if wish.submit else _kept(caller, row)


def submit(caller: Caller, visit_id: str, *, at: datetime | None = None) -> VisitView:
    """Submit a draft; raises as `register`, and Conflict `not_a_draft`."""
    row, at = _own(caller, visit_id), at or clock.now()
    if row.state != VisitState.DRAFT:
        raise Conflict("not_a_draft", "该登记已提交", details={"state": row.state})
    if clock.epoch_ms(at) >= row.ends:
        raise Unprocessable("window_over", _WINDOW["window_over"])
    require_home(caller, row.unit_id)
    return _submitted(caller, row, Parking.of(caller.community_id), at)


def cancel(caller: Caller, visit_id: str, *, at: datetime | None = None) -> VisitView:
    """Take a visit back; who is inside may still leave. Raises Conflict `visit_ended`."""
    row = _own(caller, visit_id)
    if row.state == VisitState.CANCELLED:
        return view(row)
    if not rules.may_follow(VisitState(row.state), VisitState.CANCELLED):
        raise Conflict("visit_ended", "该到访无法取消", details={"state": row.state})
    return withdraw(row, at or clock.now())


def withdraw(row: VisitRow, at: datetime, state: VisitState = VisitState.CANCELLED) -> VisitView:
    """End a visit that has not begun, or may not begin again, and give its quota back."""
    back = given_back(row)
    book = PlateBook.at(row.book_key, clock.epoch_ms(at))
    book.strike(row.visit_id, clock.epoch_ms(at))
    row.advance(state)
    shown = view(row)
    events = (decided(row, at),) if state is VisitState.REJECTED else ()
    outbox.commit(row, book, given=back, events=events, answer=shown)
    return shown


def mine(caller: Caller, *, limit: int, after: str | None) -> Visits:
    """Return one page of the visits that the caller registered, the latest window first."""
    key = tenant_key(caller.community_id, caller.subject_id)
    rows, following = cursor.page(
        VisitRow.by_person.query,
        key,
        scan_index_forward=False,
        listing=f"visits/{key}",
        limit=limit,
        after=after,
    )
    return Visits([view(row) for row in rows if row.is_live()], following)


def show(caller: Caller, visit_id: str) -> VisitView:
    """Return one of the caller's own visits; raises NotFound `no_such_visit`."""
    return view(_own(caller, visit_id))


def _submitted(caller: Caller, row: VisitRow, parking: Parking, at: datetime) -> VisitView:
    """Take the visit from the quota and into the plate's book, in one transaction."""
    starts = clock.from_epoch_ms(int(row.starts))
    book = PlateBook.at(row.book_key, clock.epoch_ms(at))
    window = int(row.starts), int(row.ends)
    for other in among(book.known(), row.unit_id, row.plate_index):
        if rules.overlaps(window, (other.starts or 0, other.ends or 0)):
            raise Conflict("overlapping_registration", "该车牌在此时段已登记")
    row.month, most = rules.month_of(max(starts, at)), int(parking.visits_per_month)
    what, until = f"visits#{row.month}", int(row.expires)
    if not quotas.has_room(row.community_id, row.unit_id, what, most):
        raise Unprocessable("visit_quota_used", "本户当月访客车辆名额已用完")
    taken = quotas.take(row.community_id, row.unit_id, what, most, until=until)
    row.advance(VisitState.PENDING)
    if not parking.approve_visits:
        row.advance(VisitState.APPROVED)
    write(book, row, at)
    return _kept(caller, row, book, given=(taken,))


def _kept(caller: Caller, row: VisitRow, *rows: Any, given: Sequence[Given] = ()) -> VisitView:
    """Commit if the caller speaks for the flat at this very moment."""
    speaks = identity.speaks_for(caller.community_id, row.unit_id, caller.subject_id)
    shown = view(row)
    try:
        outbox.commit(row, *rows, given=(speaks, *given), answer=shown)
    except Conflict:
        require_home(caller, row.unit_id)
        raise
    return shown


def write(book: PlateBook, row: VisitRow, at: datetime) -> None:
    """Write a visit into the book that the barrier looks it up in."""
    entry = Entry(
        row.visit_id,
        CarKind.VISITOR,
        row.plate_index,
        row.unit_id,
        row.person_id,
        max(int(row.starts), int(row.asked_at)),
        int(row.ends),
        int(row.entries_allowed) - int(row.entered),
        is_good=row.state == VisitState.APPROVED,
        asked=int(row.asked_at),
    )
    book.write(entry, clock.epoch_ms(at))


def given_back(row: VisitRow) -> list[Given]:
    """Return what gives an unused visit back to the quota that it was taken from."""
    if row.month is None or VisitState(row.state) not in rules.QUOTED:
        return []
    what, row.month = f"visits#{row.month}", None
    return quotas.give_back(row.community_id, row.unit_id, what)


def _own(caller: Caller, visit_id: str) -> VisitRow:
    row = VisitRow.of(caller.community_id, visit_id)
    if row is None or row.person_id != caller.subject_id:
        raise no_such_visit()
    return row


def no_such_visit() -> NotFound:
    """Return the refusal for a visit that is not there for the caller."""
    return NotFound("no_such_visit", "没有找到该访客车辆登记")


def decided(row: VisitRow, at: datetime) -> VisitDecided:
    """Return the fact that a visit was decided on."""
    return VisitDecided(row.community_id, row.visit_id, row.unit_id, row.person_id, row.state, at)


def view(row: VisitRow, *, shown: bool = True) -> VisitView:
    """Return what is seen of a visit; plate and note only where they may be `shown`."""
    plate = sealed.opened(row.community_id, row.person_id, row.visit_id, row.plate) if shown else ""
    return VisitView(
        visit_id=row.visit_id,
        unit_id=row.unit_id,
        plate=plate,
        form=row.form,
        state=VisitState(row.state),
        starts=clock.from_epoch_ms(int(row.starts)),
        ends=clock.from_epoch_ms(int(row.ends)),
        entries_allowed=int(row.entries_allowed),
        entered=int(row.entered),
        free_minutes=int(row.free_minutes),
        payer=Payer(row.payer),
        note=row.note if shown else None,
        arrived_at=clock.maybe_from_epoch_ms(row.arrived_at),
        left_at=clock.maybe_from_epoch_ms(row.left_at),
        reason=row.reason,
    )
