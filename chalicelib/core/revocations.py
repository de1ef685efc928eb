"""Who was signed in and is no more: a short list that every process keeps in memory.

A revocation is a row, committed with what caused it (a move-out, a stolen token). Every
process reads the newest ones at most every five seconds; an access token outlives its
revocation by no more than that. Older ones matter to refresh tokens alone, which read them
by their subject.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PynamoDBException
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.core import aws, clock, ids
from chalicelib.core.config import settings
from chalicelib.core.errors import Unavailable
from chalicelib.core.logs import logger
from chalicelib.core.table import Row, tenant_key

REFRESH_MS: Final = 5_000
OVERLAP_MS: Final = 60_000
"""Read again at each refresh: a row's `at` is when its use case began, which may have been
slow to commit; clocks differ, and an index is a moment late."""

STALE_MS: Final = 60_000
"""How old a list may get while the store does not answer, before nobody is let in."""

MOST: Final = 20_000
"""Entries kept; beyond, tokens from before the oldest one kept must be refreshed."""

KEPT: Final = timedelta(days=181)
"""How long a row is kept: a refresh token's longest life."""

_FEED: Final = "newest"
_ALL, _ONE = "all-", "one-"
"""How ids begin: of what ends all sessions of an audience, and of what ends a single one."""


class _Recent(GlobalSecondaryIndex["Revocation"]):
    class Meta:
        index_name = "recent"
        projection = AllProjection()

    feed = UnicodeAttribute(hash_key=True)
    at = NumberAttribute(range_key=True)


class Revocation(Row):
    """What began before `at` (epoch ms) has ended: one session, or all of an audience, or all."""

    class Meta:
        short = "revocations"
        ttl = "expires"

    subject_key = UnicodeAttribute(hash_key=True)
    revocation_id = UnicodeAttribute(range_key=True)
    audience = UnicodeAttribute(null=True)
    session_id = UnicodeAttribute(null=True)
    feed = UnicodeAttribute(default=_FEED)
    at = NumberAttribute()
    expires = NumberAttribute()
    recent = _Recent()


def of_person(tenant: str, person_id: str, audience: str | None, at: datetime) -> Revocation:
    """Return the row that ends all sessions of a person in an audience (None: in all)."""
    return _row(_ALL, tenant_key(tenant, person_id), at, audience=audience)


def of_session(tenant: str, person_id: str, session_id: str, at: datetime) -> Revocation:
    """Return the row that ends one session."""
    return _row(_ONE, tenant_key(tenant, person_id), at, session_id=session_id)


def _row(kind: str, subject: str, at: datetime, **what: Any) -> Revocation:
    return Revocation(
        subject_key=subject,
        revocation_id=kind + ids.new_id("rev"),
        at=clock.epoch_ms(at),
        expires=int((at + KEPT).timestamp()),
        **what,
    )


def ends_of(subject: str) -> list[Revocation]:
    """Return what has ended sessions of a subject together with all others; one read.

    However many single sessions ended since: their rows lie beside and are not read.
    """
    whole = Revocation.revocation_id.startswith(_ALL)
    return list(Revocation.query(subject, whole, consistent_read=True))


def covers(ends: Sequence[Revocation], audience: str, began: datetime) -> bool:
    """Return whether a session that began then has ended with all others."""
    since = clock.epoch_ms(began)
    return any(end.at >= since and end.audience in (None, audience) for end in ends)


class Newest:
    """The revocations that an access token may still meet, as one process knows them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.read_at = 0
        self.floor_ms = 0
        self._ended: dict[tuple[str, str], int] = {}
        self._lock = threading.RLock()  # a simulated store runs other requests meanwhile

    def refuses(self, subject: str, audience: str, session_id: str, issued_ms: int) -> bool:
        """Return whether a token issued then has been revoked."""
        ended = self._ended
        if not ended:
            return False
        marks = ((subject, session_id), (subject, audience), (subject, ""))
        return any(issued_ms <= ended.get(mark, -1) for mark in marks)

    def freshen(self, now_ms: int) -> None:
        """Read what is new if the list is old; one thread does, the others go on."""
        if 0 <= now_ms - self.read_at < REFRESH_MS:
            return
        if not self._lock.acquire(blocking=not self.read_at):
            return
        try:
            if not 0 <= now_ms - self.read_at < REFRESH_MS:
                self._read(now_ms)
        except (PynamoDBException, BotoCoreError) as failure:
            if not 0 <= now_ms - self.read_at < STALE_MS:
                raise Unavailable("sign_in_unavailable", "系统繁忙，请稍后再试") from failure
            logger().warning("revocations not refreshed")
        finally:
            self._lock.release()

    def _read(self, now_ms: int) -> None:
        oldest = now_ms - reach_ms()
        since = max(oldest, self.read_at - OVERLAP_MS) if self.read_at <= now_ms else oldest
        found = list(
            Revocation.recent.query(
                _FEED, Revocation.at >= since, scan_index_forward=False, limit=MOST
            )
        )
        kept = {mark: at for mark, at in self._ended.items() if at >= oldest}
        for row in found:
            mark = (row.subject_key, row.session_id or row.audience or "")
            kept[mark] = max(int(row.at), kept.get(mark, 0))
        self._keep(kept, overflown=len(found) >= MOST)
        self.read_at = now_ms

    def _keep(self, ended: dict[tuple[str, str], int], *, overflown: bool) -> None:
        """Keep the newest `MOST`; tokens that an entry beyond may have ended are too old."""
        newest = sorted(ended.items(), key=lambda item: item[1])[-MOST:]
        if overflown or len(ended) > MOST:
            self.floor_ms = newest[0][1]
        self._ended = dict(newest)


def reach_ms() -> int:
    """Return how far back a list reaches: an access token's longest life and a minute."""
    return (settings().token_longest_s + 60) * 1_000


_newest: Newest | None = None


def newest(now_ms: int) -> Newest:
    """Return this process's list, at most `REFRESH_MS` old.

    It belongs to one client, so that a simulation never meets another one's people. Raises
    Unavailable `sign_in_unavailable` if it is too old and the store does not answer.
    """
    global _newest  # noqa: PLW0603 -- the process's one list, as a cache is
    client = aws.client("dynamodb")
    known = _newest
    if known is None or known.client is not client:
        known = _newest = Newest(client)
    known.freshen(now_ms)
    return known
