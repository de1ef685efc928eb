"""Use cases of a visitor's pass by its host: give, show, share, take back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.access.events import PassClosed
from chalicelib.access.rules import passes as rules
from chalicelib.access.rules import qr
from chalicelib.access.rules.passes import PassState
from chalicelib.access.service import allow_lists, pass_secrets, pins, trails
from chalicelib.access.tables.decisions import DecisionRow
from chalicelib.access.tables.passes import FlatPasses, PassRow
from chalicelib.core import clock, cursor, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.table import Row, tenant_key

TRIES = 4
"""How often a pass is taken back anew that was used in the same moment."""


@dataclass(frozen=True)
class PassView:
    """A pass as its host sees it; `zone` is the time zone that its days are counted in."""

    pass_id: str
    unit_id: str
    state: PassState
    visitor: str
    note: str
    starts: datetime
    ends: datetime
    zone: str
    uses: int
    uses_left: int
    companions: int
    doors: list[str]
    floors: list[int]
    has_pin: bool
    made_at: datetime
    reason: str | None


@dataclass(frozen=True)
class Receipt:
    """That a pass was given: what a repeated request gets, without a word about the visitor."""

    community_id: str
    host_id: str
    pass_id: str


@dataclass(frozen=True)
class Passes:
    """One page of a host's passes, the newest first."""

    items: list[PassView]
    next: str | None


@dataclass(frozen=True)
class Shared:
    """What a host gives to a visitor: the token that codes are made from, and the PIN."""

    pass_id: str
    token: str
    pin: str | None
    step_s: int = qr.STEP_S


@dataclass(frozen=True)
class VisitView:
    """One use of a pass; `edge` if the door decided by its own list."""

    decision_id: str
    device_id: str
    at: datetime
    direction: str
    companions: int
    method: str
    edge: bool


@dataclass(frozen=True)
class Visits:
    """One page of the uses of a pass, the newest first."""

    items: list[VisitView]
    next: str | None


def mine(caller: Caller, *, limit: int, after: str | None, at: datetime | None = None) -> Passes:
    """Return one page of the passes that the caller gave, the newest first; three reads."""
    at, host = at or clock.now(), tenant_key(caller.community_id, caller.subject_id)
    hits, following = cursor.page(
        PassRow.by_host.query,
        host,
        scan_index_forward=False,
        listing=f"passes/{host}",
        limit=limit,
        after=after,
    )
    key = _key_of(caller.community_id, caller.subject_id)
    return Passes([view(row, at, key) for row in PassRow.in_order(hits)], following)


def show(caller: Caller, pass_id: str, *, at: datetime | None = None) -> PassView:
    """Return a pass that the caller gave; raises NotFound `no_such_pass`."""
    row = own(caller, pass_id)
    return view(row, at or clock.now(), _key_of(row.community_id, row.host_id))


def received(receipt: Receipt) -> PassView:
    """Return the pass that was given, as it is now; raises NotFound `no_such_pass`."""
    row = PassRow.of(receipt.community_id, receipt.pass_id)
    if row is None or row.host_id != receipt.host_id:
        raise no_such_pass()
    return view(row, clock.now(), _key_of(row.community_id, row.host_id))


def share(caller: Caller, pass_id: str, *, at: datetime | None = None) -> Shared:
    """Return what the visitor needs; it is shown to the host and to nobody else.

    Raises NotFound `no_such_pass`, Unprocessable `pass_over` for one that opens nothing more.
    """
    row = own(caller, pass_id)
    state = rules.shown_state(PassState(row.state), row.window, at or clock.now())
    if state not in rules.LIVE and state is not PassState.PENDING:
        raise _over()
    secret = pass_secrets.opened(row)
    return Shared(
        row.pass_id, qr.token(row.pass_id, secret), pins.pin_of(secret) if row.has_pin else None
    )


