"""From the outbox to whoever listens: published, struck off when heard, sent again if not.

Sending twice is harmless, because consumers are idempotent; not sending is not. So whatever
is in doubt is sent again, and one event that the bus refuses never holds up another.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.core import aws, clock, sweep
from chalicelib.core.config import settings
from chalicelib.core.logs import logger
from chalicelib.core.outbox import RESEND_AFTER_S, OutboxRow
from chalicelib.core.table import SHARDS, shards

MOST_SENDINGS = 8
"""After so many sendings a row is parked for a person to look at (SECURITY.md I20)."""

MOST_ENTRIES, MOST_BYTES, ENTRY_OVERHEAD = 10, 200 * 1024, 256
"""EventBridge PutEvents takes 10 entries and 256 KB a request; room is left for names."""

LASTING = frozenset({"ValidationException", "MalformedDetail", "InvalidArgument"})
"""Why the bus refuses an entry that it will never take; all else passes and does not count."""

Owed = Callable[[str, Mapping[str, Any]], Sequence[str]]
"""The consumers that hear an event: its name (`access.CallRung`) and body → functions."""


def streamed(record: Mapping[str, Any]) -> OutboxRow:
    """Return the outbox row of one record of the table's stream (`NEW_IMAGE`)."""
    return OutboxRow.from_raw_data(record["dynamodb"]["NewImage"])


def publish(rows: Iterable[OutboxRow], owed: Owed) -> None:
    """Publish events, having first noted on each row who must finish with it.

    An event that nobody hears is deleted at once. All are tried; then it raises if any was
    not taken, so that the stream or the sweep brings it again.
    """
    waiting = []
    for row in rows:
        consumers = owed(row.name, json.loads(row.body))
        if not consumers:
            _delete(row.event_id)
        elif _note_sending(row, set(consumers)):
            waiting.append(row)
    failed = [row for chunk in _chunks(waiting) for row in _publish(chunk)]
    if failed:
        raise RuntimeError(f"{len(failed)} events were not published")


def done(event_id: str, consumer: str) -> None:
    """Strike a consumer off an event's row; the last one takes the row away."""
    row = OutboxRow(event_id=event_id)
    struck = [OutboxRow.owed.delete({consumer})]
    if row.changed(struck, OutboxRow.event_id.exists()) and not row.owed:
        _delete(event_id)


def resend(owed: Owed, *, limit: int = 500) -> int:
    """Publish again what has waited too long; return how many.

    Each sending doubles the wait for the next. A row that was sent `MOST_SENDINGS` times,
    about an hour, leaves the index of what is due and is logged: its messages rest in a
    dead-letter queue and want a person.
    """
    before = OutboxRow.due_at <= clock.epoch_ms(clock.now())
    due = [
        row
        for shard in shards("outbox")
        for row in OutboxRow.due.query(shard, before, limit=limit // SHARDS)
    ]
    sweep.each([row for row in due if row.sendings >= MOST_SENDINGS], _park)
    again = [row for row in due if row.sendings < MOST_SENDINGS]
    publish(again, owed)
    return len(again)


def _park(row: OutboxRow) -> bool:
    row.changed([OutboxRow.shard.remove()], OutboxRow.event_id.exists())
    logger().error("event parked", extra={"event_id": row.event_id, "event": row.name})
    return True


def _note_sending(row: OutboxRow, consumers: set[str]) -> bool:
    """Note who must finish, unless that is noted already; False if all have finished.

    A stream that brings the row again, after a failure or for no reason, sends it again.
    """
    wait_ms = RESEND_AFTER_S * 1000 * 2 ** int(row.sendings)
    actions = [
        OutboxRow.due_at.set(clock.epoch_ms(clock.now()) + wait_ms),
        OutboxRow.sendings.add(1),
        OutboxRow.owed.set(OutboxRow.owed | consumers),
    ]
    return row.changed(actions, OutboxRow.event_id.exists())


def _chunks(rows: Iterable[OutboxRow]) -> Iterator[list[OutboxRow]]:
    """Yield what one request takes: ten entries and `MOST_BYTES` at most."""
    chunk: list[OutboxRow] = []
    size = 0
    for row in rows:
        own = len(row.body.encode()) + ENTRY_OVERHEAD
        if chunk and (len(chunk) == MOST_ENTRIES or size + own > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += own
    if chunk:
        yield chunk


def _publish(chunk: list[OutboxRow]) -> list[OutboxRow]:
    """Return the rows that the bus did not take.

    A request that is refused whole is tried again one entry at a time: neighbours of a bad
    entry are not to blame. What failed in passing does not count as a sending.
    """
    try:
        results = aws.client("events").put_events(Entries=[_entry(row) for row in chunk])["Entries"]
    except Exception as failure:  # noqa: BLE001 -- whatever it was, the neighbours go on
        if len(chunk) > 1:
            return [row for single in chunk for row in _publish([single])]
        results = [{"ErrorCode": _code(failure), "ErrorMessage": str(failure)}]
    failed = []
    for row, result in zip(chunk, results, strict=True):
        if "ErrorCode" in result:
            logger().error("not published", extra={"event": row.name, **result})
            failed.append(row)
            if result["ErrorCode"] not in LASTING:
                row.changed([OutboxRow.sendings.add(-1)], OutboxRow.event_id.exists())
    return failed


def _code(failure: Exception) -> str:
    response = getattr(failure, "response", {})
    return str(response.get("Error", {}).get("Code", type(failure).__name__))


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


def _delete(event_id: str) -> None:
    OutboxRow(event_id=event_id).delete(add_version_condition=False)
