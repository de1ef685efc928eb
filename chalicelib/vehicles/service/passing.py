"""A plate camera saw a car: it passes by itself, or the guard is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from chalicelib.core import clock, once, outbox
from chalicelib.core.errors import Conflict, Refusal
from chalicelib.core.logs import logger
from chalicelib.core.patience import patiently
from chalicelib.core.table import Row, tenant_key
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.vehicles.rules import passing as rules
from chalicelib.vehicles.rules.passing import CarKind, Entry, Inside, Side, Why
from chalicelib.vehicles.rules.plates import normalise, spelt
from chalicelib.vehicles.service import moves
from chalicelib.vehicles.service.holding import Doubt, hold
from chalicelib.vehicles.service.moves import Move
from chalicelib.vehicles.service.parks import guest_spaces
from chalicelib.vehicles.service.seen import Seen, path_of
from chalicelib.vehicles.tables.books import PlateBook, plate_index
from chalicelib.vehicles.tables.parks import ParkCount, Parking
from chalicelib.vehicles.tables.stays import StayRow

ACTS_WITHIN: Final = timedelta(seconds=30)
"""What is heard later than this moves no barrier by itself: the guard looks who is there."""

WAITS_WITHIN: Final = timedelta(minutes=5)
"""Nobody waits longer than this: what is heard later still is history."""

OLDEST: Final = timedelta(days=30)
"""What a camera tells afterwards of longer ago than this is not taken into stays."""

HEARD_FOR: Final = timedelta(days=31)
"""How long it is known that an event was dealt with."""


def hear_vehicle(event: DeviceEventRecorded, *, at: datetime | None = None) -> None:
    """Deal with a car that a plate camera saw, once; what comes late opens nothing."""
    mark = tenant_key(event.community_id, "vehicle", event.device_id, event.event_id)
    patiently(partial(_hear, event, mark, at or clock.now()))


@dataclass(frozen=True)
class _Scene:
    """What is known of a car as it stands before the camera."""

    seen: Seen
    book: PlateBook | None
    parking: Parking
    inside: Inside | None
    side: Side
    is_sure: bool
    mark: Row


def _hear(event: DeviceEventRecorded, mark: str, now: datetime) -> None:
    scene = None if once.is_spent(mark) else _scene(event, mark, now)
    if scene is None:
        return None
    if scene.seen.late:
        return _afterwards(scene)
    if now - event.received_at > ACTS_WITHIN:
        return _hold(scene, Why.HEARD_LATE)
    if scene.side == "out":
        return _going(scene)
    return _coming(scene)


def _scene(event: DeviceEventRecorded, mark: str, now: datetime) -> _Scene | None:
    """Gather what a decision needs: the estate's rules and the plate's book; two reads."""
    parking = Parking.of(event.community_id)
    late = not event.live or now - event.received_at > WAITS_WITHIN
    at = event.received_at if event.live else min(event.occurred_at, event.received_at)
    if event.received_at - at > OLDEST:
        return None
    park_id, way = parking.lane(event.place_id)
    said = event.data.get("plate")
    reading = spelt(said) if isinstance(said, str) else ""
    reads = rules.is_read(reading, None, 0)
    plate = normalise(reading) if reads else None
    seen = Seen(
        community_id=event.community_id,
        device_id=event.device_id,
        place_id=event.place_id,
        park_id=park_id,
        cause=event.event_id,
        at=at,
        text=reading if reads else "",
        plate=plate,
        index=plate_index(event.community_id, reading) if reads else "",
        still=_still(event),
        late=late,
        path=path_of(event.community_id, event.device_id),
    )
    book = PlateBook.of(seen.community_id, reading, seen.at_ms) if reads else None
    inside = book.stay_of(seen.index) if book is not None else None
    return _Scene(
        seen=seen,
        book=book,
        parking=parking,
        inside=inside,
        side=rules.side_of(event.data.get("direction"), way, is_inside=inside is not None),
        is_sure=rules.is_read(
            reading, event.data.get("confidence"), float(parking.least_confidence)
        ),
        mark=once.spent_by(mark, event.received_at + HEARD_FOR),
    )


def _still(event: DeviceEventRecorded) -> str | None:
    """Return the key of the event's picture, if it is the camera's own."""
    picture = event.data.get("picture")
    key = picture.get("key") if isinstance(picture, dict) else None
    own = f"{event.community_id}/stills/{event.device_id}/"
    return key if isinstance(key, str) and key.startswith(own) else None


# -- coming in -----------------------------------------------------------------------------


def _coming(scene: _Scene) -> None:
    seen, book = scene.seen, scene.book
    if scene.inside and scene.inside.device_id == seen.device_id:
        if rules.is_again(scene.inside.seen_ms, seen.at_ms, rules.ECHO):
            return outbox.commit(scene.mark)
        if rules.is_again(scene.inside.entered_ms, seen.at_ms, rules.STILL_THERE):
            return _again(scene, scene.inside)
    known = book.known() if book is not None else []
    most = guest_spaces(scene.parking, seen.park_id)
    full = most is not None and int(_counts(seen).guests or 0) >= most
    verdict = rules.entering(seen.plate, seen.index, known, seen.at_ms, has_space=not full)
    verdict = rules.unless_sure(verdict, known, is_sure=scene.is_sure)
    if not verdict.opens:
        return _hold(scene, verdict.why or Why.UNKNOWN, verdict.candidates)
    move = Move(seen, book, most=most if verdict.kind is CarKind.VISITOR else None)
    stay = moves.enter(move, verdict.kind, verdict.entry)
    return _through(scene, move, stay, verdict.candidates)


def _again(scene: _Scene, inside: Inside) -> None:
    """Open once more for a car that has not passed yet; it has entered once."""
    stay = StayRow.of(scene.seen.community_id, inside.stay_id)
    if stay is None:
        return outbox.commit(scene.mark)
    move = Move(scene.seen, scene.book)
    if scene.book is not None:
        now = Inside(**{**vars(inside), "seen_ms": scene.seen.at_ms})
        scene.book.park(scene.seen.index, now, scene.seen.at_ms)
    move.rows.append(stay)
    return _through(scene, move, stay, ())


def _through(scene: _Scene, move: Move, stay: StayRow, candidates: tuple[Entry, ...]) -> None:
    """Commit, and open the barrier; one that cannot be told is the guard's."""
    try:
        moves.open_barrier(move, stay)
    except Conflict:
        raise
    except Refusal as refusal:
        logger().warning("barrier not told", extra={"code": refusal.code})
        return _hold(scene, Why.NO_BARRIER, candidates)
    move.rows.append(scene.mark)
    return move.commit()


