"""What devices report: verified, accepted once, recorded once, announced once."""

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.core import clock, media, outbox, queue, sweep
from chalicelib.core.errors import Conflict, TooLarge, TooMany, Unauthenticated
from chalicelib.core.logs import logger
from chalicelib.core.table import shard_of
from chalicelib.core.typed import adapter
from chalicelib.devices import rules
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.devices.rules import Reported
from chalicelib.devices.service.registry import key_of, remembered
from chalicelib.devices.tables import (
    BATCHES_KEPT_S,
    EVENTS_KEPT_S,
    AcceptedBatch,
    Device,
    DeviceEvent,
)

RESEND_AFTER = timedelta(seconds=30)
MOST_SENDINGS = 8
MOST_STORED = 350 * 1024
"""Bytes of a batch as it is kept; a DynamoDB item holds 400 KB."""
MOST_SIGNATURES = 3
"""Signatures tried of one header: the old key's, the new key's, one to spare."""

URGENT_QUEUE = "device-urgent"
NO_KEY = b"\x00" * rules.KEY_BYTES
"""Checked against when device or key is unknown, so that both take the same time."""


@dataclass(frozen=True)
class Accepted:
    """What was accepted: the verdict on each event of the batch, by index."""

    accepted: int
    duplicate: bool
    results: list[dict[str, Any]]


def authenticate(headers: Mapping[str, str], body: bytes) -> Device:
    """Return the device that signed these bytes (Standard Webhooks; DEVICES.md).

    Raises Unauthenticated: `stale_timestamp` with our time in the details, or
    `bad_signature` for whatever else is wrong; TooLarge over 256 KB.
    """
    if len(body) > rules.MOST_BYTES:
        raise TooLarge("batch_too_large", "事件批次不能超过 256 KB")
    stamp, at = headers.get("webhook-timestamp", ""), clock.now()
    device = remembered(headers.get("x-linli-device", "")[:64] or "-")
    key = device and key_of(device, headers.get("x-linli-key-id", ""))
    expected = rules.uplink_signature(key or NO_KEY, headers.get("webhook-id", ""), stamp, body)
    offered = headers.get("webhook-signature", "").split(" ")
    signed = any(rules.same(expected, one) for one in offered[:MOST_SIGNATURES])
    if device is None or key is None or not signed or not _id_ok(headers):
        raise Unauthenticated("bad_signature", "设备签名无效")
    if not _STAMP.fullmatch(stamp) or not rules.in_window(_instant(stamp), at):
        raise Unauthenticated(
            "stale_timestamp", "设备时间偏差过大", details={"server_time": at.isoformat()}
        )
    return device


def _id_ok(headers: Mapping[str, str]) -> bool:
    return 0 < len(headers.get("webhook-id", "")) <= rules.LONGEST_ID


def _instant(stamp: str) -> datetime:
    return datetime.fromtimestamp(int(stamp), UTC)


_STAMP = re.compile(r"[0-9]{1,11}")
"""Seconds since 1970: digits, and few enough to be a date."""


def accept(
    device: Device, message_id: str, body: bytes, batch: Sequence[Reported | list[Any]]
) -> Accepted:
    """Keep a batch as a job and queue it; the same message again gets its first answer.

    `batch` holds, by index, an event or what is wrong with it. One conditional write and
    one send; a batch with nothing good in it is answered and leaves no trace. Raises
    Conflict `message_id_reused` for another body under the same id.
    """
    good = [event for event in batch if isinstance(event, Reported)]
    answer: dict[str, Any] = {
        "accepted": len(good),
        "results": [_result(i, e) for i, e in enumerate(batch)],
    }
    if not good:
        return Accepted(duplicate=False, **answer)
    at, digest = clock.now(), hashlib.sha256(body).hexdigest()
    target = URGENT_QUEUE if any(e.type in rules.URGENT for e in good) else "device-events"
    _charge(device.device_id, len(good), alarm=target == URGENT_QUEUE)
    row = AcceptedBatch(
        device_id=device.device_id,
        message_id=message_id,
        digest=digest,
        events=adapter(list[Reported]).dump_python(good, mode="json"),
        answer=answer,
        queue=target,
        received_at=clock.epoch_ms(at),
        due_at=clock.epoch_ms(at + RESEND_AFTER),
        expires=int(at.timestamp()) + BATCHES_KEPT_S,
        shard=shard_of("batch", digest),
    )
    if len(json.dumps([row.events, answer], ensure_ascii=False).encode()) > MOST_STORED:
        raise TooLarge("batch_too_large", "事件批次过大，请分批上报")
    if not row.put_new():
        return _first_answer(device.device_id, message_id, digest)
    _enqueue(target, device.device_id, message_id)
    return Accepted(duplicate=False, **answer)


