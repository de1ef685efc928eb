"""Who looked at whose personal data, and why: written before the data goes out.

`viewing` stands between gathering the data and returning it. It either has written the row
when it returns, or it raises and nothing goes out (LAW.md 3.3, SECURITY.md 13 and I15: a
returned view always has its row; a row whose reader died before the answer is possible and
harmless). `core.serving` lets no staff route answer with a `schema.Personal` field before
it. The same transaction counts the reader's distinct subjects, so that nobody browses: more
than `MOST_SUBJECTS` in any hour are refused.
"""

import random
import re
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core import clock, context, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import BadRequest, Conflict, Forbidden, TooMany, Unavailable
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import Row, tenant_key

MOST_SUBJECTS = 30
WINDOW_S = 3_600
MOST_LOOKS = 100 - MOST_SUBJECTS
"""In one commit, which has room for 100 rows."""

TRIES = 8
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
    viewer_tenant = UnicodeAttribute()
    roles = ListAttribute[str](default=list)
    node_path = UnicodeAttribute()
    org_id = UnicodeAttribute(null=True)
    purpose = UnicodeAttribute()
    ticket = UnicodeAttribute()
    fields = ListAttribute[str](default=list)
    at = NumberAttribute()
    hidden_until = NumberAttribute(null=True)
    expires = NumberAttribute()
    by_viewer = _ByViewer()


class Reader(Row):
    """One of the `MOST_SUBJECTS` places of a member of staff: whom they looked at, and when.

    A row for each place, so that simultaneous looks at different people do not collide.
    `at` is in epoch seconds; an hour later the place is free.
    """

    class Meta:
        short = "readers"
        ttl = "expires"

    reader_key = UnicodeAttribute(hash_key=True)
    place = NumberAttribute(range_key=True)
    subject_key = UnicodeAttribute()
    at = NumberAttribute()
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
    `ticket_required` without a ticket (it has a digit) or purpose, BadRequest
    `community_required` for a caller above estates, TooMany `too_many_subjects`, Unavailable
    `audit_unavailable`; whatever it raises, return nothing.
    """
    return record(caller, Look(caller.community_id, subject_id, purpose, ticket, fields))


def record(caller: Caller, look: Look) -> str:
    """Write a look, as `viewing` does, where the community is not the caller's own."""
    (view_id,) = viewing_all(caller, (look,))
    if view_id is None:
        raise TooMany(
            "too_many_subjects",
            "一小时内查看的人员过多，请稍后再试或联系主管",
            retry_after=_Places(caller, clock.now()).wait_s(),
        )
    return view_id


def viewing_all(caller: Caller, looks: Sequence[Look]) -> list[str | None]:
    """Write several looks, all in one commit; return the id of each, in order.

    None stands for a look that was not written, one subject too many for this hour, or past
    `MOST_LOOKS`: withhold what it would have shown. Raises as `viewing`, but for
    `too_many_subjects`.
    """
    if not looks:
        return []
    for look in looks:
        _require_grounds(look)
    for attempt in range(TRIES):
        at = clock.now()
        places = _Places(caller, at)
        views = [
            _view(caller, look, at) if number < MOST_LOOKS and places.admit(look) else None
            for number, look in enumerate(looks)
        ]
        try:
            with context.serving(context.request_id()):  # the key being served is not ours
                outbox.commit(*(view for view in views if view), *places.taken)
        except Conflict:
            time.sleep(random.uniform(0, 0.01) * 2**attempt)  # noqa: S311 -- jitter, no secret
        else:
            context.note_look()
            return [view.view_id if view else None for view in views]
    raise Unavailable("audit_unavailable", "暂时无法记录查看日志，请稍后再试")


def views_of(community_id: str, subject_id: str, *, limit: int, after: str | None) -> Views:
    """Return one page of who looked at a person, the newest first; one read."""
    name, now = f"views/{community_id}/{subject_id}", clock.now()
    rows, following = cursor.page(
        View.query,
        tenant_key(community_id, subject_id),
        filter_condition=(View.expires > int(now.timestamp()))
        & (View.hidden_until.does_not_exist() | (View.hidden_until <= clock.epoch_ms(now))),
        scan_index_forward=False,
        listing=name,
        limit=limit,
        after=after,
    )
    return Views(rows, following)


def views_by(community_id: str, viewer_id: str, *, limit: int, after: str | None) -> Views:
    """Return one page of what one person looked at in a community, hidden looks too; one read."""
    name = f"views-by/{community_id}/{viewer_id}"
    rows, following = cursor.page(
        View.by_viewer.query,
        tenant_key(community_id, viewer_id),
        filter_condition=View.expires > int(clock.now().timestamp()),
        scan_index_forward=False,
        listing=name,
        limit=limit,
        after=after,
    )
    return Views(rows, following)


class _Places:
    """A reader's places as they are at an instant, and those that new looks take."""

    def __init__(self, caller: Caller, at: datetime) -> None:
        self.key = tenant_key(caller.tenant, caller.subject_id)
        self.at_s = int(at.timestamp())
        self.taken: list[Reader] = []
        self._rows = {int(row.place): row for row in Reader.query(self.key, consistent_read=True)}
        self._held = {
            row.subject_key: row for row in self._rows.values() if row.at > self.at_s - WINDOW_S
        }

    def admit(self, look: Look) -> bool:
        """Give the subject a place, or renew the one they have; False if none is free."""
        subject = tenant_key(look.community_id, look.subject_id)
        row = self._held.get(subject) or self._free(subject)
        if row is None:
            return False
        if row.at != self.at_s:
            row.at, row.expires = self.at_s, self.at_s + WINDOW_S
            self.taken.append(row)
        self._held[subject] = row
        return True

    def wait_s(self) -> int:
        """Return how long until a place is free."""
        oldest = min((int(row.at) for row in self._held.values()), default=self.at_s)
        return max(1, oldest + WINDOW_S - self.at_s)

    def _free(self, subject: str) -> Reader | None:
        """Return a free place; each subject begins to look for one at another."""
        held = {int(row.place) for row in self._held.values()}
        first = zlib.crc32(subject.encode())
        for step in range(MOST_SUBJECTS):
            place = (first + step) % MOST_SUBJECTS
            if place not in held:
                row = self._rows.get(place) or Reader(reader_key=self.key, place=place)
                row.subject_key, row.at = subject, 0
                return row
        return None


def _require_grounds(look: Look) -> None:
    if not (re.search("[0-9]", look.ticket) and look.purpose.strip()):
        raise Forbidden("ticket_required", "查看个人信息须填写工单号和事由")
    if not look.community_id:
        raise BadRequest("community_required", "请指明小区（community_id）")


def _view(caller: Caller, look: Look, at: datetime) -> View:
    return View(
        subject_key=tenant_key(look.community_id, look.subject_id),
        view_id=ids.new_id("view"),
        community_id=look.community_id,
        subject_id=look.subject_id,
        viewer_id=caller.subject_id,
        viewer_key=tenant_key(look.community_id, caller.subject_id),
        viewer_tenant=caller.tenant,
        roles=list(caller.roles),
        node_path=caller.node_path,
        org_id=caller.org_id or None,
        purpose=look.purpose,
        ticket=look.ticket,
        fields=list(look.fields),
        at=clock.epoch_ms(at),
        hidden_until=clock.epoch_ms(look.hidden_until) if look.hidden_until else None,
        expires=kept_until(Kept.VIEW_LOG, at),
    )
