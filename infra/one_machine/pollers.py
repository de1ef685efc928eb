"""SQS event source: receive, invoke, delete what succeeded; the rest comes again."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.config import settings
from functions.wakes import Queue
from infra.one_machine import ministack
from infra.one_machine.clients import WAIT_S
from infra.one_machine.invoke import Target

log = logging.getLogger("pollers")

PARALLEL = 2
"""Invocations of one function at a time; Lambda starts with five."""

Message = dict[str, Any]


class Poller:
    """One thread's worth of a queue; `idle` is set while no handler runs."""

    def __init__(self, target: Target, queue: Queue, sqs: Any, stopping: threading.Event) -> None:
        self.target, self.queue, self.sqs, self.stopping = target, queue, sqs, stopping
        self.url = settings().queue_prefix + queue.name
        self.idle = threading.Event()
        self.lost = threading.Event()
        """Set when the queue is gone: the emulator was killed and has to be furnished anew."""

    def run(self) -> None:
        """Poll until told to stop; an engine that is away is waited for."""
        self.idle.set()
        while not self.stopping.is_set():
            try:
                self.round()
            except (BotoCoreError, ClientError) as failure:
                if "NonExistentQueue" in str(failure) or "QueueDoesNotExist" in str(failure):
                    self.lost.set()
                log.warning("%s: %s", self.queue.name, failure)
                self.stopping.wait(0.5)

    def round(self) -> None:
        """Receive one batch, invoke the handler with it, delete what it dealt with."""
        messages = self._gather()
        if not messages or self.stopping.is_set():
            return
        self.idle.clear()
        try:
            failed = self._invoke(messages)
            self._delete([message for message in messages if message["MessageId"] not in failed])
        finally:
            self.idle.set()

    def _gather(self) -> list[Message]:
        """Return up to a batch, waiting at most the batching window after the first message."""
        messages = self._receive(WAIT_S)
        end = time.monotonic() + self.queue.window_s
        while messages and len(messages) < self.queue.batch and time.monotonic() < end:
            messages += self._receive(min(1, self.queue.window_s))
        return messages

    def _receive(self, wait_s: int) -> list[Message]:
        reply = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=min(10, self.queue.batch),
            WaitTimeSeconds=wait_s,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        found: list[Message] = reply.get("Messages", [])
        return found

    def _invoke(self, messages: Sequence[Message]) -> set[str]:
        """Return the ids of messages to keep; a handler that raises keeps them all."""
        everything = {message["MessageId"] for message in messages}
        event = {"Records": [record(message, self.queue.name) for message in messages]}
        try:
            reply = self.target(event) or {}
        except Exception:
            log.exception("%s failed on %d messages", self.target.name, len(messages))
            return everything
        named = {failure.get("itemIdentifier") for failure in reply.get("batchItemFailures", ())}
        if not named <= everything:
            return everything  # Lambda, too, keeps the whole batch when it is told nonsense
        return named

    def _delete(self, done: Sequence[Message]) -> None:
        for part in _tens(done):
            entries = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                for index, message in enumerate(part)
            ]
            self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)


def record(message: Message, queue: str) -> dict[str, Any]:
    """Return a received message in the shape that Lambda hands to a function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": ministack.queue_arn(queue),
        "awsRegion": ministack.REGION,
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "dataType": value["DataType"],
        "stringValue": value.get("StringValue"),
        "stringListValues": [],
        "binaryListValues": [],
    }


def _tens(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(messages), 10):
        yield messages[start : start + 10]