_buckets: OrderedDict[tuple[str, bool], rules.Bucket] = OrderedDict()
_charging = threading.Lock()
MOST_BUCKETS = 10_000


def _charge(device_id: str, events: int, *, alarm: bool) -> None:
    """Take tokens for a device's events; raises TooMany `too_many_events`.

    The buckets are this process's own: exact on one machine; on AWS each instance has its
    own, so that a storm is bounded by how many instances serve it, at no call per event.
    Alarms have a larger bucket of their own; a device that is told 429 sends them again.
    """
    at, name = clock.now(), (device_id, alarm)
    burst = rules.ALARM_BURST if alarm else rules.BURST
    with _charging:
        left = _buckets.get(name, rules.Bucket(burst, at)).after(events, at, burst=burst)
        if left is None:
            raise TooMany("too_many_events", "设备上报过于频繁，请稍后再试", retry_after=5)
        _buckets[name] = left
        _buckets.move_to_end(name)
        if len(_buckets) > MOST_BUCKETS:
            _buckets.popitem(last=False)


def _result(index: int, event: Reported | list[Any]) -> dict[str, Any]:
    if isinstance(event, Reported):
        return {"index": index, "id": event.id, "status": "accepted"}
    return {"index": index, "id": None, "status": "invalid", "errors": event}


def _first_answer(device_id: str, message_id: str, digest: str) -> Accepted:
    first = AcceptedBatch.kept(device_id, message_id)
    if first is None or first.digest != digest:
        raise Conflict("message_id_reused", "该 webhook-id 已用于另一批事件")
    if first.shard is not None:  # whoever asks again may not have to wait for the sweep
        _enqueue(first.queue, device_id, message_id)
    return Accepted(duplicate=True, **first.answer)


def _enqueue(target: str, device_id: str, message_id: str) -> None:
    """Queue the job now; if the queue does not answer, the sweep brings it later."""
    try:
        queue.send(target, {"device_id": device_id, "message_id": message_id})
    except Exception:  # noqa: BLE001 -- the job is a committed row; losing the hint is no loss
        logger().exception("job not queued", extra={"device": device_id})


def record(device_id: str, message_id: str) -> None:
    """Record and announce each event of an accepted batch, each once for ever (30 days)."""
    batch = AcceptedBatch.find(device_id, message_id)
    device = Device.find(device_id)
    if batch is None or batch.shard is None:
        return
    if device is None:
        logger().error("batch of a device that is gone", extra={"device": device_id})
        AcceptedBatch.finish(device_id, message_id)
        return
    received_at = clock.from_epoch_ms(int(batch.received_at))
    for event in adapter(list[Reported]).validate_python(batch.events):
        _record_one(device, event, received_at)
    AcceptedBatch.finish(device_id, message_id)


def _record_one(device: Device, event: Reported, received_at: datetime) -> None:
    fact = DeviceEventRecorded(
        community_id=device.community_id,
        device_id=device.device_id,
        kind=device.kind,
        place_id=device.place_id,
        event_id=event.id,
        type=event.type,
        data=event.data,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=event.occurred_at,
        received_at=received_at,
        live=rules.is_live(event.occurred_at, received_at),
    )
    row = DeviceEvent(
        device_id=device.device_id,
        event_id=event.id,
        community_id=device.community_id,
        type=event.type,
        data=event.data,
        boot=event.boot,
        sequence=event.sequence,
        occurred_at=clock.epoch_ms(event.occurred_at),
        received_at=clock.epoch_ms(received_at),
        expires=int(received_at.timestamp()) + EVENTS_KEPT_S,
    )
    if not outbox.commit_once(row, events=(fact,)):
        logger().info("event repeated", extra={"device": device.device_id, "event": event.id})


def sweep_accepted(*, limit: int = 100) -> int:
    """Queue again the batches that nobody finished; return how many.

    Each time the wait doubles; after `MOST_SENDINGS` a batch is parked and logged.
    """
    return sweep.each(list(AcceptedBatch.waiting(clock.now(), limit)), _again)


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
    _enqueue(batch.queue, *key)
    return True


def grant_upload(device: Device, content_type: str, size: int, sha256: str) -> media.Upload:
    """Return a presigned POST for exactly one picture; no call leaves this process.

    Evidence cannot be replaced afterwards: S3 checks the hash, and `examine_frame` again.
    """
    folder = f"{device.community_id}/stills/{device.device_id}"
    return media.granted(folder, content_type, size, sha256)
