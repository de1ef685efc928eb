"""Rows and the events they cause, committed in one DynamoDB transaction, or neither.

The transaction leaves one outbox row per event. The table's stream wakes the relay, which
publishes to EventBridge; each consumer strikes its name off the row when it is done, and
the last one deletes it. What is still there after a while is published again by the
sweep, so an event survives the loss of every queue. Consumers are idempotent.
"""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from pynamodb.attributes import (
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.transactions import TransactWrite

from chalicelib.core import aws, clock, context, ids, once
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict
from chalicelib.core.logs import logger
from chalicelib.core.table import Row, connection

SHARDS = 8
"""Partitions that unfinished outbox rows are spread over (SECURITY.md 17: no hot key)."""

RESEND_AFTER_S = 30
MOST_SENDINGS = 8
"""After so many sendings a row is parked for a person to look at (SECURITY.md I20)."""

MOST_ENTRIES, MOST_BYTES, ENTRY_OVERHEAD = 10, 240 * 1024, 256
"""EventBridge PutEvents: entries and bytes of one request, with room for names."""

TRIES = 4
"""How often a transaction is tried that collided with another one under way."""

Owed = Callable[[str, Mapping[str, Any]], Sequence[str]]
"""The consumers that hear an event: its name (`access.CallRung`) and body → functions."""


class _Pending(GlobalSecondaryIndex["OutboxRow"]):
    class Meta:
        index_name = "pending"
        projection = AllProjection()

    shard = UnicodeAttribute(hash_key=True)
    sent_at = NumberAttribute(range_key=True)


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
    sent_at = NumberAttribute(null=True)
    sendings = NumberAttribute(default=0)
    owed = UnicodeSetAttribute(null=True)
    pending = _Pending()


def commit(
    *rows: Row | tuple[Row, Condition],
    events: Iterable[Any] = (),
    deletes: Iterable[Row] = (),
    answer: Any = None,
) -> None:
    """Write rows, deletes, events and the idempotency record in one transaction.

    A row may come with a further condition. `answer` is a dataclass: what the use case
    returns, kept so that the same key gets the same answer. Raises Conflict
    (`lost_race`) if any row was changed or made by somebody else, Replayed if the
    idempotency key has been used. At most 100 items (DynamoDB).
    """
    saved = [row if isinstance(row, tuple) else (row, None) for row in rows]
    saved += [(_row_of(event), None) for event in events]
    record, gone = once.record(answer), list(deletes)
    if not (saved or gone or record):
        return
    for attempt in range(TRIES):
        try:
            _write(saved, gone, record)
        except TransactWriteError as failure:
            if attempt == TRIES - 1 or not _passing(failure):
                raise _verdict(failure, record) from failure
            time.sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311 -- jitter, no secret
        else:
            once.spend()
            break
    if settings().commit_fence and saved:
        _fence(saved[0][0])


def _write(
    saved: Sequence[tuple[Row, Condition | None]],
    deleted: Sequence[Row],
    record: once.OnceRecord | None,
) -> None:
    with TransactWrite(connection=connection(), client_request_token=ids.new_id("tx")) as work:
        for row, condition in saved:
            work.save(row, condition)
        for row in deleted:
            work.delete(row)
        if record is not None:
            work.save(record, return_values="ALL_OLD")


def _passing(failure: TransactWriteError) -> bool:
    """Return whether nothing but a passing collision or throttling stopped the write."""
    codes = {reason.code for reason in failure.cancellation_reasons if reason}
    return bool(codes) and codes <= {"TransactionConflict", "ThrottlingError"}


def _row_of(event: Any) -> OutboxRow:
    event_id = ids.new_id("evt")
    domain = type(event).__module__.split(".")[1]
    return OutboxRow(
        event_id=event_id,
        community_id=event.community_id,
        name=f"{domain}.{type(event).__name__}",
        body=TypeAdapter(type(event)).dump_json(event).decode(),
        request_id=context.request_id(),
        at=clock.epoch_ms(clock.now()),
        shard=f"outbox#{ids.ALPHABET.index(event_id[-1]) % SHARDS}",
        sent_at=clock.epoch_ms(clock.now()),
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


def _fence(row: Row) -> None:
    """Wait until the engine's journal has the transaction (DESIGN.md, one machine)."""
    row.refresh(consistent_read=True)


def relay(rows: Iterable[OutboxRow], owed: Owed) -> None:
    """Publish events, having first noted on each row who must finish with it.

    An event that nobody hears is deleted at once. Raises if EventBridge refuses any, so
    that the stream or the sweep brings them again.
    """
    entries = []
    for row in rows:
        consumers = owed(row.name, json.loads(row.body))
        if not consumers:
            _delete(row.event_id)
        elif _note_sending(row, set(consumers)):
            entries.append(_entry(row))
    failed = sum(_publish(chunk) for chunk in _chunks(entries))
    if failed:
        raise RuntimeError(f"{failed} events were not published")


def _publish(chunk: list[dict[str, Any]]) -> int:
    """Return how many of these entries EventBridge did not take; neighbours are unharmed."""
    reply = aws.client("events").put_events(Entries=chunk)
    for entry, result in zip(chunk, reply["Entries"], strict=True):
        if "ErrorCode" in result:
            logger().error("not published", extra={"event": entry["DetailType"], **result})
    return int(reply["FailedEntryCount"])


def _chunks(entries: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield requests that EventBridge takes: ten entries and 256 KB at most."""
    chunk: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        own = len(entry["Detail"].encode()) + ENTRY_OVERHEAD
        if chunk and (len(chunk) == MOST_ENTRIES or size + own > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(entry)
        size += own
    if chunk:
        yield chunk


def _note_sending(row: OutboxRow, consumers: set[str]) -> bool:
    """Return whether the row still waits; first sendings say for whom."""
    first = row.sendings == 0
    actions: list[Action] = [
        OutboxRow.sent_at.set(clock.epoch_ms(clock.now())),
        OutboxRow.sendings.add(1),
    ]
    if first:
        actions.append(OutboxRow.owed.set(consumers))
    condition = OutboxRow.event_id.exists() & (
        OutboxRow.owed.does_not_exist() if first else OutboxRow.owed.exists()
    )
    try:
        row.update(actions, condition=condition, add_version_condition=False)
    except UpdateError as refused:
        if refused.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _entry(row: OutboxRow) -> dict[str, Any]:
    domain, name = row.name.split(".")
    detail = {
        "event_id": row.event_id,
        "community_id": row.community_id,
        "request_id": row.request_id,
        "at": row.at,
        "body": json.loads(row.body),
    }
    return {
        "Source": f"linli.{domain}",
        "DetailType": name,
        "Detail": json.dumps(detail, ensure_ascii=False),
        "EventBusName": settings().event_bus,
    }


def done(event_id: str, consumer: str) -> None:
    """Strike a consumer off an event's row; the last one takes the row away."""
    row = OutboxRow(event_id=event_id)
    try:
        row.update(
            [OutboxRow.owed.delete({consumer})],
            condition=OutboxRow.event_id.exists(),
            add_version_condition=False,
        )
    except UpdateError as refused:
        if refused.cause_response_code == "ConditionalCheckFailedException":
            return
        raise
    if not row.owed:
        _delete(event_id)


def _delete(event_id: str) -> None:
    OutboxRow(event_id=event_id).delete(add_version_condition=False)


def streamed(record: Mapping[str, Any]) -> OutboxRow:
    """Return the outbox row of one record of the table's stream (`NEW_IMAGE`)."""
    return OutboxRow.from_raw_data(record["dynamodb"]["NewImage"])


def sweep(owed: Owed, *, limit: int = 500) -> int:
    """Publish again what has waited too long; return how many.

    Each sending doubles the wait for the next. A row that was sent `MOST_SENDINGS` times,
    about an hour, leaves the pending index and is logged: its messages rest in a
    dead-letter queue and want a person.
    """
    at = clock.epoch_ms(clock.now())
    late: list[OutboxRow] = []
    for shard in range(SHARDS):
        late += OutboxRow.pending.query(
            f"outbox#{shard}", OutboxRow.sent_at < at - RESEND_AFTER_S * 1000, limit=limit // SHARDS
        )
    due = [row for row in late if row.sendings < MOST_SENDINGS and at > _next_sending(row)]
    for row in late:
        if row.sendings >= MOST_SENDINGS:
            row.update([OutboxRow.shard.remove()], add_version_condition=False)
            logger().error("event parked", extra={"event_id": row.event_id, "event": row.name})
    relay(due, owed)
    return len(due)


def _next_sending(row: OutboxRow) -> int:
    """Return when a row may be sent again, in epoch milliseconds."""
    wait_s = RESEND_AFTER_S * 2 ** max(0, int(row.sendings) - 1)
    return int(row.sent_at) + wait_s * 1000
