"""Use cases of registered plates: a resident's own, and of vehicles on duty."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chalicelib.core import clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.outbox import Given
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.vehicles.rules.passing import CarKind, Entry
from chalicelib.vehicles.rules.plates import Plate, normalise
from chalicelib.vehicles.service import quotas, sealed
from chalicelib.vehicles.tables.books import PlateBook, book_key, plate_index
from chalicelib.vehicles.tables.parks import Parking
from chalicelib.vehicles.tables.plates import PlateRow

PENDING: Final = "PENDING"
APPROVED: Final = "APPROVED"
REJECTED: Final = "REJECTED"
ENDED: Final = "ENDED"
PLATES: Final = "plates"
"""What a flat's number of plates is counted under."""


@dataclass(frozen=True)
class PlateView:
    """A registered plate as its own resident sees it."""

    plate_id: str
    plate: str
    form: str
    unit_id: str | None
    state: str
    label: str | None
    asked_at: datetime
    decided_at: datetime | None
    reason: str | None


@dataclass(frozen=True)
class Plates:
    """One page of plates."""

    items: list[PlateView]
    next: str | None


def register(
    caller: Caller, unit_id: str, said: str, label: str, *, at: datetime | None = None
) -> PlateView:
    """Register a resident's plate; it passes at once, or after staff have looked at it.

    Raises NotFound `no_such_unit`, Unprocessable `bad_plate`, `too_many_plates`, Conflict
    `plate_registered`, `lost_race`.
    """
    at, community_id = at or clock.now(), caller.community_id
    require_home(caller, unit_id)
    plate = readable(said)
    parking = Parking.of(community_id)
    row = new_row(community_id, plate, at, unit_id=unit_id, person_id=caller.subject_id)
    row.label = label or None
    book = PlateBook.of(community_id, plate.text, clock.epoch_ms(at))
    own = [one for one in book.known() if one.index == row.plate_index and one.unit_id == unit_id]
    if any(one.kind is CarKind.RESIDENT for one in own):
        raise Conflict("plate_registered", "该车牌已登记")
    most = int(parking.plates_per_flat)
    taken = quotas.take(community_id, unit_id, PLATES, most)
    if not quotas.has_room(community_id, unit_id, PLATES, most):
        raise Unprocessable("too_many_plates", "每户可登记的车牌数量已达上限")
    turn(row, PENDING if parking.approve_plates else APPROVED)
    write(book, row, at)
    shown = view(row)
    _commit(caller, unit_id, row, book, given=[taken], answer=shown)
    return shown


def readable(said: str) -> Plate:
    """Return the plate that was typed; raises Unprocessable `bad_plate`."""
    plate = normalise(said)
    if plate is None:
        raise Unprocessable("bad_plate", "车牌号格式不正确")
    return plate


def require_home(caller: Caller, unit_id: str) -> None:
    """Raise NotFound `no_such_unit` unless the caller speaks for the flat; one read."""
    if caller.subject_id not in identity.answerers(caller.community_id, unit_id):
        raise NotFound("no_such_unit", "没有找到该房屋")


def mine(caller: Caller, *, limit: int, after: str | None) -> Plates:
    """Return one page of the caller's own plates, the newest first; nobody else's at home."""
    key = tenant_key(caller.community_id, caller.subject_id)
    rows, following = cursor.page(
        PlateRow.by_person.query,
        key,
        scan_index_forward=False,
        listing=f"plates/{key}",
        limit=limit,
        after=after,
    )
    return Plates([view(row) for row in rows if row.is_live()], following)


def end(caller: Caller, plate_id: str, *, at: datetime | None = None) -> PlateView:
    """Take one's own plate back; raises NotFound `no_such_plate`."""
    row = plate_of(caller.community_id, plate_id)
    if row.person_id != caller.subject_id:
        raise no_such_plate()
    if row.state not in (PENDING, APPROVED):
        return view(row)
    return finish(row, ENDED, at or clock.now())


