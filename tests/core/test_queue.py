from datetime import UTC, datetime

import pytest

from chalicelib.access.events import CallClosed
from chalicelib.core import context, outbox, queue, relay
from chalicelib.core.outbox import OutboxRow
from tests.functions.conftest import delivered, record, told

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_poison_message_fails_alone(community):
    heard = []

    def react(event: CallClosed) -> None:
        if event.call_id == "poison":
            raise RuntimeError("cannot")
        heard.append((event, context.request_id()))

    at = datetime(2026, 1, 1, tzinfo=UTC)
    events = [CallClosed(community, call, "OPENED", at) for call in ("a", "poison", "b")]
    handler = queue.handler("me", {CallClosed: react})
    records = [record(told(event), f"m{n}") for n, event in enumerate(events)]
    reply = handler({"Records": records}, None)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [(event.call_id, request) for event, request in heard] == [
        ("a", "req_1"),
        ("b", "req_1"),
    ]
    assert heard[0][0] == events[0]


def test_a_heard_event_is_struck_off_only_after_success(community):
    event = CallClosed(community, "c", "OPENED", datetime(2026, 1, 1, tzinfo=UTC))
    outbox.commit(events=(event,))
    (row,) = [row for row in OutboxRow.scan() if row.community_id == community]
    relay.publish([row], lambda _name, _body: ("me",))

    def fail(_event: CallClosed) -> None:
        raise RuntimeError("not now")

    again = delivered(event, event_id=row.event_id)
    queue.handler("me", {CallClosed: fail})(again, None)
    assert OutboxRow.find(row.event_id) is not None
    done = queue.handler("me", {CallClosed: lambda _event: None})
    done(again, None)
    assert OutboxRow.find(row.event_id) is None


@pytest.mark.parametrize("body", ["not json", "[]", '{"detail-type": "Unknown", "detail": {}}'])
def test_what_cannot_be_read_is_reported_and_not_raised(body):
    deaf = queue.handler("me", {CallClosed: lambda _event: None})
    reply = deaf({"Records": [record(body, "m0")]}, None)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
