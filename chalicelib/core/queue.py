"""Lambda handlers for SQS: parse, run, report each failed message alone.

Two kinds of queue: those that EventBridge fills with other domains' events, and plain job
queues. Either way one bad message neither blocks nor repeats its neighbours; after five
receives SQS moves it to the dead-letter queue.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.core import aws, clock, context, relay
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict
from chalicelib.core.logs import logger
from chalicelib.core.typed import adapter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

Handler = Callable[[dict[str, Any], Any], Any]
Message = Mapping[str, str]

MOST_ENTRIES = 10
"""Messages of one SendMessageBatch (SQS)."""


def handler(consumer: str, reactions: Mapping[type, Callable[[Any], None]]) -> Handler:
    """Return the Lambda handler that lets a consumer hear events.

    `reactions` maps an event class to what is called with it. A Conflict raised by a
    reaction means that a redelivery met its own earlier effect only if the reaction says
    so by catching it; uncaught, the message comes again.
    """
    by_name = {cls.__name__: (adapter(cls), react) for cls, react in reactions.items()}

    def hear(record: "SQSRecord") -> None:
        envelope = json.loads(record.body)
        detail = envelope["detail"]
        kind, react = by_name[envelope["detail-type"]]
        with context.serving(detail["request_id"]):
            try:
                react(kind.validate_python(detail["body"]))
            except Conflict:
                logger().info("raced", extra={"consumer": consumer, "event": detail["event_id"]})
                raise
            relay.done(detail["event_id"], consumer)

    return _batched(hear)


def jobs(work: Callable[[dict[str, Any]], None]) -> Handler:
    """Return the Lambda handler of a plain queue whose bodies are JSON objects."""

    def take(record: "SQSRecord") -> None:
        body = json.loads(record.body)
        with context.serving(body.get("request_id", record.message_id)):
            work(body)

    return _batched(take)


def received_at(job: Mapping[str, Any]) -> datetime:
    """Return when the broker's rule received what a job brings."""
    return clock.from_epoch_ms(int(job["received_at"]))


def message(body: Mapping[str, Any], *, group: str = "", once: str = "") -> Message:
    """Return the message of one job, with the request's id.

    SQS serves the groups of a queue fairly: one with a backlog does not delay the others. A
    FIFO queue serves each group in order, one batch at a time, and wants `once`: what it has
    heard in the last five minutes under the same word it does not take again.
    """
    text = json.dumps({**body, "request_id": context.request_id()}, ensure_ascii=False)
    words = {"MessageBody": text, "MessageGroupId": group, "MessageDeduplicationId": once}
    return {name: word for name, word in words.items() if word}


def send(queue: str, *messages: Message) -> None:
    """Put messages on a queue, ten to a call; raises if any was not taken."""
    sqs, url = aws.client("sqs"), settings().queue_prefix + queue
    if len(messages) == 1:
        sqs.send_message(QueueUrl=url, **messages[0])
        return
    for start in range(0, len(messages), MOST_ENTRIES):
        part = messages[start : start + MOST_ENTRIES]
        entries = [{"Id": str(number), **one} for number, one in enumerate(part)]
        reply = sqs.send_message_batch(QueueUrl=url, Entries=entries)
        if reply.get("Failed"):
            raise RuntimeError(f"{queue} did not take {len(reply['Failed'])} messages")


def _batched(work: "Callable[[SQSRecord], None]") -> Handler:
    # Only consumers pay for it: 60 ms that the API, which merely sends, must not start with.
    from aws_lambda_powertools.utilities import batch  # noqa: PLC0415 -- as said above

    def handle(event: dict[str, Any], lambda_context: Any) -> Any:
        processor = batch.BatchProcessor(
            event_type=batch.EventType.SQS, raise_on_entire_batch_failure=False
        )
        return batch.process_partial_response(
            event=event, record_handler=_logged(work), processor=processor, context=lambda_context
        )

    return handle


def _logged(work: "Callable[[SQSRecord], None]") -> "Callable[[SQSRecord], None]":
    def run(record: "SQSRecord") -> None:
        try:
            work(record)
        except Exception:
            logger().exception(
                "message failed",
                extra={
                    "message_id": record.message_id,
                    "receives": record.attributes.approximate_receive_count,
                },
            )
            raise

    return run
