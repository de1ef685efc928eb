"""Cars that wait at a barrier: a guard lets each in, or turns it away, once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.access import public as access
from chalicelib.access.events import DeskDone
from chalicelib.core import clock, outbox, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Refusal, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.table import Row
from chalicelib.vehicles.rules import passing as rules
from chalicelib.vehicles.rules.passing import GUESTS, WAITS_FOR, CarKind, Entry, Why
from chalicelib.vehicles.rules.plates import Plate, normalise
from chalicelib.vehicles.service import moves
from chalicelib.vehicles.service.moves import Move
from chalicelib.vehicles.service.parks import guest_spaces
from chalicelib.vehicles.service.seen import Seen
from chalicelib.vehicles.service.waiting import (
    ArrivalView,
    arrival_of,
    entries_of,
    reading_of,
    view,
)
from chalicelib.vehicles.tables.books import PlateBook, plate_index
from chalicelib.vehicles.tables.parks import ParkCount, Parking
from chalicelib.vehicles.tables.stays import ArrivalRow, StayRow

FRESH: Final = timedelta(seconds=30)
"""A guard's word that comes to us later than this moves no barrier any more."""

_OUTCOMES: Final = {
    "let_in": access.DeskOutcome.LET_IN,
    "confirmed": access.DeskOutcome.CONFIRMED,
    "turned_away": access.DeskOutcome.TURNED_AWAY,
    "lapsed": access.DeskOutcome.NOBODY_THERE,
}


@dataclass(frozen=True)
class Admission:
    """As what a guard lets a car in.

    `candidate_id` confirms a near match; `plate` is what the guard reads with their own eyes.
    `beyond_capacity`: although no space is free that belongs to nobody.
    """

    candidate_id: str = ""
    plate: str = ""
    reason: str = ""
    beyond_capacity: bool = False


def admit(
    caller: Caller, arrival_id: str, wish: Admission, *, at: datetime | None = None
) -> ArrivalView:
    """Let a waiting car through: the barrier opens once.

    Raises NotFound `no_such_arrival`, `no_such_candidate`, Conflict `already_decided`,
    `car_park_full`, `lost_race`, Unprocessable `arrival_over`, `bad_plate`,
    `reason_required`.
    """
    row = arrival_of(caller, arrival_id)
    return _admit(row, wish, caller.subject_id, at or clock.now(), asks_desk=True)


def turn_away(
    caller: Caller, arrival_id: str, reason: str, *, at: datetime | None = None
) -> ArrivalView:
    """Turn a waiting car away; raises NotFound `no_such_arrival`, Conflict `already_decided`."""
    row = arrival_of(caller, arrival_id)
    return _turn_away(row, caller.subject_id, reason, at or clock.now(), asks_desk=True)


def hear_desk(event: DeskDone, *, at: datetime | None = None) -> None:
    """Do what a guard said at the desk; said too long ago, it lets nobody in."""
    row = ArrivalRow.of(event.community_id, event.subject)
    if row is None or row.state != "WAITING":
        return
    now = at or clock.now()
    lets_in = event.outcome in ("let_in", "confirmed") and now - event.done_at <= FRESH
    if not lets_in or _is_over(row, now):
        _turn_away(row, event.done_by, event.outcome, now)
        return
    single = row.candidates[0] if len(row.candidates) == 1 else ""
    chosen = single if event.outcome == "confirmed" else ""
    wish = Admission(chosen, reason=event.outcome, beyond_capacity=True)
    try:
        _admit(row, wish, event.done_by, now)
    except NotFound as refusal:
        if refusal.code != "no_such_candidate":
            raise
        _admit(row, replace(wish, candidate_id=""), event.done_by, now)


def _admit(
    row: ArrivalRow, wish: Admission, by: str, at: datetime, *, asks_desk: bool = False
) -> ArrivalView:
    _require_waiting(row)
    if _is_over(row, at):
        raise Unprocessable("arrival_over", "车辆早已离开，请等待重新识别")
    if asks_desk and not (wish.candidate_id or wish.plate or wish.reason):
        raise Unprocessable("reason_required", "请填写车牌或放行原因")
    seen = _seen(row, wish, at)
    entry = _chosen(row, wish, at)
    plate = entry.index if entry else seen.index
    book = _book(row, seen, entry)
    if row.side == "out":
        move = Move(seen, book, by)
        stay = moves.leave(move, _stay_index(book, wish.candidate_id) or plate, entry)
    else:
        kind = entry.kind if entry else CarKind.OTHER
        move = Move(seen, book, by, None if wish.beyond_capacity else _most(row, kind))
        _require_space(row, move.most)
        stay = moves.enter(move, kind, entry)
    assert stay is not None
    _order(move, stay, row)
    row.stay_id = stay.stay_id
    _decided(row, "ADMITTED", by, wish.reason, at)
    outcome = "confirmed" if wish.candidate_id else "let_in"
    move.rows += [row, *(_desk(row, outcome, by, at) if asks_desk else [])]
    shown = view(row)
    move.commit(answer=shown)
    return shown


