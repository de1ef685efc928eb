"""IoT rules on one machine: what devices say is stored, queued, or handed to a function."""

import json
import logging
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.config import settings
from chalicelib.core.table import table_name
from functions.wakes import Function, Topic, TopicRule
from infra.one_machine.bridge import Bridge, Work
from infra.one_machine.invoke import Target

log = logging.getLogger("topic_rules")

MOST_EVENTS_AT_ONCE = 100
"""The same for events, which a device that was away brings all together: what it may say by
HTTP in one batch. They are only put into a queue, by threads of their own."""

PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""How long an event waits, and waits again, for a queue that is being made anew."""

LARGEST_ACK = 4 * 1024
"""Bytes of an acknowledgement that is kept: it names a command, a result and a reason."""


def bridges(
    rules: tuple[TopicRule, ...], functions: tuple[Function, ...], clients: Any
) -> tuple[Bridge, ...]:
    """Return the bridges of what is stored, which people wait for, of events, of all else.

    Each has threads of its own, so that neither greetings nor measurements hold up
    acknowledgements or an SOS.
    """
    told = [
        (wake.filter, _invoking(Target.of(function)))
        for function in functions
        for wake in function.wakes
        if isinstance(wake, Topic)
    ]
    stored = [(rule.filter, _storing(rule, clients)) for rule in rules if rule.table]
    queued = [
        Bridge(
            f"linli-{rule.queue}",
            [(rule.filter, _patient(_queueing(rule, clients)))],
            MOST_EVENTS_AT_ONCE,
            holds=True,
        )
        for rule in rules
        if not rule.table
    ]
    return Bridge("linli-acks", stored, holds=True), *queued, Bridge("linli-rules", told)


def _storing(rule: TopicRule, clients: Any) -> Work:
    """Return the rule's two actions: an item keyed by the device, and a message about it."""
    dynamodb, queue = clients("dynamodb"), _queueing(rule, clients)

    def store(topic: str, payload: str, received_at: int) -> None:
        item = acknowledgement(rule, topic, payload, received_at)
        if item is None:
            log.warning("message on %s is not for this rule", topic)
            return
        dynamodb.put_item(TableName=table_name(rule.table), Item=item)
        queue(topic, payload, received_at)

    return store


def _queueing(rule: TopicRule, clients: Any) -> Work:
    """Return a rule's only action: a message with the device of the topic."""
    sqs = clients("sqs")

    def put(topic: str, payload: str, received_at: int) -> None:
        _, _, community, device, _ = topic.split("/")
        told = {
            "community_id": community,
            "device_id": device,
            "payload": payload,
            "received_at": received_at,
        }
        sqs.send_message(
            QueueUrl=settings().queue_prefix + rule.queue,
            MessageBody=json.dumps(told, ensure_ascii=False),
        )

    return put


def _patient(work: Work) -> Work:
    """Try again while the queue is away, as IoT Core does: this may be somebody's SOS."""

    def try_again(topic: str, payload: str, received_at: int) -> None:
        for pause_s in PAUSES_S:
            try:
                return work(topic, payload, received_at)
            except (BotoCoreError, ClientError) as failure:
                log.warning("%s waits for its queue: %s", topic, failure)
                time.sleep(pause_s)
        return work(topic, payload, received_at)

    return try_again


def acknowledgement(
    rule: TopicRule, topic: str, payload: str, received_at: int
) -> dict[str, Any] | None:
    """Return the item that the rule writes, or None if the message has no usable `id`."""
    _, _, community, device, _ = topic.split("/")
    if len(payload.encode("utf-8", "replace")) > LARGEST_ACK:
        return None
    try:
        message_id = json.loads(payload)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(message_id, str) or not message_id:
        return None
    return {
        "device_id": {"S": device},
        "command_id": {"S": message_id[:256]},
        "community_id": {"S": community},
        "payload": {"S": payload},
        "received_at": {"N": str(received_at)},
        "expires": {"N": str(received_at // 1000 + rule.kept_s)},
    }


def _invoking(target: Target) -> Work:
    def pass_on(topic: str, payload: str, received_at: int) -> None:
        target({"topic": topic, "payload": payload, "received_at": received_at})

    return pass_on
