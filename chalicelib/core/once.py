"""Effects wanted once: an idempotency key and its first answer, beside the effect itself.

The record is part of the effect's own transaction, so that no crash can leave the one
without the other (SECURITY.md, invariants; Stripe's idempotent requests).
"""

from datetime import datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core import clock, context
from chalicelib.core.table import PlainJson, Row
from chalicelib.core.typed import adapter

ANSWER_KEPT_S = 30 * 24 * 3600
"""How long an answer is kept, unless the route keeps it for ever (payments do)."""


class OnceRecord(Row):
    """The first answer to an idempotency key, written with the effect itself."""

    class Meta:
        short = "once"
        ttl = "expires"

    key = UnicodeAttribute(hash_key=True)
    fingerprint = UnicodeAttribute()
    answer = PlainJson(null=True)
    expires = NumberAttribute(null=True)


class Replayed(Exception):  # noqa: N818 -- not a fault: the work was done by an earlier request
    """The idempotency key was used before; `record` holds the first answer."""

    def __init__(self, record: OnceRecord) -> None:
        super().__init__(record.key)
        self.record = record


def record(answer: Any) -> OnceRecord | None:
    """Return the record to write for the key being served, or None if there is no key.

    Under a key a use case commits once, with its answer: anything else is our own fault.
    """
    wanted = context.once()
    if wanted is None:
        return None
    assert not wanted.spent, "a second commit under one idempotency key"
    assert answer is not None, "a commit under an idempotency key needs its answer"
    return OnceRecord(
        key=wanted.record_key,
        fingerprint=wanted.fingerprint,
        answer=_plain(answer),
        expires=None if wanted.for_ever else int(clock.now().timestamp()) + ANSWER_KEPT_S,
    )


def spent_by(what: str, good_until: datetime) -> OnceRecord:
    """Return the row that spends something by being committed with its effect; never twice."""
    return OnceRecord(key=what, fingerprint="", expires=int(good_until.timestamp()))


def is_spent(what: str) -> bool:
    """Return whether the row of `spent_by` has been committed."""
    return OnceRecord.find(what) is not None


def spend() -> None:
    """Note that the record of the key being served has been committed."""
    wanted = context.once()
    if wanted is not None:
        wanted.spent = True


def _plain(answer: Any) -> Any:
    if answer is None:
        return None
    return adapter(type(answer)).dump_python(answer, mode="json")


def answered(wanted: context.Once) -> OnceRecord | None:
    """Return the record of this idempotency key, if its effect has been committed."""
    return OnceRecord.find(wanted.record_key)
