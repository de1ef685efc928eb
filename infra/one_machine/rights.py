"""IAM on one machine: a running function may do what its manifest line grants, and no more.

`enforce()` once per process, then `running(function)` around each handler. What the line
does not grant is refused with AWS's own error before it leaves the process, by the rules of
`infra/aws/rights.py`, so that a missing grant fails here and not first in the cloud. Code
that runs for no function is the home's own and may do anything. A thread that a handler
starts would count as such: what we serve starts none (tests/infra/test_rights.py).

`keys` is not told apart while the master key is a file: only KMS asks who opens it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from functools import cache, wraps
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.core.config import settings
from chalicelib.devices.drivers import DRIVERS
from chalicelib.devices.events import Order
from functions.wakes import Function

log = logging.getLogger("rights")

READS = frozenset({"BatchGetItem", "ConditionCheckItem", "GetItem", "Query"})
WRITES = frozenset({"DeleteItem", "PutItem", "UpdateItem"})
"""As `infra/aws/tables.py` grants them, on a table and its indexes. Nobody may scan."""

HEARING = frozenset({"ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage"})
SENDING = frozenset({"SendMessage", "SendMessageBatch"})  # one action to IAM: sqs:SendMessage
WITNESSING = frozenset({"GetPublicKey", "Sign"})
FOLDER = "*/{}/*"
MEDIA = {"GetObject": "r", "HeadObject": "r", "PutObject": "w", "DeleteObject": "d"}
COMMAND_TOPICS = "linli/v1/*/{}"
COMMAND_LEAVES = ("cmd", "time")

Asked = Mapping[str, Any]
Verdict = Callable[[Function, str, Asked], str]
"""What the function may not touch, or nothing: (function, operation, parameters)."""

_running: ContextVar[Function | None] = ContextVar("running", default=None)


@contextmanager
def running(function: Function) -> Iterator[None]:
    """Let the calls of this thread within the block be the function's."""
    token = _running.set(function)
    try:
        yield
    finally:
        _running.reset(token)


@cache
def enforce() -> None:
    """Check every boto3 client that this process makes from now on, and every driver."""
    import boto3  # noqa: PLC0415 -- the supervisor imports this package and needs no boto3

    boto3.setup_default_session()
    events: Any = boto3.DEFAULT_SESSION.events if boto3.DEFAULT_SESSION else None
    events.register("provide-client-params", _checked)
    events.register("before-sign.s3", _signed)
    for name in DRIVERS.names:  # a broker's server account may publish anything
        driver: Any = DRIVERS.load(name)
        driver.carry = _guarded(driver.carry)
        if hasattr(driver, "publish"):
            driver.publish = _guarded_bus(driver.publish)


def _checked(params: Asked, event_name: str, **_: Any) -> None:
    """Judge one call before it is made; raises ClientError."""
    function = _running.get()
    if function is None:
        return
    service, operation = event_name.split(".")[1:]
    judge = VERDICTS.get(service)
    refused = judge(function, operation, params) if judge else service
    if refused:
        raise _denied(function, service, operation, refused)


def _signed(operation_name: str, **_: Any) -> None:
    """Judge an upload signed for a client: S3 will ask what its signer may do."""
    function = _running.get()
    if function is None or operation_name in ("GetObject", "HeadObject"):
        return
    if operation_name == "DeleteObject":
        return  # no client is given one: it was judged as a call
    may_write = (*function.media.values(), *function.archive.values())
    if operation_name != "PutObject" or not any("w" in may for may in may_write):
        raise _denied(function, "s3", operation_name, "media")


def _guarded(carry: Callable[[Order], Any]) -> Callable[[Order], Any]:
    @wraps(carry)
    def guarded(order: Order) -> Any:
        function = _running.get()
        if function is not None and not function.publishes:
            raise _denied(function, "device", "Carry", order.device_id)
        return carry(order)

    return guarded


def _guarded_bus(publish: Callable[..., None]) -> Callable[..., None]:
    @wraps(publish)
    def guarded(topic: str, payload: bytes, *, expiry_s: int) -> None:
        function = _running.get()
        if function is not None and (refused := _topic(function, "Publish", {"topic": topic})):
            raise _denied(function, "iot-data-plane", "Publish", refused)
        publish(topic, payload, expiry_s=expiry_s)

    return guarded


def _denied(function: Function, service: str, operation: str, what: str) -> ClientError:
    said = f"{function.name} may not {service}:{operation} {what} (functions/manifest.py)"
    log.error(said)
    reply: Any = {
        "Error": {"Code": "AccessDeniedException", "Message": said},
        "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}},
    }
    return ClientError(reply, operation)


def _table(function: Function, operation: str, asked: Asked) -> str:
    for action, name in _touched(operation, asked):
        short = name.removeprefix(settings().table_prefix)
        granted = function.tables.get(short, "")
        if not (action in READS and "r" in granted) and not (action in WRITES and "w" in granted):
            return short
    return ""


def _touched(operation: str, asked: Asked) -> Iterator[tuple[str, str]]:
    """Yield what IAM checks of a call: an action and a table's physical name, each."""
    if "TransactItems" in asked:
        for item in asked["TransactItems"]:
            for verb, what in item.items():
                yield f"{verb}Item", what["TableName"]
    elif "RequestItems" in asked:
        for name in asked["RequestItems"]:
            yield operation, name
    else:
        yield operation, asked.get("TableName", "every table")


def _queue(function: Function, operation: str, asked: Asked) -> str:
    name = str(asked.get("QueueUrl", "every queue")).removeprefix(settings().queue_prefix)
    if operation in HEARING:
        return "" if name in {queue.name for queue in function.queues} else name
    return "" if operation in SENDING and name in function.sends else name


def _object(function: Function, operation: str, asked: Asked) -> str:
    if operation == "CreateBucket":  # how botocore finds a presigned POST's address
        return ""
    bucket, key = str(asked.get("Bucket")), str(asked.get("Key"))
    folders = {
        settings().media_bucket: function.media,
        settings().archive_bucket: function.archive,
    }.get(bucket)
    if folders is not None:
        granted = "".join(
            may for folder, may in folders.items() if fnmatchcase(key, FOLDER.format(folder))
        )
        return "" if MEDIA.get(operation, "nobody") in granted else f"{bucket}/{key}"
    # Only a detector's function reads model packs.
    packed = operation == "GetObject" and function.package == "inference"
    return "" if packed else f"{bucket}/{key}"


def _bus(function: Function, operation: str, _: Asked) -> str:
    return "" if function.events and operation == "PutEvents" else "event bus"


def _topic(function: Function, operation: str, asked: Asked) -> str:
    topic = str(asked.get("topic"))
    ours = any(fnmatchcase(topic, COMMAND_TOPICS.format(leaf)) for leaf in COMMAND_LEAVES)
    return "" if function.publishes and operation == "Publish" and ours else topic


def _key(function: Function, operation: str, _: Asked) -> str:
    if function.witnesses and operation in WITNESSING:
        return ""
    return "" if function.keys and operation == "Decrypt" else "master key"


VERDICTS: Mapping[str, Verdict] = {
    "dynamodb": _table,
    "sqs": _queue,
    "s3": _object,
    "eventbridge": _bus,
    "iot-data-plane": _topic,
    "kms": _key,
}
"""By botocore's name of the service; one that is not here is granted to nobody."""
