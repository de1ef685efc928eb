"""Event sources invoke with AWS's own shapes and keep what a handler did not manage."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.wakes import Function, Queue, Stream, TopicRule
from infra.one_machine.bridge import MOST_AT_ONCE
from infra.one_machine.home import Home
from infra.one_machine.invoke import Target
from infra.one_machine.pollers import Poller
from infra.one_machine.scheduler import occasion
from infra.one_machine.streams import TRIES, StreamReader
from infra.one_machine.topic_rules import (
    MOST_EVENTS_AT_ONCE,
    acknowledgement,
    bridges,
)

Reply = Callable[[dict[str, Any]], Any]


class Inbox:
    """An SQS client that has some messages."""

    def __init__(self, *bodies: str) -> None:
        self.waiting = [
            {
                "MessageId": f"m{number}",
                "ReceiptHandle": f"r{number}",
                "Body": body,
                "MD5OfBody": "0",
                "Attributes": {"ApproximateReceiveCount": "1"},
                "MessageAttributes": {"trace": {"DataType": "String", "StringValue": "t"}},
            }
            for number, body in enumerate(bodies)
        ]
        self.deleted: list[str] = []

    def receive_message(self, *, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803 -- boto3's spelling
        taken = self.waiting[:MaxNumberOfMessages]
        del self.waiting[:MaxNumberOfMessages]
        return {"Messages": taken} if taken else {}

    def delete_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> None:  # noqa: N803 -- boto3's spelling
        assert len(Entries) <= 10
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]


def target(reply: Reply, seen: list[Any] | None = None) -> Target:
    def handler(event: dict[str, Any], context: Any) -> Any:
        if seen is not None:
            seen.append((event, context))
        return reply(event)

    return Target(Function("listen", (), timeout_s=3), handler)


def poll(inbox: Inbox, reply: Reply, queue: Queue | None = None) -> list[Any]:
    seen: list[Any] = []
    poller = Poller(target(reply, seen), queue or Queue("heard"), inbox, threading.Event())
    poller.round()
    return seen


def test_a_queue_hands_over_records_as_lambda_does():
    ((event, context),) = poll(Inbox("hello"), lambda _: None)
    (record,) = event["Records"]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith("heard")
    assert record["body"] == "hello"
    assert record["receiptHandle"] == "r0"
    assert record["attributes"] == {"ApproximateReceiveCount": "1"}
    assert record["messageAttributes"]["trace"]["stringValue"] == "t"
    assert 0 < context.get_remaining_time_in_millis() <= 3000
    assert context.function_name == "listen"


def test_what_succeeded_is_deleted_and_what_failed_stays():
    inbox = Inbox("a", "b", "c")
    poll(inbox, lambda _: {"batchItemFailures": [{"itemIdentifier": "m1"}]})
    assert inbox.deleted == ["r0", "r2"]


def boom(_: Any) -> Any:
    raise ValueError("poison")


@pytest.mark.parametrize(
    "reply",
    [
        boom,
        lambda _: {"batchItemFailures": [{"itemIdentifier": "unheard-of"}]},
        lambda _: {"batchItemFailures": [{"itemIdentifier": ""}]},
    ],
)
def test_a_handler_that_raises_or_talks_nonsense_keeps_the_whole_batch(reply: Reply):
    inbox = Inbox("a", "b")
    poll(inbox, reply)
    assert inbox.deleted == []


def test_a_batching_window_gathers_more_than_one_receive_brings():
    inbox = Inbox(*"abcdefghijklmnop")
    ((event, _),) = poll(inbox, lambda _: None, Queue("heard", batch=16, window_s=1))
    assert len(event["Records"]) == 16
    assert len(inbox.deleted) == 16


class Shard:
    """DynamoDB and its streams with one shard of records."""

    def __init__(self, *names: str) -> None:
        self.records = [
            {
                "eventName": name,
                "dynamodb": {
                    "SequenceNumber": str(number),
                    "ApproximateCreationDateTime": datetime(2026, 1, 1, tzinfo=UTC),
                    "NewImage": {"key": {"B": b"\x00\x01"}, "list": {"L": [{"S": "s"}]}},
                },
            }
            for number, name in enumerate(names)
        ]
        self.trimmed = False

    def describe_table(self, **_: Any) -> dict[str, Any]:
        return {"Table": {"LatestStreamArn": "arn:stream"}}

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescription": {"Shards": [{"ShardId": "shard-1"}]}}

    def get_shard_iterator(self, **where: Any) -> dict[str, Any]:
        start = int(where["SequenceNumber"]) + 1 if "SequenceNumber" in where else 0
        return {"ShardIterator": str(start)}

    def get_records(self, *, ShardIterator: str, **_: Any) -> dict[str, Any]:  # noqa: N803 -- boto3's spelling
        if self.trimmed:
            self.trimmed = False
            raise ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "GetRecords")
        start = int(ShardIterator)
        return {"Records": self.records[start:], "NextShardIterator": str(len(self.records))}


def read(shard: Shard, home: Home, reply: Reply, rounds: int = 2) -> list[Any]:
    seen: list[Any] = []
    reader = StreamReader(
        target(reply, seen), Stream("outbox"), home, lambda _: shard, threading.Event()
    )
    reader._open()
    for _ in range(rounds):
        reader._round()
    reader._note()
    return [record for event, _ in seen for record in event["Records"]]


def test_a_stream_hands_over_inserts_as_lambda_does(tmp_path: Path):
    (record,) = read(Shard("INSERT", "MODIFY", "REMOVE"), Home(tmp_path), lambda _: None)
    assert record["eventSourceARN"] == "arn:stream"
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1767225600.0
    assert record["dynamodb"]["NewImage"] == {"key": {"B": "AAE="}, "list": {"L": [{"S": "s"}]}}


def test_a_restarted_reader_goes_on_where_it_was(tmp_path: Path):
    shard = Shard("INSERT", "INSERT")
    assert len(read(shard, Home(tmp_path), lambda _: None)) == 2
    shard.records += Shard("INSERT", "INSERT", "INSERT").records[2:]
    assert len(read(shard, Home(tmp_path), lambda _: None)) == 1


def test_a_failed_batch_is_tried_again(tmp_path: Path):
    left = [2]

    def flaky(_: Any) -> None:
        left[0] -= 1
        if left[0]:
            raise ValueError("not yet")

    assert len(read(Shard("INSERT"), Home(tmp_path), flaky)) == 2


class Hurried(threading.Event):
    """A stop that never comes, and a pause that is over at once."""

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 -- Event's own signature
        return False


@pytest.mark.parametrize(
    ("stream", "tries"), [(Stream("outbox"), TRIES), (Stream("samples", swept=False), 20)]
)
def test_only_what_a_sweep_brings_again_is_ever_given_up(
    tmp_path: Path, stream: Stream, tries: int
):
    made: list[int] = []
    shard = Shard("INSERT")

    def away(_: Any) -> None:
        made.append(1)
        if len(made) < 20:
            raise ValueError("the engine is away")

    reader = StreamReader(target(away), stream, Home(tmp_path), lambda _: shard, Hurried())
    reader._open()
    reader._round()
    assert len(made) == tries


def test_a_trimmed_shard_is_read_from_its_oldest_record(tmp_path: Path):
    shard = Shard("INSERT")
    shard.trimmed = True
    assert len(read(shard, Home(tmp_path), lambda _: None)) == 1


def test_a_schedule_sends_eventbridges_event():
    event = occasion("sweep_outbox")
    assert event["detail-type"] == "Scheduled Event"
    assert event["resources"][0].endswith("rule/linli-sweep_outbox")


ACK = TopicRule("linli/v1/+/+/ack", table="command_acks", queue="command-acks", kept_s=86_400)
TOPIC = "linli/v1/heyuan/gate-1/ack"


def test_an_acknowledgement_is_keyed_by_the_device_of_its_topic():
    item = acknowledgement(ACK, TOPIC, '{"id": "cmd_1", "device": "gate-2"}', 1_700_000_000_500)
    assert item == {
        "device_id": {"S": "gate-1"},
        "command_id": {"S": "cmd_1"},
        "community_id": {"S": "heyuan"},
        "payload": {"S": '{"id": "cmd_1", "device": "gate-2"}'},
        "received_at": {"N": "1700000000500"},
        "expires": {"N": "1700086400"},
    }


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"id": 7}',
        '{"id": ""}',
        '{"id": "x", "p": "' + "0" * 4_096 + '"}',
        '{"id": "x", "p": ' + "[" * 2_000 + "]" * 2_000 + "}",
    ],
)
def test_what_is_no_acknowledgement_is_dropped(payload: str):
    assert acknowledgement(ACK, TOPIC, payload, 0) is None


class Outbox:
    """An SQS client that is away for a while, then takes what it is given."""

    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 -- boto3's spelling
        if self.away:
            self.away -= 1
            raise ClientError({"Error": {"Code": "QueueDoesNotExist"}}, "SendMessage")
        self.sent.append((QueueUrl.rpartition("linli-")[2], json.loads(MessageBody)))


EVT = TopicRule("linli/v1/+/+/evt", queue="device-messages")


def rule_of(queue: Outbox) -> Any:
    stored, queued, told = bridges((ACK, EVT), (), lambda _: queue)
    for bridge in (stored, queued, told):
        bridge.pool.shutdown()
    assert [bridge.room for bridge in (stored, queued)] == [MOST_AT_ONCE, MOST_EVENTS_AT_ONCE]
    ((topic, work),) = queued.works
    assert topic == EVT.filter
    return work


@pytest.mark.parametrize("away", [0, 1])
def test_an_event_is_queued_as_it_came_with_the_device_of_its_topic(away: int):
    queue = Outbox(away)
    rule_of(queue)("linli/v1/heyuan/panel-1/evt", '{"p": "{}", "s": "x", "kid": "k1"}', 7)
    assert queue.sent == [
        (
            "device-messages",
            {
                "community_id": "heyuan",
                "device_id": "panel-1",
                "payload": '{"p": "{}", "s": "x", "kid": "k1"}',
                "received_at": 7,
            },
        )
    ]
