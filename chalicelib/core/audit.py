"""Who looked at whose personal data, and why: written before the data goes out.

`viewing` stands between gathering the data and returning it. It either has written the row
when it returns, or it raises and nothing goes out (LAW.md 3.3, SECURITY.md 13 and I15: a
returned view always has its row; a row whose reader died before the answer is possible and
harmless). The same transaction counts the reader's distinct subjects, so that nobody
browses: more than `MOST_SUBJECTS` in any hour are refused.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core import clock, context, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, TooMany, Unavailable
from chalicelib.core.table import Row, tenant_key

MOST_SUBJECTS = 30
WINDOW_S = 3_600
KEPT = timedelta(days=3 * 366)
"""The staff-view log is kept three years (LAW.md 3.2)."""

TRIES = 5
"""How often a reader's own simultaneous views are put one after the other."""


class _ByViewer(GlobalSecondaryIndex["View"]):
    class Meta:
        index_name = "by_viewer"
        projection = AllProjection()

    viewer_key = UnicodeAttribute(hash_key=True)
    view_id = UnicodeAttribute(range_key=True)


class View(Row):
    """One look at one person's data: {who, org, purpose, ticket, subject, fields, time}."""

    class Meta:
        short = "views"
        ttl = "expires"

    subject_key = UnicodeAttribute(hash_key=True)
    view_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    subject_id = UnicodeAttribute()
    viewer_id = UnicodeAttribute()
    viewer_key = UnicodeAttribute()
    roles = ListAttribute[str](default=list)
    org = UnicodeAttribute()
    purpose = UnicodeAttribute()
    ticket = UnicodeAttribute()
    fields = ListAttribute[str](default=list)
    at = NumberAttribute()
    hidden_until = NumberAttribute(null=True)
    expires = NumberAttribute()
    by_viewer = _ByViewer()


class Reader(Row):
    """Whom a member of staff has looked at within the hour: subject → epoch seconds."""

    class Meta:
        short = "readers"
        ttl = "expires"

    reader_key = UnicodeAttribute(hash_key=True)
    seen = JSONAttribute(default=dict)
    expires = NumberAttribute()


@dataclass(frozen=True)
class Look:
    """What of whom is looked at, and on what ground.

    `hidden_until` keeps the look from the subject's own list where a law demands secrecy
    (PIPL 18, 35); the row is there all the same.
    """

    community_id: str
    subject_id: str
    purpose: str
    ticket: str
    fields: Sequence[str]
    hidden_until: datetime | None = None


@dataclass(frozen=True)
class Views:
    """One page of looks at a person, the newest first."""

    items: list[View]
    next: str | None


def viewing(
    caller: Caller, subject_id: str, *, purpose: str, ticket: str, fields: Sequence[str]
) -> str:
    """Write that the caller is about to see these fields; return the view's id.

    Call it with the data in hand and return that data next. Raises Forbidden
    `ticket_required` without ticket or purpose, TooMany `too_many_subjects`, Unavailable
    `audit_unavailable`; whatever it raises, return nothing.
    """
    return record(caller, Look(caller.community_id, subject_id, purpose, ticket, fields))


def record(caller: Caller, look: Look) -> str:
    """Write a look, as `viewing` does, where the community is not the caller's own."""
    if not (look.ticket.strip() and look.purpose.strip()):
        raise Forbidden("ticket_required", "查看个人信息须填写工单号和事由")
    for attempt in range(TRIES):
        at = clock.now()
        view, reader = _view(caller, look, at), _read(caller, look, int(at.timestamp()))
        try:
            with context.serving(context.request_id()):  # the key being served is not ours
                outbox.commit(view, reader)
        except Conflict:
            time.sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311 -- jitter, no secret
        else:
            return view.view_id
    raise Unavailable("audit_unavailable", "暂时无法记录查看日志，请稍后再试")


def views_of(community_id: str, subject_id: str, *, limit: int, after: str | None) -> Views:
    """Return one page of who looked at a person, the newest first; one read."""
    name, now = f"views/{community_id}/{subject_id}", clock.now()
    page = View.query(
        tenant_key(community_id, subject_id),
        filter_condition=(View.expires > int(now.timestamp()))
        & (View.hidden_until.does_not_exist() | (View.hidden_until <= clock.epoch_ms(now))),
        limit=limit,
        page_size=limit,
        scan_index_forward=False,
        last_evaluated_key=cursor.unseal(after, listing=name),
    )
    items = list(page)
    return Views(items, cursor.seal(page.last_evaluated_key, listing=name))


def views_by(community_id: str, viewer_id: str, *, limit: int, after: str | None) -> Views:
    """Return one page of what one person looked at in a community, hidden looks too; one read."""
    name = f"views-by/{community_id}/{viewer_id}"
    page = View.by_viewer.query(
        tenant_key(community_id, viewer_id),
        filter_condition=View.expires > int(clock.now().timestamp()),
        limit=limit,
        page_size=limit,
        scan_index_forward=False,
        last_evaluated_key=cursor.unseal(after, listing=name),
    )
    items = list(page)
    return Views(items, cursor.seal(page.last_evaluated_key, listing=name))


def within_the_hour(seen: Mapping[str, float], at_s: int) -> dict[str, float]:
    """Return the subjects that still count at an instant in epoch seconds."""
    return {subject: when for subject, when in seen.items() if when > at_s - WINDOW_S}


def _read(caller: Caller, look: Look, at_s: int) -> Reader:
    """Return the reader's row with this subject on it; raises TooMany."""
    key = tenant_key(caller.tenant, caller.subject_id)
    reader = Reader.find(key) or Reader(reader_key=key, seen={})
    seen = within_the_hour(reader.seen, at_s)
    subject = tenant_key(look.community_id, look.subject_id)
    if subject not in seen and len(seen) >= MOST_SUBJECTS:
        retry_after = int(min(seen.values())) + WINDOW_S - at_s
        raise TooMany(
            "too_many_subjects",
            "一小时内查看的人员过多，请稍后再试或联系主管",
            retry_after=max(1, retry_after),
        )
    reader.seen, reader.expires = {**seen, subject: at_s}, at_s + WINDOW_S
    return reader


def _view(caller: Caller, look: Look, at: datetime) -> View:
    return View(
        subject_key=tenant_key(look.community_id, look.subject_id),
        view_id=ids.new_id("view"),
        community_id=look.community_id,
        subject_id=look.subject_id,
        viewer_id=caller.subject_id,
        viewer_key=tenant_key(look.community_id, caller.subject_id),
        roles=list(caller.roles),
        org=caller.org_id or caller.node_path or caller.community_id,
        purpose=look.purpose,
        ticket=look.ticket,
        fields=list(look.fields),
        at=clock.epoch_ms(at),
        hidden_until=clock.epoch_ms(look.hidden_until) if look.hidden_until else None,
        expires=int((at + KEPT).timestamp()),
    )
