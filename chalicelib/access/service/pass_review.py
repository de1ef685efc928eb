"""Use cases of staff: passes that wait for their leave, and what became of the others."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.access.events import PassDecided
from chalicelib.access.rules import passes as rules
from chalicelib.access.rules.passes import PassState
from chalicelib.access.service import allow_lists, pass_secrets, passes
from chalicelib.access.service.pass_giving import listed
from chalicelib.access.service.passes import Visits, no_such_pass
from chalicelib.access.service.sight import sees
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import audit, clock, cursor, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Unprocessable
from chalicelib.core.table import tenant_key

TRIES = 4


@dataclass(frozen=True)
class Listed:
    """A pass in a list of staff: nothing in it names anybody."""

    pass_id: str
    unit_id: str
    state: PassState
    starts: datetime
    ends: datetime
    zone: str
    uses: int
    uses_left: int
    companions: int
    made_at: datetime


@dataclass(frozen=True)
class Listing:
    """One page of passes, the newest first; it may be short for staff of a part of the estate."""

    items: list[Listed]
    next: str | None


@dataclass(frozen=True)
class Looked:
    """A pass with the names in it, as somebody with a ticket sees it."""

    pass_id: str
    unit_id: str
    state: PassState
    host_id: str
    visitor: str
    note: str
    view_id: str


def listing(
    caller: Caller, state: PassState, *, limit: int, after: str | None, at: datetime | None = None
) -> Listing:
    """Return one page of the passes in a state, of the caller's part of the estate; two reads."""
    at, key = at or clock.now(), tenant_key(caller.community_id, state.value)
    hits, following = cursor.page(
        PassRow.by_state.query,
        key,
        scan_index_forward=False,
        listing=f"passes-in/{key}/{caller.node_path}",
        limit=limit,
        after=after,
    )
    rows = [row for row in PassRow.in_order(hits) if sees(caller, row.unit_path)]
    return Listing([_listed(row, at) for row in rows if row.state == state], following)


def look(caller: Caller, pass_id: str, *, purpose: str, ticket: str) -> Looked:
    """Return who is let in by whom, with the look on record first.

    Raises NotFound `no_such_pass`, Forbidden `ticket_required`, TooMany `too_many_subjects`.
    """
    row = _seen(caller, pass_id)
    try:
        key: sealing.PersonKey | None = sealing.key_of(row.community_id, row.host_id)
    except sealing.Forgotten:
        key = None
    visitor, note = (pass_secrets.text(row, field, key) for field in ("visitor", "note"))
    fields = ("pass.visitor", "pass.note", "pass.host")
    view_id = audit.viewing(caller, row.host_id, purpose=purpose, ticket=ticket, fields=fields)
    state = rules.shown_state(PassState(row.state), row.window, clock.now())
    return Looked(row.pass_id, row.unit_id, state, row.host_id, visitor, note, view_id)


def visits(
    caller: Caller, pass_id: str, purpose: str, ticket: str, *, limit: int, after: str | None
) -> Visits:
    """Return one page of the uses of a pass, with the look on record first; raises as `look`."""
    row = _seen(caller, pass_id)
    found = passes.visits_of(row, limit=limit, after=after)
    audit.viewing(caller, row.host_id, purpose=purpose, ticket=ticket, fields=("pass.uses",))
    return found


def decide(
    caller: Caller,
    pass_id: str,
    state: PassState,
    reason: str = "",
    *,
    at: datetime | None = None,
) -> Listed:
    """Agree to a pass, refuse it, or take it back; the same again changes nothing.

    Raises NotFound `no_such_pass`, Conflict `already_decided` for one that stands otherwise,
    Unprocessable `pass_over` for one whose window is over.
    """
    at = at or clock.now()
    for attempt in range(TRIES):
        row = _seen(caller, pass_id)
        if row.state == state:
            return _listed(row, at)
        _require(row, state, at)
        row.advance(state)
        row.decided_by, row.decided_at = caller.subject_id, clock.epoch_ms(at)
        row.reason = reason or None
        try:
            _commit(row, caller, at)
        except Conflict:
            if attempt == TRIES - 1:
                raise
        else:
            return _listed(row, at)
    raise AssertionError("the last attempt returns or raises")


def _commit(row: PassRow, caller: Caller, at: datetime) -> None:
    if row.state != PassState.APPROVED:
        passes.close(row, at)
        return
    decided = PassDecided(
        community_id=row.community_id,
        pass_id=row.pass_id,
        unit_id=row.unit_id,
        host_id=row.host_id,
        state=row.state,
        decided_by=caller.subject_id,
        decided_at=at,
    )
    allow_lists.commit(row.community_id, listed(row), row, events=(decided,))


def _require(row: PassRow, state: PassState, at: datetime) -> None:
    if at >= row.window.ends:
        raise Unprocessable("pass_over", "该通行证已失效")
    if not rules.may_follow(PassState(row.state), state):
        raise Conflict("already_decided", "该通行证已处理", details={"state": row.state})


def _seen(caller: Caller, pass_id: str) -> PassRow:
    row = PassRow.of(caller.community_id, pass_id)
    if row is None or not sees(caller, row.unit_path):
        raise no_such_pass()
    return row


def _listed(row: PassRow, at: datetime) -> Listed:
    window = row.window
    return Listed(
        pass_id=row.pass_id,
        unit_id=row.unit_id,
        state=rules.shown_state(PassState(row.state), window, at),
        starts=window.starts,
        ends=window.ends,
        zone=row.zone,
        uses=int(row.uses),
        uses_left=int(row.uses_left),
        companions=int(row.companions),
        made_at=clock.from_epoch_ms(int(row.made_at)),
    )
