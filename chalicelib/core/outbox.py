"""Rows and the events they cause, committed in one DynamoDB transaction, or neither.

The transaction leaves one outbox row per event. The table's stream wakes the relay, which
publishes to EventBridge; each consumer strikes its name off the row when it is done, and
the last one deletes it. What is still there after a while is published again by the
sweep, so an event survives the loss of every queue. Consumers are idempotent.
"""

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import (
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.transactions import TransactWrite

from chalicelib.core import clock, context, ids, once
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict
from chalicelib.core.table import Row, connection, shard_of
from chalicelib.core.typed import adapter

RESEND_AFTER_S = 30
"""An event that nobody has finished by then is sent (again) by the sweep."""

TRIES = 4
"""How often a transaction is tried that collided with another one under way."""


@dataclass(frozen=True)
class Given:
    """What must hold of another row at the moment of a commit, without a read of its own.

    `actions` are done to that row with the commit: a count goes up, whoever else counts too.
    """

    row: type[Row]
    hash_key: str
    range_key: str | None
    condition: Condition
    actions: Sequence[Action] = ()


class _Due(GlobalSecondaryIndex["OutboxRow"]):
    class Meta:
        index_name = "due"
        projection = AllProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class OutboxRow(Row):
    """One event that at least one consumer has not finished with."""

    class Meta:
        short = "outbox"
        stream = True

    event_id = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    name = UnicodeAttribute()
    body = UnicodeAttribute()
    request_id = UnicodeAttribute()
    at = NumberAttribute()
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    sendings = NumberAttribute(default=0)
    owed = UnicodeSetAttribute(null=True)
    due = _Due()


def commit(
    *rows: Row | tuple[Row, Condition],
    events: Iterable[Any] = (),
    deletes: Iterable[Row] = (),
    given: Iterable[Given] = (),
    answer: Any = None,
) -> None:
    """Write rows, deletes, events and the idempotency record in one transaction.

    A row may come with a further condition; `given` must hold of rows that are not
    saved. `answer` is a dataclass: what the use case
    returns, kept so that the same key gets the same answer. Raises Conflict
    (`lost_race`) if any row was changed or made by somebody else, or what was given does
    not hold; Replayed if the
    idempotency key has been used. At most 100 items (DynamoDB).
    """
    saved = [row if isinstance(row, tuple) else (row, None) for row in rows]
    saved += [(_row_of(event), None) for event in events]
    record, gone, given = once.record(answer), list(deletes), list(given)
    if not (saved or gone or record):
        return
    for attempt in range(TRIES):
        try:
            _write(saved, gone, given, record)
        except TransactWriteError as failure:
            if attempt == TRIES - 1 or not _passing(failure):
                raise _verdict(failure, record) from failure
            time.sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311 -- jitter, no secret
        else:
            once.spend()
            break
    if settings().commit_fence:
        _fence(saved[0][0] if saved else record)


def commit_once(row: Row, *, events: Iterable[Any] = ()) -> bool:
    """Write a row that an earlier delivery may have written; False if it is there.

    For reactions, whose rows have ids derived from their cause. A Conflict that is no
    repetition, two writers colliding, is raised, so that the message comes again.
    """
    try:
        commit(row, events=events)
    except Conflict:
        if not row.has_twin():
            raise
        return False
    return True


def put_each(rows: Sequence[Row]) -> Sequence[bool | BaseException]:
    """Write rows that must not be there yet; return, for each, False if it was there.

    Rows of nothing in common, at most 25: they go in one call, and one that the engine refuses
    stands alone. A row that could not be written has the exception in its place.
    """
    if len(rows) > 1 and _all_put(rows):
        return [True] * len(rows)
    return [_put(row) for row in rows]


def _put(row: Row) -> bool | BaseException:
    try:
        return row.put_new()
    except Exception as failure:  # noqa: BLE001 -- the other rows are not to blame
        return failure


def _all_put(rows: Sequence[Row]) -> bool:
    """Put all rows or none; False if the engine refused any; raises if it did not answer."""
    try:
        _write([(row, None) for row in rows], (), (), None)
    except TransactWriteError as failure:
        if failure.cause_response_code is None:
            raise  # no answer at all: each alone would wait as long
        return False
    if settings().commit_fence:
        _fence(rows[0])
    return True


def _write(
    saved: Sequence[tuple[Row, Condition | None]],
    deleted: Sequence[Row],
    given: Sequence[Given],
    record: once.OnceRecord | None,
) -> None:
    with TransactWrite(connection=connection(), client_request_token=ids.new_id("tx")) as work:
        for row, condition in saved:
            work.save(row, condition)
        for row in deleted:
            work.delete(row)
        for fact in given:
            _expect(work, fact)
        if record is not None:
            work.save(record, return_values="ALL_OLD")


def _expect(work: TransactWrite, fact: Given) -> None:
    if not fact.actions:
        work.condition_check(fact.row, fact.hash_key, fact.range_key, fact.condition)
        return
    row = fact.row(fact.hash_key, fact.range_key)
    row.version = 0  # one more than it is, as in `Row.changed`: who has read it saves no more
    work.update(row, list(fact.actions), fact.condition, add_version_condition=False)


def _passing(failure: TransactWriteError) -> bool:
    """Return whether nothing but a passing collision or throttling stopped the write."""
    codes = {reason.code for reason in failure.cancellation_reasons if reason}
    return bool(codes) and codes <= {"TransactionConflict", "ThrottlingError"}


def was_passing(raced: Conflict) -> bool:
    """Return whether a commit met nothing but another one that was under way: nothing moved."""
    failure = raced.__cause__
    return isinstance(failure, TransactWriteError) and _passing(failure)


def _row_of(event: Any) -> OutboxRow:
    event_id = ids.new_id("evt")
    domain = type(event).__module__.split(".")[1]
    return OutboxRow(
        event_id=event_id,
        community_id=event.community_id,
        name=f"{domain}.{type(event).__name__}",
        body=adapter(type(event)).dump_json(event).decode(),
        request_id=context.request_id(),
        at=clock.epoch_ms(clock.now()),
        shard=shard_of("outbox", event_id),
        due_at=clock.epoch_ms(clock.now()) + RESEND_AFTER_S * 1000,
    )


def _verdict(failure: TransactWriteError, record: once.OnceRecord | None) -> Exception:
    """Tell an answered key from a lost race, by content: PynamoDB reorders the items."""
    reasons = [reason for reason in failure.cancellation_reasons if reason]
    for reason in reasons:
        if record is not None and reason.raw_item and "fingerprint" in reason.raw_item:
            return once.Replayed(once.OnceRecord.from_raw_data(reason.raw_item))
    if any(r.code in ("ConditionalCheckFailed", "TransactionConflict") for r in reasons):
        return Conflict("lost_race", "操作已被其他人抢先完成，请刷新后再试")
    return failure


def _fence(row: Row | None) -> None:
    """Wait until the engine's journal has the transaction (DESIGN.md, one machine)."""
    if row is not None:
        row.has_twin()
