"""What devices report: accepted once, recorded once, announced once."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import chain, takewhile
from typing import Any

from chalicelib.core import clock, ids, outbox, queue, sweep
from chalicelib.core.errors import Conflict, Refusal, TooLarge, TooMany
from chalicelib.core.logs import logger
from chalicelib.core.table import shard_of
from chalicelib.core.together import Together
from chalicelib.core.typed import adapter
from chalicelib.devices.rules.catalogue import EVENTS, URGENT
from chalicelib.devices.rules.uplink import (
    BY_NEED,
    Read,
    Refused,
    Reported,
    Verdict,
    queue_of,
    tokens,
)
from chalicelib.devices.schemas.uplink import read_batch
from chalicelib.devices.service import admission, replays, stills
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.uplink import (
    BATCHES_KEPT_S,
    AcceptedBatch,
)

RESEND_AFTER = timedelta(seconds=30)
MOST_SENDINGS = 8
MOST_STORED = 350 * 1024
"""Bytes of a batch as it is kept; a DynamoDB item holds 400 KB."""


@dataclass(frozen=True)
class Accepted:
    """What was accepted: the verdict on each event of the batch, by index."""

    accepted: int
    duplicate: bool
    results: list[dict[str, Any]]


def accept(
    device: Device,
    message_id: str,
    body: bytes,
    batch: Sequence[Read],
    *,
    received_at: datetime | None = None,
) -> Accepted:
    """Keep a batch as a job and queue it; the same message again gets its first answer.

    `batch` holds, by index, an event or what is wrong with it. One conditional write and
    one send; a batch with nothing good in it is answered and leaves no trace. `received_at`
    is given by who took the message out of a queue, where nobody waits for an answer: alarms
    over their bucket are kept all the same, and the sweep queues them. Raises Conflict
    `message_id_reused` for another body under the same id, TooMany, TooLarge.
    """
    digest = hashlib.sha256(body).hexdigest()
    key = (device.device_id, message_id, digest)
    if first := replays.first_answer(key):
        return Accepted(duplicate=first["accepted"] > 0, **first)
    good = [event for event in batch if isinstance(event, Reported)]
    answer: dict[str, Any] = {
        "accepted": len(good),
        "results": [_result(i, e) for i, e in enumerate(batch)],
    }
    charge = _Charge(
        events=len(batch),
        cost=len(batch) - len(good) + sum(tokens(event.type, event.data) for event in good),
        alarm=any(event.type in URGENT for event in good),
    )
    way = _way(device, charge, lambda: _is_known(key), paced=received_at is None)
    if way is _Way.KNOWN:
        return _first_answer(key)
    if not good:
        replays.remember(key, answer)
        return Accepted(duplicate=False, **answer)
    row = _job(device.device_id, message_id, good, received_at or clock.now())
    row.digest, row.answer = digest, answer
    row.shard = shard_of(row.queue, digest)
    if len(json.dumps([row.events, answer], ensure_ascii=False).encode()) > MOST_STORED:
        raise TooLarge("batch_too_large", "事件批次过大，请分批上报")
    if not (_kept_and_queued((row, _hint(row))) if way is _Way.NOW else row.put_new()):
        first_answer = _first_answer(key)
        admission.uncount(device, charge.events, charge.cost, alarm=charge.alarm)
        return first_answer
    replays.remember(key, answer)
    return Accepted(duplicate=False, **answer)


@dataclass(frozen=True)
class _Charge:
    """What a batch counts: its events, what they take from a bucket, and from which."""

    events: int
    cost: int
    alarm: bool


class _Way(Enum):
    """What becomes of a batch: queued now, or by the sweep, or it came before."""

    NOW = auto()
    LATER = auto()
    KNOWN = auto()


def _way(device: Device, charge: _Charge, is_known: Callable[[], bool], *, paced: bool) -> _Way:
    """Count what came; LATER for alarms over their bucket that nobody would send again."""
    try:
        new = admission.admit(
            device,
            charge.events,
            cost=charge.cost,
            alarm=charge.alarm,
            paced=paced,
            is_known=is_known,
        )
    except TooMany as refusal:
        if paced or refusal.code != Verdict.TOO_MANY or not charge.alarm:
            raise
        logger().warning("alarms put off", extra={"device": device.device_id, "n": charge.events})
        return _Way.LATER
    return _Way.NOW if new else _Way.KNOWN


def _is_known(key: replays.Key) -> bool:
    """Return whether this very batch is on record."""
    first = AcceptedBatch.kept(key[0], key[1])
    return first is not None and first.digest == key[2]


def _keep_and_queue(
    jobs: Sequence[tuple[AcceptedBatch, queue.Message]],
) -> Sequence[bool | BaseException]:
    """Keep batches and queue those that are new; False for one that was there before."""
    kept = outbox.put_each([row for row, _ in jobs])
    new = [job for job, is_new in zip(jobs, kept, strict=True) if is_new is True]
    for name in BY_NEED:
        if hints := [hint for row, hint in new if row.queue == name]:
            _enqueue(name, *hints)
    return kept


_kept_and_queued: Together[tuple[AcceptedBatch, queue.Message], bool] = Together(
    _keep_and_queue, most=25
)
"""Batches that come at the same time are kept and queued together (record 0022)."""


def _job(
    device_id: str, message_id: str, good: Sequence[Reported], received_at: datetime
) -> AcceptedBatch:
    return AcceptedBatch(
        device_id=device_id,
        message_id=message_id,
        events=adapter(list[Reported]).dump_python(good, mode="json", exclude_defaults=True),
        queue=queue_of(event.type for event in good),
        received_at=clock.epoch_ms(received_at),
        due_at=clock.epoch_ms(clock.now() + RESEND_AFTER),
        expires=int(received_at.timestamp()) + BATCHES_KEPT_S,
    )


def _result(index: int, event: Read) -> dict[str, Any]:
    if isinstance(event, Refused):
        return {"index": index, "id": event.id, "status": "invalid", "errors": event.errors}
    status = "accepted" if event.type in EVENTS else "kept"
    result = {"index": index, "id": event.id, "status": status}
    return {**result, "errors": event.faults} if event.faults else result


def _first_answer(key: replays.Key) -> Accepted:
    first = AcceptedBatch.kept(key[0], key[1])
    if first is None or first.digest != key[2]:
        raise Conflict("message_id_reused", "该 webhook-id 已用于另一批事件")
    if first.shard is not None:  # whoever asks again may not have to wait for the sweep
        _enqueue(first.queue, _hint(first))
    replays.remember(key, first.answer)
    return Accepted(duplicate=True, **first.answer)


def _hint(batch: AcceptedBatch) -> queue.Message:
    job = {"device_id": batch.device_id, "message_id": batch.message_id}
    return queue.message(job, group=batch.device_id)


def _enqueue(name: str, *hints: queue.Message) -> None:
    """Queue jobs now; if the queue does not take them, the sweep brings them later."""
    try:
        queue.send(name, *hints)
    except Exception:  # noqa: BLE001 -- the job is a committed row; losing the hint is no loss
        logger().exception("jobs not queued", extra={"queue": name, "jobs": len(hints)})


def accept_message(
    device_id: str, message: str, received_at: datetime, *, only_alarms: bool = False
) -> None:
    """Accept what a device said over MQTT, `{p, s, kid}`: one CloudEvent or a batch in `p`.

    Nobody waits for an answer: what is forged, unreadable, of a device in quarantine, or on
    the alarms' way and none is logged and dropped. Any other failure is raised, so that the
    message comes again. The same text again is the same message.
    """
    said = admission.said_by(device_id, message)
    if said is None:
        logger().warning("message refused", extra={"device": device_id[:64]})
        return
    device, text = said
    message_id = ids.derived("mq", device_id, text)
    try:
        folder = stills.folder(device)
        batch = read_batch(text.encode(), device_id, device.kind, folder=folder, at=received_at)
        if only_alarms:
            batch = [_alarm(event) for event in batch]
        accepted = accept(device, message_id, text.encode(), batch, received_at=received_at)
    except Refusal as refusal:
        logger().info("message refused", extra={"device": device_id, "reason": refusal.code})
        return
    bad = [one for one in accepted.results if one["status"] == "invalid"]
    if bad and not accepted.duplicate:
        logger().warning("events refused", extra={"device": device_id, "results": bad[:3]})


def _alarm(event: Read) -> Read:
    """Return an event, or why it may not go the way that is kept free for alarms."""
    if isinstance(event, Refused) or event.type in URGENT:
        return event
    why = {"type": "not_urgent", "loc": ["type"], "msg": "only alarms go this way"}
    return Refused([why], event.id)


Again = Callable[[tuple[str, str]], bool]
"""What a sweep does with the (device, message) of a batch; True if it did something."""


def sweep_accepted(seconds: float, *, again: Again | None = None) -> int:
    """Queue again the batches that nobody finished, for so long; return how many.

    Calls for help go before what sensors cry, and that before all else: after an outage
    there may be more than one sweep can deal with. Each time the wait of a batch doubles;
    after `MOST_SENDINGS` it is parked and logged.
    """
    end, at = time.monotonic() + seconds, clock.now()
    waiting = chain.from_iterable(AcceptedBatch.waiting(name, at) for name in BY_NEED)
    return sweep.each(takewhile(lambda _: time.monotonic() < end, waiting), again or _again)


def _again(key: tuple[str, str]) -> bool:
    batch = AcceptedBatch.find(*key)
    if batch is None or batch.shard is None:
        return False
    if batch.sendings >= MOST_SENDINGS:
        AcceptedBatch.finish(*key)
        logger().error("batch parked", extra={"device": key[0], "message": key[1]})
        return False
    due_at = clock.epoch_ms(clock.now() + RESEND_AFTER * 2 ** int(batch.sendings))
    actions = [AcceptedBatch.due_at.set(due_at), AcceptedBatch.sendings.add(1)]
    batch.changed(actions, AcceptedBatch.shard.exists())
    _enqueue(batch.queue, _hint(batch))
    return True