def finish(row: PlateRow, state: str, at: datetime, **also: Any) -> PlateView:
    """Let a plate pass no more, and give its place in the flat's number back."""
    book = PlateBook.at(row.book_key, clock.epoch_ms(at))
    book.strike(row.plate_id, clock.epoch_ms(at))
    turn(row, state)
    row.ended_at, row.expires = clock.epoch_ms(at), kept_until(Kept.PASSAGE, at)
    given = quotas.give_back(row.community_id, str(row.unit_id), PLATES) if row.unit_id else []
    shown = view(row)
    outbox.commit(row, book, given=given, answer=shown, **also)
    return shown


def new_row(
    community_id: str,
    plate: Plate,
    at: datetime,
    *,
    unit_id: str = "",
    person_id: str = "",
    kind: CarKind = CarKind.RESIDENT,
) -> PlateRow:
    """Return the row of a plate that is being registered."""
    plate_id = ids.new_id("own")
    if person_id:
        text = sealed.under(community_id, person_id, plate.text)
    else:
        text, _ = sealed.seal(community_id, "", plate_id, plate.text)
    return PlateRow(
        own_key=tenant_key(community_id, plate_id),
        plate_id=plate_id,
        community_id=community_id,
        kind=kind.value,
        form=plate.form.value,
        unit_id=unit_id or None,
        person_id=person_id or None,
        person_key=tenant_key(community_id, person_id) if person_id else None,
        plate=text,
        plate_index=plate_index(community_id, plate.text),
        book_key=book_key(community_id, plate.text),
        asked_at=clock.epoch_ms(at),
    )


def turn(row: PlateRow, state: str) -> None:
    """Be in a state, and be found by it."""
    row.state, row.state_key = state, tenant_key(row.community_id, state)


def write(book: PlateBook, row: PlateRow, at: datetime) -> None:
    """Write a plate into the book that the barrier looks it up in."""
    entry = Entry(
        row.plate_id,
        CarKind(row.kind),
        row.plate_index,
        row.unit_id or "",
        row.person_id or "",
        starts=int(row.asked_at),
        is_good=row.state == APPROVED,
        asked=int(row.asked_at),
    )
    book.write(entry, clock.epoch_ms(at))


def _commit(
    caller: Caller, unit_id: str, *rows: Any, given: list[Given], answer: PlateView
) -> None:
    """Commit if the caller speaks for the flat at this very moment."""
    speaks = identity.speaks_for(caller.community_id, unit_id, caller.subject_id)
    try:
        outbox.commit(*rows, given=(speaks, *given), answer=answer)
    except Conflict:
        require_home(caller, unit_id)
        raise


def sees(caller: Caller, row: PlateRow) -> bool:
    """Return whether a plate is of the caller's part of the estate."""
    return row.is_live() and (not row.unit_id or identity.sees_unit(caller, row.unit_id))


def plate_of(community_id: str, plate_id: str) -> PlateRow:
    """Return a community's plate; raises NotFound `no_such_plate`."""
    row = PlateRow.of(community_id, plate_id)
    if row is None:
        raise no_such_plate()
    return row


def no_such_plate() -> NotFound:
    """Return the refusal for a plate that is not there for the caller."""
    return NotFound("no_such_plate", "没有找到该车牌登记")


def view(row: PlateRow, *, shown: bool = True) -> PlateView:
    """Return what is seen of a plate; its number only where it may be `shown`."""
    owner = row.person_id
    text = sealed.opened(row.community_id, owner, row.plate_id, row.plate) if shown else ""
    return PlateView(
        plate_id=row.plate_id,
        plate=text,
        form=row.form,
        unit_id=row.unit_id,
        state=row.state,
        label=row.label if shown else None,
        asked_at=clock.from_epoch_ms(int(row.asked_at)),
        decided_at=clock.from_epoch_ms(int(row.decided_at)) if row.decided_at else None,
        reason=row.reason,
    )
