import json
from datetime import UTC, datetime

import pytest

from chalicelib.access.events import CallClosed
from chalicelib.core import context, outbox, queue
from chalicelib.core.outbox import OutboxRow

pytestmark = pytest.mark.usefixtures("cloud")


def message(event: CallClosed, event_id: str, message_id: str) -> dict:
    body = {
        "community_id": event.community_id,
        "call_id": event.call_id,
        "state": event.state,
        "closed_at": event.closed_at.isoformat(),
    }
    detail = {"event_id": event_id, "request_id": "req_9", "body": body}
    return sqs({"detail-type": "CallClosed", "detail": detail}, message_id)


def sqs(body: dict, message_id: str) -> dict:
    return {
        "messageId": message_id,
        "receiptHandle": "r",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:cn-north-1:0:q",
        "awsRegion": "cn-north-1",
    }


def test_a_poison_message_fails_alone(community):
    heard = []

    def react(event: CallClosed) -> None:
        if event.call_id == "poison":
            raise RuntimeError("cannot")
        heard.append((event, context.request_id()))

    at = datetime(2026, 1, 1, tzinfo=UTC)
    events = [CallClosed(community, call, "OPENED", at) for call in ("a", "poison", "b")]
    handler = queue.handler("me", {CallClosed: react})
    records = [message(event, f"evt_{n}", f"m{n}") for n, event in enumerate(events)]
    reply = handler({"Records": records}, None)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [(event.call_id, request) for event, request in heard] == [
        ("a", "req_9"),
        ("b", "req_9"),
    ]
    assert heard[0][0] == events[0]


def test_a_heard_event_is_struck_off_only_after_success(community):
    event = CallClosed(community, "c", "OPENED", datetime(2026, 1, 1, tzinfo=UTC))
    outbox.commit(events=(event,))
    (row,) = [row for row in OutboxRow.scan() if row.community_id == community]
    outbox.relay([row], lambda _name, _body: ("me",))

    def fail(_event: CallClosed) -> None:
        raise RuntimeError("not now")

    queue.handler("me", {CallClosed: fail})({"Records": [message(event, row.event_id, "m")]}, None)
    assert OutboxRow.find(row.event_id) is not None
    done = queue.handler("me", {CallClosed: lambda _event: None})
    done({"Records": [message(event, row.event_id, "m")]}, None)
    assert OutboxRow.find(row.event_id) is None


@pytest.mark.parametrize("body", ["not json", "[]", '{"detail-type": "Unknown", "detail": {}}'])
def test_what_cannot_be_read_is_reported_and_not_raised(body):
    record = sqs({}, "m0") | {"body": body}
    reply = queue.handler("me", {CallClosed: lambda _event: None})({"Records": [record]}, None)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
