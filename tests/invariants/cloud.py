"""AWS as the product calls it, simulated with its failures: DynamoDB, SQS, EventBridge, IoT."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ReadTimeoutError

from functions import manifest
from functions.wakes import Heard, Queue
from tests.invariants.dynamodb import Reply, Store, cancelled, refused
from tests.invariants.world import Crashed, Handler, LambdaContext, World

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})
LAMBDA_TIMEOUT_MS = 10_000
STALE_FOR_MS = 1_000
MOST_RECEIVES = 5
VISIBILITY_MS = 15_000
"""Shorter than the 60 s of AWS, so that three redeliveries fit into a simulated minute."""

WINDOW = 100
"""A message may overtake this many (SECURITY.md, figures)."""


class DynamoDB:
    """The client that PynamoDB is given: the store behind a network that fails."""

    def __init__(self, world: World, store: Store) -> None:
        self.world, self.store = world, store
        self.calls = 0

    def _make_api_call(self, operation: str, asked: Mapping[str, Any]) -> Reply:
        """Answer a call, after some milliseconds in which others go on."""
        world, chance = self.world, self.world.chance
        world.pass_time(chance.between(1, 6))
        self._outlive()
        writes = operation in WRITES
        self.calls += 1
        if chance.throttled():
            world.hurt()
            raise refused("ProvisionedThroughputExceededException", "slow down", operation)
        if chance.strikes("crash before" if writes else "crash reading"):
            raise Crashed
        if not writes:
            return self._read(operation, asked)
        if operation == "TransactWriteItems" and chance.strikes("collision"):
            world.hurt()
            raise cancelled([{"Code": "TransactionConflict"} for _ in asked["TransactItems"]])
        reply = self.store.apply(operation, asked)
        if chance.strikes("crash after"):
            raise Crashed
        if chance.strikes("reply lost"):
            world.hurt()
            if chance.maybe(0.5):  # boto3 asks again by itself, with the same token
                return self.store.apply(operation, asked)
            raise ReadTimeoutError(endpoint_url="dynamodb")
        return reply

    def _outlive(self) -> None:
        """Kill what ran into its time limit."""
        if self.world.running:
            began = self.world.running[-1].began_ms
            if self.world.now_ms - began > LAMBDA_TIMEOUT_MS:
                self.world.chance.note("timed out")
                raise Crashed

    def _read(self, operation: str, asked: Mapping[str, Any]) -> Reply:
        if operation == "GetItem" and asked["TableName"].endswith("command_acks"):
            self._await_ack(asked)
        alone = operation != "BatchGetItem" and not asked.get("ConsistentRead")
        if alone and self.world.chance.strikes("stale read"):
            return self.store.apply_before(self.world.now_ms - STALE_FOR_MS, operation, asked)
        return self.store.apply(operation, asked)

    def _await_ack(self, asked: Mapping[str, Any]) -> None:
        """Let a reader that would ask every 20 ms sleep until there is something to read."""
        wait = 10_000 if self._waited() else 2_100
        self.world.pass_time(wait, until=lambda: "Item" in self.store.apply("GetItem", asked))

    def _waited(self) -> bool:
        running = self.world.running
        return bool(running) and self.world.now_ms - running[-1].began_ms > 2_000


@dataclass
class Message:
    """A message of a queue: how often it was received, and when it can be seen again."""

    id: str
    body: str
    visible_ms: int
    sent_ms: int
    receives: int = 0
    receives_in_calm: int = 0


@dataclass
class SimulatedQueue:
    """An SQS queue with its dead-letter queue, and the function that it wakes."""

    name: str
    function: str
    batch: int
    handler: Handler
    world: World
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    seen: list[Message] = field(default_factory=list)

    def send(self, body: str, message_id: str = "") -> None:
        """Take a message, perhaps twice, and wake the function soon."""
        chance = self.world.chance
        message_id = message_id or f"{self.name}-{chance.bits(32):08x}"
        for _ in range(1 + chance.strikes("duplicate")):
            delay = chance.between(2, 40)
            if chance.strikes("late"):
                delay = chance.between(500, 20_000)
            sent_ms = self.world.now_ms
            message = Message(message_id, body, sent_ms + delay, sent_ms)
            self.messages.append(message)
            self.seen.append(message)
            self.world.after(delay, self.poll)

    def poll(self) -> None:
        """Receive a batch, invoke the function, delete what it dealt with."""
        taken = self._receive()
        if not taken:
            return
        event = {"Records": [self._record(message) for message in taken]}
        names = LambdaContext(self.function)
        reply = self.world.invoke(self.function, lambda: self.handler(event, names))
        failed = {message.id for message in taken}
        if isinstance(reply, dict):
            failed = {one["itemIdentifier"] for one in reply["batchItemFailures"]}
        for message in taken:
            if message.id not in failed and message in self.messages:
                self.messages.remove(message)

    def _receive(self) -> list[Message]:
        world = self.world
        visible = [one for one in self.messages if one.visible_ms <= world.now_ms][:WINDOW]
        world.chance.dice.shuffle(visible)
        taken = []
        for message in visible[: self.batch]:
            message.receives += 1
            if message.receives > MOST_RECEIVES:
                self.messages.remove(message)
                self.dead.append(message)
                world.chance.note("dead letter")
                continue
            message.receives_in_calm += not world.chance.on
            message.visible_ms = world.now_ms + VISIBILITY_MS
            world.after(VISIBILITY_MS, self.poll)
            taken.append(message)
        return taken

    def _record(self, message: Message) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": message.id,
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
            "messageAttributes": {},
            "md5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:::linli-{self.name}",
            "awsRegion": "cn-north-1",
        }


class SQS:
    """The SQS client of the product."""

    def __init__(self, world: World, queues: Mapping[str, SimulatedQueue]) -> None:
        self.world, self.queues = world, queues

    def send_message(self, *, QueueUrl: str, MessageBody: str, **_: str) -> None:  # noqa: N803 -- boto3's
        """Put a message on a queue, if the network lets us."""
        self.world.pass_time(self.world.chance.between(1, 6))
        if self.world.chance.throttled():
            self.world.hurt()
            raise refused("ThrottlingException", "slow down", "SendMessage")
        if self.world.chance.strikes("crash before"):
            raise Crashed
        self.queues[QueueUrl.rpartition("linli-")[2]].send(MessageBody)
        if self.world.chance.strikes("crash after"):
            raise Crashed


class EventBridge:
    """The EventBridge client of the product; rules are those of the manifest."""

    def __init__(self, world: World, queues: Mapping[str, SimulatedQueue]) -> None:
        self.world, self.queues = world, queues
        self.rules: list[tuple[Heard, Queue]] = [
            (heard, queue)
            for function in manifest.FUNCTIONS
            for queue in function.queues
            for heard in queue.hears
        ]

    def put_events(self, *, Entries: list[Reply]) -> Reply:  # noqa: N803 -- boto3's
        """Route entries to the queues whose patterns they match."""
        self.world.pass_time(self.world.chance.between(1, 6))
        if self.world.chance.strikes("crash before"):
            raise Crashed
        results: list[Reply] = []
        for entry in Entries:
            if self.world.chance.strikes("half published"):
                self.world.hurt()
                results.append({"ErrorCode": "InternalFailure", "ErrorMessage": "later"})
            else:
                results.append({"EventId": f"{self.world.chance.bits(64):016x}"})
                self._route(entry)
        if self.world.chance.strikes("crash after"):
            raise Crashed
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def _route(self, entry: Reply) -> None:
        envelope = {
            "version": "0",
            "id": f"{self.world.chance.bits(64):016x}",
            "source": entry["Source"],
            "detail-type": entry["DetailType"],
            "detail": json.loads(entry["Detail"]),
        }
        for heard, queue in self.rules:
            if matches(heard.pattern(), envelope):
                self.queues[queue.name].send(json.dumps(envelope, ensure_ascii=False))


def matches(pattern: Any, said: Any) -> bool:
    """Return whether an event matches an EventBridge pattern (exact values only)."""
    if isinstance(pattern, dict):
        return isinstance(said, dict) and all(
            name in said and matches(inner, said[name]) for name, inner in pattern.items()
        )
    return said in pattern


class IoT:
    """AWS IoT Core's data plane: publishes go to whoever is on the topic."""

    def __init__(self, world: World, deliver: Callable[[str, bytes, int], None]) -> None:
        self.world, self.deliver = world, deliver

    def publish(
        self,
        *,
        topic: str,
        qos: int,
        retain: bool,
        payload: bytes,
        messageExpiry: int,  # noqa: N803 -- boto3's
    ) -> None:
        """Hand a message to the broker, which drops it `messageExpiry` seconds later."""
        assert (qos, retain) == (1, False), "commands are QoS 1 and never retained"
        self.world.pass_time(self.world.chance.between(1, 6))
        if self.world.chance.strikes("crash before"):
            raise Crashed
        self.deliver(topic, payload, messageExpiry)
        if self.world.chance.strikes("crash after"):
            raise Crashed