def _hold(
    scene: _Scene, why: Why, entries: Sequence[Entry] = (), *, stays: Sequence[str] = ()
) -> None:
    where = scene.seen, scene.book, scene.side
    hold(Doubt(*where, why, tuple(entries), tuple(stays)), scene.mark)


def _counts(seen: Seen) -> ParkCount:
    return ParkCount.of(seen.community_id, seen.park_id)


# -- going out -----------------------------------------------------------------------------


def _going(scene: _Scene) -> None:
    """Let a car out. Nobody is kept in: only what was not read, or near-read, asks the guard."""
    seen, book = scene.seen, scene.book
    if book is None:
        return _hold(scene, Why.UNREAD)
    if scene.inside is None:
        last = book.left.get(seen.index)
        if last and rules.is_again(last[1], seen.at_ms, rules.ECHO):
            return outbox.commit(scene.mark)
        on_duty = seen.plate is not None and seen.plate.is_on_duty
        others = () if on_duty or _own(book, seen.index) else tuple(book.inside)
        if others:
            return _hold(scene, Why.NEAR, stays=[book.inside[one]["stay_id"] for one in others])
    move = Move(seen, book)
    stay = moves.leave(move, seen.index, _own(book, seen.index))
    assert stay is not None
    return _through(scene, move, stay, ())


def _own(book: PlateBook, index: str) -> Entry | None:
    """Return the approved entry of this very plate, or None."""
    return next((one for one in book.known() if one.index == index and one.is_good), None)


# -- heard of afterwards -------------------------------------------------------------------


def _afterwards(scene: _Scene) -> None:
    """Take what came late into the stays; nothing is moved, and no state goes backwards."""
    seen, book, inside = scene.seen, scene.book, scene.inside
    if book is None:
        return outbox.commit(scene.mark)
    move = Move(seen, book)
    move.rows.append(scene.mark)
    left = book.left.get(seen.index)
    if scene.side == "out":
        if inside and inside.entered_ms > seen.at_ms:
            return outbox.commit(scene.mark)
        moves.leave(move, seen.index, _own(book, seen.index))
    elif left and left[1] >= seen.at_ms:
        stay = StayRow.of(seen.community_id, left[0])
        if stay is None:
            return outbox.commit(scene.mark)
        moves.mend(move, stay)
    elif inside:
        return outbox.commit(scene.mark)
    else:
        verdict = rules.entering(seen.plate, seen.index, book.known(), seen.at_ms, has_space=True)
        if not verdict.opens:
            return outbox.commit(scene.mark)
        moves.enter(move, verdict.kind, verdict.entry)
    return move.commit()