def _order(move: Move, stay: StayRow, row: ArrivalRow) -> None:
    """Order the barrier to open; one that cannot be told is the guard's to open by hand.

    The guard's word stands all the same: the car is through, and on record.
    """
    try:
        moves.open_barrier(move, stay)
    except Refusal as refusal:
        logger().warning("barrier not told", extra={"code": refusal.code})
        stay.opened = "FAILED"
        ask = access.DeskAsk(
            row.community_id,
            access.DeskKind.PLATE,
            stay.stay_id,
            Why.NO_BARRIER.value,
            row.place_id,
            move.seen.at,
            path=row.path or "",
            unit_id=stay.unit_id or "",
            still=row.still or "",
            subject=stay.stay_id,
        )
        move.rows.append(access.ask_desk(ask))


def lapse_arrivals(*, at: datetime | None = None, limit: int = 200) -> int:
    """End the waiting of cars that nobody decided on in time; return of how many."""
    at = at or clock.now()
    return sweep.each(list(ArrivalRow.overdue(at, limit)), lambda key: _lapse(key, at))


def _lapse(key: str, at: datetime) -> bool:
    row = ArrivalRow.find(key)
    if row is None or row.state != "WAITING" or (row.due_at or 0) > clock.epoch_ms(at):
        return False
    _decided(row, "LAPSED", "vehicles", "", at)
    outbox.commit(row, *_desk(row, "lapsed", "vehicles", at))
    return True


def _turn_away(
    row: ArrivalRow, by: str, reason: str, at: datetime, *, asks_desk: bool = False
) -> ArrivalView:
    _require_waiting(row)
    _decided(row, "TURNED_AWAY", by, reason, at)
    shown = view(row)
    outbox.commit(row, *(_desk(row, "turned_away", by, at) if asks_desk else []), answer=shown)
    return shown


def _decided(row: ArrivalRow, state: str, by: str, reason: str, at: datetime) -> None:
    row.state, row.waiting_key, row.decided_by = state, None, by
    row.shard = row.due_at = None
    row.reason, row.decided_at = reason or None, clock.epoch_ms(at)


def _desk(row: ArrivalRow, outcome: str, by: str, at: datetime) -> list[Row]:
    """Return the desk's request as done with, if it still waits there."""
    closed = access.close_desk(
        row.community_id, access.DeskKind.PLATE, row.arrival_id, _OUTCOMES[outcome], by=by, at=at
    )
    return [closed] if closed is not None else []


def _seen(row: ArrivalRow, wish: Admission, at: datetime) -> Seen:
    """Return the car as the guard sees it: by their own reading, else by the camera's."""
    plate: Plate | None
    if wish.plate:
        plate = normalise(wish.plate)
        if plate is None:
            raise Unprocessable("bad_plate", "车牌号格式不正确")
        text = plate.text
    else:
        text = reading_of(row)
        plate = normalise(text)
    return Seen(
        community_id=row.community_id,
        device_id=row.device_id,
        place_id=row.place_id,
        park_id=row.park_id,
        cause=row.arrival_id,
        at=at,
        text=text,
        plate=plate,
        index=plate_index(row.community_id, text) if text else "",
        still=row.still,
        path=row.path or "",
    )


def _chosen(row: ArrivalRow, wish: Admission, at: datetime) -> Entry | None:
    """Return the entry that the guard confirms; raises NotFound `no_such_candidate`."""
    if not wish.candidate_id or row.side == "out":
        return None
    entry = next((one for one in entries_of(row) if one.id == wish.candidate_id), None)
    at_ms = clock.epoch_ms(at)
    if entry is None or not rules.may_be_confirmed(entry, at_ms):
        raise NotFound("no_such_candidate", "没有找到可确认的登记车辆")
    return entry


def _book(row: ArrivalRow, seen: Seen, entry: Entry | None) -> PlateBook | None:
    """Return the book of the plate that the car goes by."""
    if entry is not None or (row.side == "out" and row.book_key):
        return PlateBook.at(str(row.book_key), seen.at_ms)
    return PlateBook.of(row.community_id, seen.text, seen.at_ms) if seen.text else None


def _stay_index(book: PlateBook | None, stay_id: str) -> str:
    """Return the plate of the stay that a guard confirms for a car going out."""
    if book is None or not stay_id:
        return ""
    for index, said in book.inside.items():
        if said["stay_id"] == stay_id:
            return str(index)
    raise NotFound("no_such_candidate", "没有找到可确认的登记车辆")


def _most(row: ArrivalRow, kind: CarKind) -> int | None:
    return guest_spaces(Parking.of(row.community_id), row.park_id) if kind in GUESTS else None


def _require_space(row: ArrivalRow, most: int | None) -> None:
    if most is not None and int(ParkCount.of(row.community_id, row.park_id).guests or 0) >= most:
        raise Conflict("car_park_full", "车场已无访客车位")


def _is_over(row: ArrivalRow, at: datetime) -> bool:
    return at - clock.from_epoch_ms(int(row.at)) > WAITS_FOR


def _require_waiting(row: ArrivalRow) -> None:
    if row.state != "WAITING":
        raise Conflict("already_decided", "该车辆已处理", details={"state": row.state})
