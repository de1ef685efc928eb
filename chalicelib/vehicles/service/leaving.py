"""People move out, are forgotten, or ask what is held of them: their plates go with them."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.core import clock, media, outbox
from chalicelib.core.patience import patiently
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded
from chalicelib.vehicles.rules.passing import CarKind, precedence
from chalicelib.vehicles.rules.plates import normalise
from chalicelib.vehicles.rules.visits import VisitState, may_follow
from chalicelib.vehicles.service import plates, sealed, visits
from chalicelib.vehicles.tables.books import PlateBook, plate_index
from chalicelib.vehicles.tables.plates import PlateRow
from chalicelib.vehicles.tables.stays import StayRow
from chalicelib.vehicles.tables.visits import VisitRow


@dataclass(frozen=True)
class VehicleSubject:
    """Whose a plate is: resident, visitor (the host), emergency, or nobody's (`other`)."""

    kind: str
    person_id: str
    unit_id: str
    plate: str
    index: str


def end_with_home(event: ResidencyEnded, *, at: datetime | None = None) -> None:
    """Take back what somebody registered for a flat that they left: nothing of it passes again.

    A car that is inside may still go out. What was registered after they left is of a later
    stay: the fact may be told late.
    """
    until = clock.epoch_ms(event.ended_at)
    _end(event.community_id, event.person_id, at or clock.now(), event.unit_id, until)


def forget(event: PersonForgotten | AccountErased, *, at: datetime | None = None) -> None:
    """Delete what is held of a person's cars; a stay stays as a number that names nobody."""
    at = at or clock.now()
    _end(event.community_id, event.person_id, at)
    key = tenant_key(event.community_id, event.person_id)
    for plate in list(PlateRow.by_person.query(key)):
        _erase(PlateRow.of(event.community_id, plate.plate_id))
    for visit in list(VisitRow.by_person.query(key)):
        _erase(VisitRow.of(event.community_id, visit.visit_id))
    for stay in list(StayRow.by_person.query(key)):
        patiently(partial(_blank, event.community_id, stay.stay_id))


def _end(
    community_id: str, person_id: str, at: datetime, unit_id: str = "", until: float = math.inf
) -> None:
    """End what was registered `until` an instant (epoch ms): for one flat, or for all."""
    key = tenant_key(community_id, person_id)
    for plate in list(PlateRow.by_person.query(key)):
        if unit_id in ("", plate.unit_id) and plate.asked_at <= until:
            patiently(partial(_end_plate, community_id, plate.plate_id, at))
    for visit in list(VisitRow.by_person.query(key)):
        if unit_id in ("", visit.unit_id) and visit.asked_at <= until:
            patiently(partial(_end_visit, community_id, visit.visit_id, at))


def _end_plate(community_id: str, plate_id: str, at: datetime) -> None:
    row = PlateRow.of(community_id, plate_id)
    if row is not None and row.state in (plates.PENDING, plates.APPROVED):
        plates.finish(row, plates.ENDED, at)


def _end_visit(community_id: str, visit_id: str, at: datetime) -> None:
    """Cancel a visit; one whose car is inside only comes in no more."""
    row = VisitRow.of(community_id, visit_id)
    if row is None:
        return
    if may_follow(VisitState(row.state), VisitState.CANCELLED):
        visits.withdraw(row, at)
    elif row.state in (VisitState.ENTERED, VisitState.OVERSTAYED):
        book = PlateBook.at(row.book_key, clock.epoch_ms(at))
        if book.entry(visit_id) is not None:
            book.strike(visit_id, clock.epoch_ms(at))
            outbox.commit(book)


def _erase(row: Row | None) -> None:
    if row is not None:
        row.delete()


def _blank(community_id: str, stay_id: str) -> None:
    row = StayRow.of(community_id, stay_id)
    if row is not None and row.person_key is not None:
        for still in (row.entry_still, row.exit_still):
            if still:
                media.erase(still)
        row.forget()
        outbox.commit(row)


def subject_of_plate(community_id: str, text: str, at: datetime) -> VehicleSubject | None:
    """Return whose a plate was at an instant, or None for what is no plate; one read.

    In doubt it is nobody's: of a plate that was registered only later, or is no more.
    """
    plate = normalise(text)
    if plate is None:
        return None
    at_ms, index = clock.epoch_ms(at), plate_index(community_id, plate.text)
    own = [
        one for one in PlateBook.of(community_id, plate.text, at_ms).known() if one.index == index
    ]
    if plate.is_on_duty:
        return VehicleSubject(CarKind.EMERGENCY.value, "", "", plate.text, index)
    good = [one for one in own if one.is_good and one.covers(at_ms)]
    for one in sorted(good, key=precedence):
        return VehicleSubject(one.kind.value, one.person_id, one.unit_id, plate.text, index)
    return VehicleSubject(CarKind.OTHER.value, "", "", plate.text, index)


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all that is held of a person's cars and their visitors', for their export."""
    key = tenant_key(community_id, person_id)
    kinds: tuple[tuple[str, Any, Callable[[Any], Any]], ...] = (
        ("plates", PlateRow, plates.view),
        ("visitor_plates", VisitRow, visits.view),
        ("stays", StayRow, _stay),
    )
    for kind, table, shown in kinds:
        for row in table.by_person.query(key):
            if row.is_live():
                said = shown(row)
                yield kind, {name: _plain(value) for name, value in vars(said).items()}


@dataclass(frozen=True)
class _Stay:
    stay_id: str
    plate: str
    kind: str
    state: str
    entered_at: datetime | None
    exited_at: datetime | None


def _stay(row: StayRow) -> _Stay:
    times = [clock.from_epoch_ms(int(at)) if at else None for at in (row.entered_at, row.exited_at)]
    plate = sealed.opened(row.community_id, row.person_id, row.stay_id, row.plate)
    return _Stay(row.stay_id, plate, row.kind, row.state, *times)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
