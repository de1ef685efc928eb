"""Lambda handlers for SQS: parse, run, report each failed message alone.

Two kinds of queue: those that EventBridge fills with other domains' events, and plain job
queues. Either way one bad message neither blocks nor repeats its neighbours; after five
receives SQS moves it to the dead-letter queue.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.core import aws, context, relay
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict
from chalicelib.core.logs import logger
from chalicelib.core.typed import adapter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

Handler = Callable[[dict[str, Any], Any], Any]


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


def send(queue: str, body: Mapping[str, Any]) -> None:
    """Put one job on a queue, with the request's id."""
    message = {**body, "request_id": context.request_id()}
    aws.client("sqs").send_message(
        QueueUrl=settings().queue_prefix + queue,
        MessageBody=json.dumps(message, ensure_ascii=False),
    )


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
