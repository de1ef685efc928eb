import uuid

import pytest

from chalicelib.core import aws, outbox, queue
from chalicelib.core.config import settings
from chalicelib.devices.tables.uplink import AcceptedBatch

pytestmark = pytest.mark.usefixtures("cloud")


def batch(message_id: str = "", device_id: str = "dev_1", events: str = "") -> AcceptedBatch:
    return AcceptedBatch(
        device_id=device_id,
        message_id=message_id or uuid.uuid4().hex,
        digest="d",
        events=[events],
        answer={},
        queue="q",
        received_at=0,
        due_at=0,
        expires=2**33,
    )


def stored(*rows: AcceptedBatch) -> list[bool]:
    return [AcceptedBatch.find(row.device_id, row.message_id) is not None for row in rows]


def calls(service: str, work) -> list[str]:
    made: list[str] = []
    events = aws.client(service).meta.events
    events.register("before-call", lambda model, **_: made.append(model.name), "count")
    try:
        work()
    finally:
        events.unregister("before-call", unique_id="count")
    return made


def test_rows_that_come_together_go_in_one_call():
    rows = [batch() for _ in range(4)]
    made = calls("dynamodb", lambda: outbox.put_each(rows))
    assert [name for name in made if name != "GetItem"] == ["TransactWriteItems"]
    assert all(stored(*rows))


def test_a_row_that_was_there_is_told_apart_from_its_new_neighbours():
    there, first, last = batch("again"), batch(), batch()
    there.put_new()
    assert outbox.put_each([first, batch("again"), last]) == [True, False, True]
    assert all(stored(first, last))


def test_two_of_one_key_are_one_row():
    key = uuid.uuid4().hex
    assert outbox.put_each([batch(key), batch(), batch(key)]) == [True, True, False]


def test_a_row_that_the_engine_does_not_take_fails_alone():
    good, huge = batch(), batch(events="x" * 500_000)
    kept, refused = outbox.put_each([good, huge])
    assert kept is True
    assert isinstance(refused, Exception)
    assert stored(good, huge) == [True, False]


def test_messages_go_ten_to_a_call_and_keep_their_groups():
    sqs, name = aws.client("sqs"), f"test-{uuid.uuid4().hex}"
    url = sqs.create_queue(QueueName=settings().queue_prefix.rpartition("/")[2] + name)["QueueUrl"]
    messages = [queue.message({"n": n}, group=f"dev_{n % 2}") for n in range(12)]
    assert calls("sqs", lambda: queue.send(name, *messages)) == ["SendMessageBatch"] * 2
    assert calls("sqs", lambda: queue.send(name, messages[0])) == ["SendMessage"]
    found: list[str] = []
    while reply := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
    ).get("Messages"):
        found += [one["Attributes"]["MessageGroupId"] for one in reply]
    sqs.delete_queue(QueueUrl=url)
    assert sorted(found) == ["dev_0"] * 7 + ["dev_1"] * 6
