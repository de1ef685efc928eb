"""IAM: what each function may do, and nothing else, from what its manifest line declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from functions.wakes import Function, Stream
from infra.aws.queues import Queues
from infra.aws.storage import FOLDER, PACK, Storage
from infra.aws.tables import READ, WRITE, Tables

SEALING = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
"""What DynamoDB does with a table's key in the name of its caller."""

COMMAND_TOPICS = ("cmd", "time")
"""The leaves a function may publish to: no function speaks in a device's name."""


MEDIA = {
    "r": ("See", "s3:GetObject"),
    "w": ("Keep", "s3:PutObject"),
    "d": ("Erase", "s3:DeleteObject"),
}
"""What the letters of a manifest line's `media` grant, on the objects of a folder."""


@dataclass(frozen=True)
class Ground:
    """Everything that functions stand on."""

    tables: Tables
    queues: Queues
    storage: Storage
    key: kms.IKey


def statements(
    function: Function, ground: Ground, log_group: logs.ILogGroup
) -> Sequence[iam.PolicyStatement]:
    """Return the policy of one function, in the order of its manifest line."""
    return [
        *_logging(log_group),
        *_tables(function, ground),
        *_queues(function, ground),
        *_stream(function, ground),
        *_media(function, ground.storage),
        *_outward(function, ground),
    ]


def _allow(sid: str, actions: Sequence[str], *resources: str, **more: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(resources), **more)


def _logging(log_group: logs.ILogGroup) -> Iterator[iam.PolicyStatement]:
    yield _allow("Log", ("logs:CreateLogStream", "logs:PutLogEvents"), log_group.log_group_arn)


def _tables(function: Function, ground: Ground) -> Iterator[iam.PolicyStatement]:
    if not function.tables:
        return
    read = [arn for short in function.tables for arn in ground.tables.arns(short)]
    yield _allow("Read", READ, *read)
    written = [ground.tables.arns(short)[0] for short, may in function.tables.items() if "w" in may]
    if written:
        yield _allow("Write", WRITE, *written)
    yield _allow(
        "OpenTables",
        SEALING,
        ground.key.key_arn,
        conditions={"StringEquals": {"kms:ViaService": f"dynamodb.{Aws.REGION}.{Aws.URL_SUFFIX}"}},
    )


def _queues(function: Function, ground: Ground) -> Iterator[iam.PolicyStatement]:
    heard = [ground.queues[queue.name].queue_arn for queue in function.queues]
    if heard:
        yield _allow(
            "Hear",
            (
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            ),
            *heard,
        )
    sent = [ground.queues[name].queue_arn for name in function.sends]
    if not function.queues:  # woken without a queue of its own: its failures go to this one
        sent.append(ground.queues.undelivered.queue_arn)
    if sent:
        yield _allow("Send", ("sqs:SendMessage",), *sent)


def _stream(function: Function, ground: Ground) -> Iterator[iam.PolicyStatement]:
    streamed = [w.table for w in function.wakes if isinstance(w, Stream)]
    if not streamed:
        return
    yield _allow(
        "Follow",
        ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
        *(ground.tables.stream(table) for table in streamed),
    )
    # Lambda refuses an event source mapping without it; IAM knows no narrower resource.
    yield _allow("FindStreams", ("dynamodb:ListStreams",), "*")


def _media(function: Function, storage: Storage) -> Iterator[iam.PolicyStatement]:
    for bucket, suffix, granted in (
        (storage.media, "", function.media),
        (storage.archive, "Kept", function.archive),
    ):
        for letter, (sid, action) in MEDIA.items():
            folders = [FOLDER.format(name) for name, may in granted.items() if letter in may]
            if folders:
                objects = (bucket.arn_for_objects(one) for one in folders)
                yield _allow(sid + suffix, (action,), *objects)
    if function.package == "inference":
        yield _allow("Model", ("s3:GetObject",), storage.packs.arn_for_objects(f"{PACK}*"))


def _outward(function: Function, ground: Ground) -> Iterator[iam.PolicyStatement]:
    if function.events:
        yield _allow("Announce", ("events:PutEvents",), ground.queues.bus.event_bus_arn)
    if function.publishes:
        stack = Stack.of(ground.queues)
        yield _allow(
            "Command",
            ("iot:Publish",),
            *(
                stack.format_arn(
                    service="iot", resource="topic", resource_name=f"linli/v1/*/{leaf}"
                )
                for leaf in COMMAND_TOPICS
            ),
        )
    if function.witnesses:
        yield _allow("Witness", ("kms:GetPublicKey", "kms:Sign"), ground.storage.receipts.key_arn)
    if function.keys:
        yield _allow("OpenMasterKey", ("kms:Decrypt",), ground.key.key_arn)