def revoke(caller: Caller, pass_id: str, *, at: datetime | None = None) -> PassView:
    """Take a pass back: from that moment it opens nothing, at doors that are in reach.

    One that is taken back already stays so. Raises NotFound `no_such_pass`, Unprocessable
    `pass_over`.
    """
    at = at or clock.now()
    row = own(caller, pass_id)
    key = _key_of(row.community_id, row.host_id)
    if row.state == PassState.REVOKED:
        return view(row, at, key)
    for attempt in range(TRIES):
        _require_open(row)
        row.advance(PassState.REVOKED)
        row.decided_by, row.decided_at = caller.subject_id, clock.epoch_ms(at)
        try:
            close(row, at)
        except Conflict:
            if attempt == TRIES - 1:
                raise
            row = own(caller, pass_id)
        else:
            return view(row, at, key)
    raise AssertionError("the last attempt returns or raises")


def visits(caller: Caller, pass_id: str, *, limit: int, after: str | None) -> Visits:
    """Return one page of the uses of a pass that the caller gave, the newest first."""
    return visits_of(own(caller, pass_id), limit=limit, after=after)


def visits_of(row: PassRow, *, limit: int, after: str | None) -> Visits:
    """Return one page of the uses of a pass, the newest first; one read."""
    found, following = cursor.page(
        DecisionRow.by_holder.query,
        trails.holder_key(row.community_id, row.pass_id),
        filter_condition=(DecisionRow.expires > int(clock.now().timestamp()))
        & (DecisionRow.allow == True),  # noqa: E712 -- PynamoDB makes a condition of it
        scan_index_forward=False,
        listing=f"visits/{row.pass_key}",
        limit=limit,
        after=after,
    )
    return Visits([_visit(one) for one in found], following)


def own(caller: Caller, pass_id: str) -> PassRow:
    """Return a pass that the caller gave; raises NotFound `no_such_pass`."""
    row = PassRow.of(caller.community_id, pass_id)
    if row is None or row.host_id != caller.subject_id:
        raise no_such_pass()
    return row


def close(row: PassRow, at: datetime) -> None:
    """Commit a pass that has just come to an end, with all that goes with it.

    Its flat has room for another, its PIN is free, and the doors' lists lose it.
    """
    rows: list[Row] = [row]
    flat = FlatPasses.find(tenant_key(row.community_id, row.unit_id))
    if flat is not None:
        flat.keep([one for one in flat.live(at) if one.pass_id != row.pass_id])
        rows.append(flat)
    if row.has_pin and (freed := pins.release(row.community_id, row.unit_id, row.pass_id)):
        rows.append(freed)
    allow_lists.commit(
        row.community_id,
        [allow_lists.Remove(row.pass_id, row.unit_path)],
        *rows,
        events=(PassClosed(row.community_id, row.pass_id, row.unit_id, row.state, at),),
    )


def view(row: PassRow, at: datetime, key: sealing.PersonKey | None) -> PassView:
    """Return a pass as its host sees it; texts are empty once the host is forgotten."""
    window = row.window
    return PassView(
        pass_id=row.pass_id,
        unit_id=row.unit_id,
        state=rules.shown_state(PassState(row.state), window, at),
        visitor=pass_secrets.text(row, "visitor", key),
        note=pass_secrets.text(row, "note", key),
        starts=window.starts,
        ends=window.ends,
        zone=row.zone,
        uses=int(row.uses),
        uses_left=int(row.uses_left),
        companions=int(row.companions),
        doors=list(row.doors),
        floors=_floors(row.floors),
        has_pin=bool(row.has_pin),
        made_at=clock.from_epoch_ms(int(row.made_at)),
        reason=row.reason,
    )


def no_such_pass() -> NotFound:
    """Return the refusal for a pass that is not there for the caller."""
    return NotFound("no_such_pass", "没有找到该通行证")


def _key_of(community_id: str, person_id: str) -> sealing.PersonKey | None:
    try:
        return sealing.key_of(community_id, person_id)
    except sealing.Forgotten:
        return None


def _require_open(row: PassRow) -> None:
    if not rules.may_follow(PassState(row.state), PassState.REVOKED):
        raise _over()


def _over() -> Unprocessable:
    return Unprocessable("pass_over", "该通行证已失效")


def _visit(row: DecisionRow) -> VisitView:
    return VisitView(
        decision_id=row.decision_id,
        device_id=row.device_id,
        at=clock.from_epoch_ms(int(row.at)),
        direction=row.direction,
        companions=int(row.companions),
        method=row.method,
        edge=bool(row.edge),
    )


def _floors(kept: Sequence[int]) -> list[int]:
    return [int(floor) for floor in kept]
