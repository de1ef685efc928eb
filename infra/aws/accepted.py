"""cdk-nag findings that we accept, each with its reason; every other one fails the build."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import Construct

from functions.wakes import Function, Stream
from infra.aws.plan import Plan, title
from infra.aws.rights import COMMAND_TOPICS
from infra.aws.storage import FOLDER, PACK

PROBE = "API Gateway tests this role against all log groups; it writes only its own stages'."
STREAMS = "Lambda asks for ListStreams, for which IAM knows no resource narrower than *."
OLDER = "python3.13: the newest that cn-north-1 offers and that every wheel we ship is built for."
LAST = "The queue of what nobody could deliver is the end of the line; an alarm watches it."
TOPICS = "One topic per device, and devices come and go; the leaf is fixed, so nobody can ack."
OBJECTS = "One object per picture; rights end at the prefix."
PACKS = "One object per file of a model pack; read only."
CLOSED = "Bodies are parsed by closed pydantic models, which refuse in our error shape."
NO_WAF = "Rate limits stand on each stage; a WAF is the operator's choice, it is billed per rule."


def accept(stacks: Mapping[str, Stack], plan: Plan) -> None:
    """Acknowledge each finding on the very construct that has it."""
    _one(_at(stacks["account"], "GatewayLogs"), "IAM5[Resource::*]", PROBE)
    _one(_at(stacks["queues"], "Queues", "Undelivered"), "SQS3", LAST)
    for function in plan.functions:
        _function(stacks["linli"], function)


def accept_api(stack: Stack, audience: str) -> None:
    """Acknowledge what is found on an audience's API."""
    api = _at(stack, audience.capitalize(), "Api")
    _one(api, "APIG2", CLOSED)
    _one(api, "APIG3", NO_WAF)


def _function(linli: Stack, function: Function) -> None:
    name = title(function.name)
    _one(_at(linli, "Functions", name, "Function"), "L1", OLDER)
    role = _at(linli, "Functions", name, "Role")
    if any(isinstance(wake, Stream) for wake in function.wakes):
        _one(role, "IAM5[Resource::*]", STREAMS)
    if function.publishes:
        prefix = "arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>:topic/linli/v1/*/"
        for leaf in COMMAND_TOPICS:
            _one(role, f"IAM5[Resource::{prefix}{leaf}]", TOPICS)
    for bucket, folders in (("Media", function.media), ("Archive", function.archive)):
        for folder in folders:
            where = f"{_bucket(linli, bucket)}/{FOLDER.format(folder)}"
            _one(role, f"IAM5[Resource::{where}]", OBJECTS)
    if function.package == "inference":
        _one(role, f"IAM5[Resource::{_bucket(linli, 'Packs')}/{PACK}*]", PACKS)


def _bucket(linli: Stack, name: str) -> str:
    bucket = _at(linli, "Storage", name).node.default_child
    return f"<{linli.get_logical_id(bucket)}.Arn>"  # type: ignore[arg-type]  # the bucket is a CfnBucket


def _at(scope: Construct, *path: str) -> Construct:
    for name in path:
        scope = scope.node.find_child(name)  # type: ignore[assignment]  # a child of a scope is a scope
    return scope


def _one(construct: Construct, rule: str, reason: str) -> None:
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))
