"""A car that does not pass by itself: the guard is asked, once, with the still."""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.access import public as access
from chalicelib.core import clock, ids, keyring, outbox
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import Row, shard_of, tenant_key
from chalicelib.vehicles.events import VehicleHeld
from chalicelib.vehicles.rules.passing import ECHO, STILL_THERE, WAITS_FOR, Entry, Side, Why
from chalicelib.vehicles.service.seen import Seen
from chalicelib.vehicles.tables.books import PlateBook
from chalicelib.vehicles.tables.stays import ArrivalRow


@dataclass(frozen=True)
class Doubt:
    """A car that does not pass by itself: which way, why not, and the ids of what it may be.

    `entries` are registered plates; for a car going out `stays`.
    """

    seen: Seen
    book: PlateBook | None
    side: Side
    why: Why
    entries: tuple[Entry, ...] = ()
    stays: tuple[str, ...] = ()


def hold(doubt: Doubt, mark: Row) -> None:
    """Ask the guard, with the still; a car that is read again while it waits asks once."""
    seen = doubt.seen
    arrival_id = _arrival_id(seen)
    if arrival_id is None:
        return outbox.commit(mark)
    row = _row(doubt, arrival_id)
    held = VehicleHeld(
        community_id=seen.community_id,
        arrival_id=arrival_id,
        place_id=seen.place_id,
        device_id=seen.device_id,
        side=doubt.side,
        why=doubt.why.value,
        held_at=seen.at,
    )
    return outbox.commit(row, access.ask_desk(_asking(doubt, row)), mark, events=(held,))


def _row(doubt: Doubt, arrival_id: str) -> ArrivalRow:
    seen = doubt.seen
    reading = keyring.seal(seen.text.encode(), reading_context(seen.community_id, arrival_id))
    return ArrivalRow(
        arrival_key=tenant_key(seen.community_id, arrival_id),
        arrival_id=arrival_id,
        community_id=seen.community_id,
        waiting_key=seen.community_id,
        state="WAITING",
        side=doubt.side,
        why=doubt.why.value,
        reading=reading if seen.text else None,
        book_key=doubt.book.book_key if doubt.book is not None else None,
        candidates=list(doubt.stays) or [one.id for one in doubt.entries],
        park_id=seen.park_id,
        place_id=seen.place_id,
        path=seen.path or None,
        device_id=seen.device_id,
        still=seen.still,
        at=seen.at_ms,
        shard=shard_of("arrival", arrival_id),
        due_at=clock.epoch_ms(seen.at + WAITS_FOR),
        expires=kept_until(Kept.PASSAGE, seen.at),
    )


def _asking(doubt: Doubt, row: ArrivalRow) -> access.DeskAsk:
    """Return what the guard is asked: nothing in it names a car or a person."""
    seen, units = doubt.seen, {one.unit_id for one in doubt.entries if one.unit_id}
    return access.DeskAsk(
        seen.community_id,
        access.DeskKind.PLATE,
        row.arrival_id,
        doubt.why.value,
        seen.place_id,
        seen.at,
        path=row.path or "",
        unit_id=units.pop() if len(units) == 1 else "",
        still=seen.still or "",
        subject=row.arrival_id,
    )


def reading_context(community_id: str, arrival_id: str) -> str:
    """Return what an arrival's sealed reading is bound to."""
    return f"arrival\x1f{community_id}\x1f{arrival_id}"


def _arrival_id(seen: Seen) -> str | None:
    """Return the id of a new arrival, or None if this very car waits already.

    Two cars that were not read are one only in the same moment: the second asks as well,
    rather twice for one car than never for another.
    """
    lasts = STILL_THERE if seen.index else ECHO
    moment = str(seen.at_ms // (lasts // timedelta(milliseconds=1)))
    arrival_id = ids.derived("arr", seen.device_id, seen.index or "unread", moment)
    earlier = ArrivalRow.of(seen.community_id, arrival_id)
    if earlier is None:
        return arrival_id
    if earlier.state == "WAITING":
        return None
    return ids.derived("arr", seen.device_id, seen.cause)
