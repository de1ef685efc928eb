"""Use cases of the guards' queue: asked by machines, answered by a person."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.access.events import DeskDone
from chalicelib.access.rules import desk as rules
from chalicelib.access.rules.desk import DeskAsk, DeskKind, DeskOutcome, DeskState
from chalicelib.access.rules.opening import DESK_OPENS_FOR, OpeningState
from chalicelib.access.service import sight
from chalicelib.access.tables.desk import DeskRow, DoorAsked, request_id_of
from chalicelib.core import clock, cursor, media, outbox, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.table import Row
from chalicelib.identity import public as identity

STILL_SHOWN_FOR = timedelta(minutes=5)


@dataclass(frozen=True)
class DeskView:
    """A request as guards see it: which flat is masked, and the picture is the taker's alone."""

    desk_id: str
    kind: DeskKind
    why: str
    place_id: str
    door_id: str | None
    unit: str | None
    subject: str | None
    state: DeskState
    outcome: DeskOutcome | None
    note: str | None
    asked_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    done_at: datetime | None
    opening: OpeningState | None
    still_url: str | None = None


@dataclass(frozen=True)
class Desk:
    """One page of the queue: open requests first."""

    items: list[DeskView]
    next: str | None


def ask_desk(ask: DeskAsk) -> DeskRow:
    """Return the row that asks a guard to look, to be committed with the asker's own rows.

    The same kind and cause asked again is a Conflict (`lost_race`) of that commit: the guard
    has been asked.
    """
    return DeskRow.asked(ask)


def ask_at_door(ask: DeskAsk) -> tuple[str, list[Row]]:
    """Return the open request of a flat's people at a door, and the rows that make it.

    No rows where a guard has been asked who can still open by that request: who taps again
    before a silent gate stands in the queue once. One or two reads. Of two that ask at once,
    one commit is a Conflict.
    """
    key = DoorAsked.key_of(ask)
    known = DoorAsked.kept(key)
    request = DeskRow.find(known.desk_key) if known is not None else None
    if request is not None and _serves(request, ask.asked_at):
        return request.request_id, []
    made, known = ask_desk(ask), known or DoorAsked(door_key=key)
    known.desk_key, known.expires = made.desk_key, made.expires
    return made.request_id, [made, known]


def _serves(request: DeskRow, at: datetime) -> bool:
    """Return whether a guard may still open by a request, once."""
    is_open = request.state != DeskState.DONE and request.command_id is None
    return is_open and at < clock.from_epoch_ms(int(request.asked_at)) + DESK_OPENS_FOR


def desk(caller: Caller, *, limit: int, after: str | None) -> Desk:
    """Return one page of the queue of the caller's estate, or part of it; two reads.

    Waiting ones first, the longest waiting of them at the top. Who guards a part of the
    estate may get a short page.
    """
    rows, following = cursor.page(
        DeskRow.in_order,
        caller.community_id,
        filter_condition=_in_sight(caller),
        listing=f"desk/{caller.community_id}/{caller.node_path}",
        limit=limit,
        after=after,
    )
    return Desk(_views(row for row in rows if row.is_live()), following)


def take(caller: Caller, desk_id: str, *, at: datetime | None = None) -> DeskView:
    """Take a request on: the first guard has it, and sees the picture.

    One that was taken `rules.TAKEN_FOR` ago and is not done may be taken over. Raises NotFound
    `no_such_request`, Conflict `already_taken`, `already_done`, `lost_race`.
    """
    at = at or clock.now()
    row = _found(caller, desk_id)
    if row.state == DeskState.TAKEN and row.taken_by == caller.subject_id:
        return _taken(row)
    if row.state == DeskState.DONE:
        raise Conflict("already_done", "该请求已处理完毕")
    if row.state == DeskState.TAKEN:
        if not rules.is_forsaken(clock.from_epoch_ms(int(row.taken_at or 0)), at):
            raise Conflict("already_taken", "该请求已有人在处理")
    else:
        row.advance(DeskState.TAKEN, clock.epoch_ms(at))
    row.taken_by, row.taken_at = caller.subject_id, clock.epoch_ms(at)
    shown = _taken(row)
    outbox.commit(row, answer=shown)
    return shown


def done(
    caller: Caller,
    desk_id: str,
    outcome: DeskOutcome,
    note: str = "",
    *,
    at: datetime | None = None,
) -> DeskView:
    """Say what became of a request that one has taken on.

    Raises NotFound `no_such_request`, Conflict `not_taken`, `already_done`, `lost_race`.
    """
    at = at or clock.now()
    row = takers(caller, desk_id)
    row.advance(DeskState.DONE, clock.epoch_ms(at))
    row.outcome, row.note, row.done_at = outcome.value, note or None, clock.epoch_ms(at)
    fact = _done(row, caller.subject_id, at)
    (shown,) = _views([row])
    outbox.commit(row, events=(fact,), answer=shown)
    return shown


