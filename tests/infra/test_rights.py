"""What a manifest line does not grant is refused here as IAM refuses it, before it is sent."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import TransactWriteError

from chalicelib.core import aws, clock, outbox, queue
from chalicelib.core.config import settings
from chalicelib.core.table import table_name
from chalicelib.devices.drivers import DRIVERS
from chalicelib.devices.events import CommandSettled, Order
from chalicelib.identity.tables.organisation import Community
from functions.manifest import FUNCTIONS
from functions.wakes import Function, Queue
from infra.one_machine import rights
from infra.one_machine.invoke import Target
from tests.architecture.source import python, text

pytestmark = pytest.mark.usefixtures("cloud")

NOBODY = Function("nobody", ())
READER = Function("reader", (), tables={"devices": "r", "communities": "r"}, media={"stills": "r"})
WRITER = Function(
    "writer",
    (Queue("ring-flat"),),
    tables={"devices": "rw", "communities": "rw", "outbox": "rw"},
    sends=("device-events",),
    media={"stills": "rw"},
    events=True,
    publishes=True,
)


def called(function: Function, call: Callable[[], Any]) -> str:
    """Let a function make a call; return whether it was `done` or `refused`."""
    with rights.running(function):
        try:
            call()
        except ClientError as failure:
            code = failure.response["Error"]["Code"]
            return "refused" if code == "AccessDeniedException" else "done"
    return "done"


def table(operation: str, **more: Any) -> Callable[[], Any]:
    key = {"device_id": {"S": "dev_none"}}
    given = {"Key": key} if operation in ("get_item", "delete_item", "update_item") else {}
    asked = {"TableName": table_name("devices"), **given, **more}
    return lambda: getattr(aws.client("dynamodb"), operation)(**asked)


READS = (
    table("get_item"),
    table(
        "query",
        IndexName="by_community",
        KeyConditionExpression="community_id = :c",
        ExpressionAttributeValues={":c": {"S": "com_none"}},
    ),
    lambda: aws.client("dynamodb").batch_get_item(
        RequestItems={table_name("devices"): {"Keys": [{"device_id": {"S": "dev_none"}}]}}
    ),
    lambda: aws.client("s3").get_object(Bucket=settings().media_bucket, Key="c/stills/d/no.jpg"),
)
ORDER = Order("c", "d", "gate.open", {}, b"{}", None, 5_000)
"""A command; without a connection, a vendor's driver calls nobody."""

WRITES = (
    table("update_item"),
    table("delete_item"),
    lambda: aws.client("s3").put_object(
        Bucket=settings().media_bucket, Key="c/stills/d/yes.jpg", Body=b""
    ),
    lambda: aws.client("s3").generate_presigned_post(settings().media_bucket, "c/stills/d/x.jpg"),
    lambda: queue.send("device-events", queue.message({"device_id": "dev_none"})),
    lambda: aws.client("sqs").receive_message(QueueUrl=settings().queue_prefix + "ring-flat"),
    lambda: aws.client("events").put_events(
        Entries=[{"Source": "linli.none", "DetailType": "None", "Detail": "{}"}]
    ),
    lambda: DRIVERS.load("loopback").publish("linli/v1/c/d/cmd", b"{}", expiry_s=5),
    lambda: DRIVERS.load("loopback").carry(ORDER),
    lambda: DRIVERS.load("dahua_http").carry(ORDER),
)
NEVER = (
    table("scan"),
    lambda: aws.client("s3").put_object(Bucket=settings().media_bucket, Key="elsewhere", Body=b""),
    lambda: aws.client("s3").delete_object(
        Bucket=settings().media_bucket, Key="c/stills/d/yes.jpg"
    ),
    lambda: aws.client("s3").get_object(Bucket=settings().media_bucket, Key="c/evidence/p/no.jpg"),
    lambda: aws.client("s3").list_objects_v2(Bucket=settings().media_bucket),
    lambda: aws.client("s3").create_bucket(Bucket="linli-ours"),
    lambda: queue.send("device-urgent", queue.message({})),
    lambda: aws.client("kms").decrypt(CiphertextBlob=b"none"),
    lambda: aws.client("sts").get_caller_identity(),
    lambda: DRIVERS.load("loopback").publish("linli/v1/c/d/ack", b"{}", expiry_s=5),
)


@pytest.mark.parametrize(
    ("calls", "reader", "writer"),
    [(READS, "done", "done"), (WRITES, "refused", "done"), (NEVER, "refused", "refused")],
)
def test_a_line_grants_what_it_says_and_no_more(calls, reader: str, writer: str):
    assert {called(NOBODY, call) for call in calls} == {"refused"}
    assert [called(READER, call) for call in calls] == [reader] * len(calls)
    assert [called(WRITER, call) for call in calls] == [writer] * len(calls)


def test_what_runs_for_no_function_is_the_homes_own():
    aws.client("dynamodb").scan(TableName=table_name("devices"), Limit=1)


def test_a_transaction_is_granted_item_by_item(community: str):
    settled = CommandSettled(community, "d", "c", "gate.open", "DONE", "", "x", clock.now())
    with rights.running(READER), pytest.raises(TransactWriteError) as refused:
        outbox.commit(Community(community_id=community, name="和苑"), events=(settled,))
    assert refused.value.cause_response_code == "AccessDeniedException"
    assert Community.find(community) is None
    with rights.running(WRITER):
        outbox.commit(Community(community_id=community, name="和苑"))
    assert Community.find(community) is not None


def test_each_thread_has_the_rights_of_its_own_function():
    """Event sources and the gateway run many functions at once in one process."""
    read, write = READS[0], WRITES[0]

    def handler(_event: dict[str, Any], context: Any) -> tuple[str, str]:
        with ThreadPoolExecutor(1) as other:  # another function's thread, started meanwhile
            other.submit(called, NOBODY, read).result()
        function = {"reader": READER, "writer": WRITER}[context.function_name]
        return called(function, read), called(function, write)

    targets = [Target(READER, handler), Target(WRITER, handler)] * 4
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda target: target({}), targets))
    assert found == [("done", "refused"), ("done", "done")] * 4


def test_a_handler_runs_under_its_own_line():
    with pytest.raises(ClientError, match="reader may not dynamodb:UpdateItem devices"):
        Target(READER, lambda _event, _context: WRITES[0]())({})


def test_a_route_runs_under_its_audiences_line(http, sign, community: str):
    token = sign(community, audience="committee", roles=["committee_member"])
    assert http("GET", "/committee/community", token=token).code == "no_such_community"
    line = next(function for function in FUNCTIONS if function.name == "committee_api")
    assert called(line, READS[0]) == "refused"


def test_what_we_serve_starts_no_threads_that_would_escape_their_line():
    starts = re.compile(r"\bThread\(|ThreadPoolExecutor\(|ProcessPoolExecutor\(|asyncio\.run\(")
    served = python("app.py", "chalicelib", "functions")
    assert [str(path) for path in served if starts.search(text(path))] == []
