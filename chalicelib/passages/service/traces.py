"""Who sees which passages (LAW.md 3.3): one's own, one's gate and shift, one incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.core import audit, clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden, TooMany, Unprocessable
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity
from chalicelib.passages.rules.passages import (
    PRIVATE_KINDS,
    WATCHED_KINDS,
    Direction,
    Holder,
    Method,
    PassageOutcome,
    Thing,
)
from chalicelib.passages.service import seals
from chalicelib.passages.service.pages import at_place
from chalicelib.passages.service.seals import Details
from chalicelib.passages.tables.passages import GatePost, IncidentRow, PassageRow

SHIFT: Final = timedelta(hours=12)
"""How long a guard sees the gate that they took up, at the longest."""

LONGEST_INCIDENT: Final = timedelta(hours=24)


@dataclass(frozen=True)
class PassageView:
    """A passage as somebody may see it; what they may not is None."""

    passage_id: str
    at: datetime
    place_id: str
    device_id: str
    thing: Thing
    outcome: PassageOutcome
    method: Method
    direction: Direction
    holder: Holder
    companions: int
    late: bool
    unit_id: str | None
    plate: str | None
    name: str | None = None
    withheld: bool = False


@dataclass(frozen=True)
class Trace:
    """One page of passages, the newest first."""

    items: list[PassageView]
    next: str | None


@dataclass(frozen=True)
class Post:
    """Where a guard stands."""

    device_id: str
    place_id: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Incident:
    """What a manager looks into: a gate, a window, and on what ground."""

    device_id: str
    since: datetime
    until: datetime
    purpose: str
    ticket: str


# -- one's own ---------------------------------------------------------------------------------


def own(caller: Caller, person_id: str | None, *, limit: int, after: str | None) -> Trace:
    """Return the caller's own passages, or their child's under 14, and those of own visitors.

    One read of an index, and one of a key. Raises NotFound `no_such_person`.
    """
    subject_id = identity.spoken_for(caller, person_id)
    key = seals.trail_key(caller.community_id, subject_id)
    rows, following = cursor.page(
        PassageRow.by_trail.query,
        key,
        filter_condition=PassageRow.expires > int(clock.now().timestamp()),
        scan_index_forward=False,
        listing=f"trail/{key}",
        limit=limit,
        after=after,
    )
    told = seals.details_of(rows)
    return Trace([_view(row, told.get(row.passage_id, Details())) for row in rows], following)


# -- a guard's gate ----------------------------------------------------------------------------


def take_post(caller: Caller, device_id: str, *, at: datetime | None = None) -> Post:
    """Let a guard stand at a gate from now on; what was before stays unseen.

    Raises NotFound `no_such_device`, Unprocessable `private_door`, `no_gate`.
    """
    at = at or clock.now()
    place_id = _public_place(caller, device_id)
    key = tenant_key(caller.community_id, caller.subject_id)
    row = GatePost.kept(key) or GatePost(guard_key=key)
    row.community_id, row.guard_id = caller.community_id, caller.subject_id
    row.device_id, row.place_id = device_id, place_id
    row.since, row.expires = clock.epoch_ms(at), int((at + SHIFT).timestamp())
    post = Post(device_id, place_id, at, clock.from_epoch_ms(int(row.expires) * 1000))
    outbox.commit(row, answer=post)
    return post


def of_shift(caller: Caller, *, limit: int, after: str | None) -> Trace:
    """Return the passages at a guard's own gate since they took it up, names masked.

    Each person on the page is on record as looked at. Raises Forbidden `no_post`.
    """
    post = GatePost.find(tenant_key(caller.community_id, caller.subject_id))
    if post is None:
        raise Forbidden("no_post", "请先签到上岗，再查看本岗通行记录")
    since, now = clock.from_epoch_ms(int(post.since)), clock.now()
    rows, following = at_place(
        (caller.community_id, post.place_id),
        (since, now),
        listing=f"shift/{caller.subject_id}/{int(post.since)}",
        limit=limit,
        after=after,
    )
    ticket = f"shift-{int(post.since)}"
    return Trace(_looked_at(caller, rows, purpose="shift", ticket=ticket), following)


# -- a manager's incident ----------------------------------------------------------------------


def of_incident(caller: Caller, wanted: Incident, *, limit: int, after: str | None) -> Trace:
    """Return the passages at a gate within an incident's window, each look on record before.

    A ticket is bound to its first 24 hours: nobody reads a week by one. Raises NotFound
    `no_such_device`, Unprocessable `bad_period`, `private_door`, `no_gate`, Forbidden
    `ticket_required`, Unprocessable `other_incident`, TooMany `too_many_subjects` if nobody
    more may be looked at.
    """
    if not wanted.since < wanted.until <= wanted.since + LONGEST_INCIDENT:
        raise Unprocessable("bad_period", "查询时段无效，最长24小时")
    place_id = _public_place(caller, wanted.device_id)
    _bind(caller, wanted)
    where = caller.community_id, place_id
    rows, following = at_place(
        where,
        (wanted.since, wanted.until),
        listing=f"incident/{caller.subject_id}/{wanted.ticket}/{wanted.since}/{wanted.until}",
        limit=limit,
        after=after,
    )
    items = _looked_at(caller, rows, purpose=wanted.purpose, ticket=wanted.ticket)
    named = [item for item, row in zip(items, rows, strict=True) if _subject_of(row)]
    if named and all(item.withheld for item in named):
        raise TooMany("too_many_subjects", "一小时内查看的人员过多，请稍后再试", retry_after=3_600)
    return Trace(items, following)


def _bind(caller: Caller, wanted: Incident) -> None:
    """Bind a ticket to its window, or find that it is bound to this one."""
    if not (any(sign.isdigit() for sign in wanted.ticket) and wanted.purpose.strip()):
        raise Forbidden("ticket_required", "查看个人信息须填写工单号和事由")
    key = tenant_key(caller.community_id, wanted.ticket)
    row = IncidentRow(
        ticket_key=key,
        community_id=caller.community_id,
        since=clock.epoch_ms(wanted.since),
        opened_by=caller.subject_id,
        purpose=wanted.purpose,
        expires=kept_until(Kept.VIEW_LOG, clock.now()),
    )
    if row.put_new():
        return
    bound = IncidentRow.find(key)
    since = clock.from_epoch_ms(int(bound.since)) if bound else wanted.since
    if not since <= wanted.since < wanted.until <= since + LONGEST_INCIDENT:
        raise Unprocessable("other_incident", "该工单已用于查看另一时段，请另开工单")


# -- pages -------------------------------------------------------------------------------------


def _public_place(caller: Caller, device_id: str) -> str:
    device = devices.seen_by(caller, device_id)
    if device.kind in PRIVATE_KINDS:
        raise Unprocessable("private_door", "住户自家门锁的记录不提供查看")
    if device.kind not in WATCHED_KINDS:
        raise Unprocessable("no_gate", "该设备不是出入口设备")
    return device.place_id


def _looked_at(
    caller: Caller, rows: Sequence[PassageRow], *, purpose: str, ticket: str
) -> list[PassageView]:
    """Return passages as a member of staff may see them, after every look is on record.

    Who may not be looked at any more this hour is withheld: that they passed is there, not who.
    """
    people = {row.passage_id: _subject_of(row) for row in rows}
    told = seals.details_of(rows)
    subjects = sorted({one for one in people.values() if one and not one.startswith(_PLATE)})
    names = identity.names_for(caller, subjects)
    plates = {one for one in people.values() if one.startswith(_PLATE)}
    fields = ["name", "units", "passages"]
    looks = [
        audit.Look(caller.community_id, one, purpose, ticket, fields)
        for one in sorted({*names, *plates})
    ]
    views = audit.viewing_all(caller, looks)
    seen = {look.subject_id for look, view in zip(looks, views, strict=True) if view} | {""}
    return [
        _view(row, told.get(row.passage_id, Details()), name=names.get(people[row.passage_id]))
        if people[row.passage_id] in seen
        else _view(row, Details(), withheld=True)
        for row in rows
    ]


_PLATE: Final = "plate_"
"""Begins what stands for the owner of a plate that nobody here knows: a look at it counts too."""


def _subject_of(row: PassageRow) -> str:
    """Return whom a passage tells of: a person, the unknown owner of a plate, or nobody."""
    person_id = seals.person_of(row.community_id, row.passage_id, row.who)
    if person_id or row.thing != Thing.VEHICLE or not row.mark_key:
        return person_id
    return f"{_PLATE}{row.mark_key.rpartition('#')[2]}"


def _view(
    row: PassageRow, details: Details, *, name: str | None = None, withheld: bool = False
) -> PassageView:
    return PassageView(
        passage_id=row.passage_id,
        at=clock.from_epoch_ms(int(row.at)),
        place_id=row.place_id,
        device_id=row.device_id,
        thing=Thing(row.thing),
        outcome=PassageOutcome(row.outcome),
        method=Method(row.method),
        direction=Direction(row.direction),
        holder=Holder.UNKNOWN if withheld else Holder(row.holder),
        companions=int(row.companions),
        late=bool(row.late),
        unit_id=details.unit_id or None,
        plate=details.plate or None,
        name=name,
        withheld=withheld,
    )
