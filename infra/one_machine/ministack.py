"""ministack: SQS, S3, EventBridge and KMS, and what we keep in them.

It forgets queues, rules and bucket settings when it is killed, so everything here is made
anew on every start; jobs live in DynamoDB and are sent again from there.
"""

import contextlib
import json
import os
import secrets
import signal
import string
from collections.abc import Iterator
from typing import Any

from chalicelib.core.config import settings
from functions.manifest import FUNCTIONS
from functions.wakes import Function, Queue
from infra.one_machine import reach
from infra.one_machine.home import REPOSITORY, Home
from infra.one_machine.processes import Part

ACCOUNT = "000000000000"
REGION = "cn-north-1"
MOST_RECEIVES = 5
"""A message received so often without success goes to the dead-letter queue."""

ALPHANUMERIC = string.ascii_letters + string.digits
FORTNIGHT_S = 14 * 86_400


def part(home: Home, port: int) -> Part:
    """Return the emulator as a child process; its objects are in `<state>/aws`."""
    folder = home.folder("aws")
    keep = "0" if home.in_memory else "1"
    return Part(
        name="aws",
        argv=(str(REPOSITORY / ".venv-ministack" / "bin" / "ministack"),),
        environment={
            **os.environ,
            **credentials(home),
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",  # names that end in .localhost may not resolve
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "SERVICES": "sqs,s3,events,kms,sts",
            "PERSIST_STATE": keep,
            "STATE_DIR": str(folder / "state"),
            "S3_PERSIST": keep,
            "S3_DATA_DIR": str(folder / "s3"),
            "TMPDIR": str(home.folder("aws/tmp")),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        },
        is_ready=lambda: reach.status(port, "/_ministack/ready") == 200,
        is_engine=True,
        ends_by=signal.SIGKILL if home.in_memory else signal.SIGTERM,  # SIGTERM saves, for 3 s
    )


def credentials(home: Home) -> dict[str, str]:
    """Return the emulator's own key pair: it lets in any other, but at no presigned address."""
    return {
        "AWS_ACCESS_KEY_ID": home.secret("aws-key-id", new_access_key).decode(),
        "AWS_SECRET_ACCESS_KEY": home.secret("aws-secret", new_access_key).decode(),
    }


def new_access_key() -> bytes:
    """DynamoDB Local takes letters and digits only. Not twelve digits: that is an account."""
    return "".join(["L", *(secrets.choice(ALPHANUMERIC) for _ in range(31))]).encode()


def queues() -> Iterator[tuple[Function, Queue]]:
    """Return every queue of the manifest with the function that it wakes."""
    for function in FUNCTIONS:
        for queue in function.queues:
            yield function, queue


def queue_arn(name: str) -> str:
    """Return the ARN of a queue by its manifest name, as this emulator writes it."""
    physical = settings().queue_prefix.rpartition("/")[2] + name
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{physical}"


def ensure(clients: Any) -> None:
    """Make queues, the event bus, its rules and the bucket; `clients(service)` gives clients."""
    for function, queue in queues():
        _ensure_queue(clients("sqs"), queue, function.timeout_s)
    _ensure_rules(clients("events"))
    _ensure_bucket(clients("s3"), settings().media_bucket, expires_days=30)
    _ensure_bucket(clients("s3"), settings().archive_bucket)


def _ensure_queue(sqs: Any, queue: Queue, timeout_s: int) -> None:
    prefix = settings().queue_prefix.rpartition("/")[2]
    name, dead = queue.name, queue.dead_letters
    kind = {"FifoQueue": "true"} if queue.is_fifo else {}
    _create(sqs, prefix + dead, {"MessageRetentionPeriod": str(FORTNIGHT_S), **kind})
    redrive = {"deadLetterTargetArn": queue_arn(dead), "maxReceiveCount": str(MOST_RECEIVES)}
    attributes = {
        "VisibilityTimeout": str(6 * timeout_s),
        "RedrivePolicy": json.dumps(redrive),
        "Policy": json.dumps(_bus_may_send(name)),
        **kind,
    }
    _create(sqs, prefix + name, attributes)


def _create(sqs: Any, name: str, attributes: dict[str, str]) -> None:
    """Make a queue, or give an older one these attributes."""
    try:
        sqs.create_queue(QueueName=name, Attributes=attributes)
    except sqs.exceptions.QueueNameExists:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        changeable = {key: value for key, value in attributes.items() if key != "FifoQueue"}
        sqs.set_queue_attributes(QueueUrl=url, Attributes=changeable)


def _bus_may_send(name: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn(name),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _ensure_rules(events: Any) -> None:
    bus = settings().event_bus
    with contextlib.suppress(events.exceptions.ResourceAlreadyExistsException):
        events.create_event_bus(Name=bus)
    wanted = set()
    for _, queue in queues():
        for number, heard in enumerate(queue.hears):
            rule = f"linli-{queue.name}-{number}"
            pattern = json.dumps(heard.pattern())
            events.put_rule(Name=rule, EventBusName=bus, EventPattern=pattern, State="ENABLED")
            target = {"Id": queue.name, "Arn": queue_arn(queue.name)}
            events.put_targets(Rule=rule, EventBusName=bus, Targets=[target])
            wanted.add(rule)
    for found in events.list_rules(EventBusName=bus)["Rules"]:
        if found["Name"] not in wanted:
            _forget_rule(events, bus, found["Name"])


def _forget_rule(events: Any, bus: str, rule: str) -> None:
    """Remove a rule that the manifest has no more; it would feed a function strange events."""
    targets = events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
    if targets:
        ids = [target["Id"] for target in targets]
        events.remove_targets(Rule=rule, EventBusName=bus, Ids=ids)
    events.delete_rule(Name=rule, EventBusName=bus)


def _ensure_bucket(s3: Any, bucket: str, *, expires_days: int = 0) -> None:
    with contextlib.suppress(
        s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists
    ):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    if expires_days:
        rule = {
            "ID": "uploads-expire",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": expires_days},
        }
        lifecycle = {"Rules": [rule]}
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=lifecycle)
    from_anywhere = {
        "AllowedMethods": ["GET", "POST"],
        "AllowedOrigins": ["*"],
        "AllowedHeaders": ["*"],
        "MaxAgeSeconds": 3600,
    }
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [from_anywhere]})