def settled_itself(community_id: str, desk_id: str | None, at: datetime) -> list[DeskRow]:
    """Return the request that nobody has to look at any more, to be committed; none if taken."""
    row = DeskRow.of(community_id, desk_id) if desk_id else None
    if row is None or row.state != DeskState.WAITING:
        return []
    row.advance(DeskState.DONE, clock.epoch_ms(at))
    row.outcome, row.done_at = DeskOutcome.HANDLED.value, clock.epoch_ms(at)
    return [row]


def close_desk(
    community_id: str, kind: DeskKind, cause: str, outcome: DeskOutcome, *, by: str, at: datetime
) -> DeskRow | None:
    """Return the request of a cause as done, to be committed by who dealt with it elsewhere.

    None if there is none, or it is done. No fact is announced: the domain knows.
    """
    row = DeskRow.of(community_id, request_id_of(community_id, kind, cause))
    if row is None or row.state == DeskState.DONE:
        return None
    row.advance(DeskState.DONE, clock.epoch_ms(at))
    row.outcome, row.done_at = outcome.value, clock.epoch_ms(at)
    row.taken_by = row.taken_by or by
    return row


def lapse_desk(*, at: datetime | None = None, limit: int = 200) -> int:
    """End the requests that nobody dealt with in time; return how many."""
    at = at or clock.now()
    return sweep.each(list(DeskRow.overdue(at, limit)), lambda key: _lapse(key, at))


def _lapse(key: str, at: datetime) -> bool:
    """End a request, unless a guard is at it: they have `rules.TAKEN_FOR` from taking it on."""
    row = DeskRow.find(key)
    if row is None or row.state == DeskState.DONE:
        return False
    if row.state == DeskState.TAKEN:
        taken_at = clock.from_epoch_ms(int(row.taken_at or 0))
        if not rules.is_forsaken(taken_at, at):
            return False
    row.advance(DeskState.DONE, clock.epoch_ms(at))
    row.outcome, row.done_at = DeskOutcome.LAPSED.value, clock.epoch_ms(at)
    outbox.commit(row, events=(_done(row, "", at),))
    return True


def _done(row: DeskRow, by: str, at: datetime) -> DeskDone:
    return DeskDone(
        community_id=row.community_id,
        request_id=row.request_id,
        kind=row.kind,
        cause=row.cause,
        subject=row.subject or "",
        outcome=row.outcome or "",
        done_by=by,
        done_at=at,
    )


def _in_sight(caller: Caller) -> Condition | None:
    if caller.has_whole_estate:
        return None
    at, below = DeskRow.path == caller.node_path, DeskRow.path.startswith(f"{caller.node_path}/")
    either: Condition = at | below
    return either


def _found(caller: Caller, desk_id: str) -> DeskRow:
    row = DeskRow.of(caller.community_id, desk_id)
    if row is None or not sight.sees(caller, row.path or ""):
        raise NotFound("no_such_request", "没有找到该请求")
    return row


def takers(caller: Caller, desk_id: str) -> DeskRow:
    """Return a request that the caller has taken on.

    Raises NotFound `no_such_request`, Conflict `not_taken`, `already_done`.
    """
    row = _found(caller, desk_id)
    if row.state == DeskState.DONE:
        raise Conflict("already_done", "该请求已处理完毕")
    if not _is_takers(row, caller):
        raise Conflict("not_taken", "请先接手该请求")
    return row


def _is_takers(row: DeskRow, caller: Caller) -> bool:
    return row.state == DeskState.TAKEN and row.taken_by == caller.subject_id


def _taken(row: DeskRow) -> DeskView:
    (shown,) = _views([row])
    return dataclasses.replace(shown, still_url=_still(row))


def _still(row: DeskRow) -> str | None:
    return media.shown(row.still, STILL_SHOWN_FOR) if row.still else None


def _views(rows: Iterable[DeskRow]) -> list[DeskView]:
    """Return requests as guards see them; one read of how people call the flats."""
    found = list(rows)
    units = {row.unit_id for row in found if row.unit_id}
    flats = identity.flats_named(found[0].community_id, units) if units else {}
    return [_view(row, flats) for row in found]


def _view(row: DeskRow, flats: Mapping[str, tuple[str, str]]) -> DeskView:
    flat: Any = flats.get(row.unit_id or "")
    return DeskView(
        desk_id=row.request_id,
        kind=DeskKind(row.kind),
        why=row.why,
        place_id=row.place_id,
        door_id=row.door_id,
        unit=rules.masked_room(flat[1]) if flat else None,
        subject=row.subject,
        state=DeskState(row.state),
        outcome=DeskOutcome(row.outcome) if row.outcome else None,
        note=row.note,
        asked_at=clock.from_epoch_ms(int(row.asked_at)),
        taken_by=row.taken_by,
        taken_at=clock.maybe_from_epoch_ms(row.taken_at),
        done_at=clock.maybe_from_epoch_ms(row.done_at),
        opening=OpeningState(row.opening) if row.opening else None,
    )
