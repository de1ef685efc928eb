"""AWS IoT: rules that take device messages off the broker.

IoT SQL has no text of a whole JSON message; `encode(*, 'base64')` hands on its very bytes,
untouched by the engine's numbers (AWS IoT developer guide, binary payloads).
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.wakes import Function, Topic, TopicRule
from infra.aws.functions import Functions
from infra.aws.plan import title
from infra.aws.rights import SEALING, Ground

SQL_VERSION = "2016-03-23"
WHOLE = "encode(*, 'base64')"
COMMUNITY, DEVICE = 3, 4
"""Which segments of `linli/v1/{community}/{device}/{leaf}` name them, counted from one."""


class Topics(Construct):
    """The rules without a function (acknowledgements, events) and those with one (hellos)."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        rules: Sequence[TopicRule],
        functions: Sequence[Function],
        made: Functions,
        ground: Ground,
    ) -> None:
        super().__init__(scope, name)
        self._ground = ground
        self._failed = self._failures(self._ground)
        for rule in rules:
            if rule.table:
                self._kept(rule)
            else:
                self._queued(rule)
        for function in functions:
            for wake in function.wakes:
                if isinstance(wake, Topic):
                    self._heard(wake.filter, made[function.name])

    def _kept(self, rule: TopicRule) -> None:
        """Keep each message in a table and queue it, by one rule: both see the same instant."""
        leaf = rule.filter.rsplit("/", 1)[-1]
        queue = self._ground.queues[rule.queue]
        table = self._ground.tables.name(rule.table)
        role = self._role(title(f"{leaf}-role"), _keeping(self._ground, rule))
        sql = _select(
            rule.filter,
            device_id=f"topic({DEVICE})",
            command_id="id",
            community_id=f"topic({COMMUNITY})",
            payload=WHOLE,
            received_at="timestamp()",
            # Whole seconds by remainder: TTL takes no fraction, and ministack has no floor().
            expires=f"{rule.kept_s} + timestamp() / 1000 - (timestamp() % 1000) / 1000",
        )
        sql += " WHERE NOT isUndefined(id)"  # half of the table's key: else the action fails
        self._rule(
            leaf,
            sql,
            iot.CfnTopicRule.ActionProperty(
                dynamo_d_bv2=iot.CfnTopicRule.DynamoDBv2ActionProperty(
                    put_item=iot.CfnTopicRule.PutItemInputProperty(table_name=table),
                    role_arn=role.role_arn,
                )
            ),
            _to(queue, role),
        )

    def _queued(self, rule: TopicRule) -> None:
        """Queue each message with its device, its very bytes and when it came."""
        leaf = rule.filter.rsplit("/", 1)[-1]
        queue = self._ground.queues[rule.queue]
        role = self._role(title(f"{leaf}-role"), [_send(queue.queue_arn)])
        sql = _select(
            rule.filter,
            device_id=f"topic({DEVICE})",
            community_id=f"topic({COMMUNITY})",
            payload=WHOLE,
            received_at="timestamp()",
        )
        self._rule(leaf, sql, _to(queue, role))

    def _heard(self, topic_filter: str, function: lambda_.Function) -> None:
        leaf = topic_filter.rsplit("/", 1)[-1]
        rule = self._rule(
            leaf,
            _select(topic_filter, topic="topic()", payload=WHOLE, received_at="timestamp()"),
            iot.CfnTopicRule.ActionProperty(
                lambda_=iot.CfnTopicRule.LambdaActionProperty(function_arn=function.function_arn)
            ),
        )
        lambda_.CfnPermission(
            self,
            title(f"{leaf}-permission"),
            action="lambda:InvokeFunction",
            function_name=function.function_name,
            principal="iot.amazonaws.com",
            source_account=Aws.ACCOUNT_ID,
            source_arn=rule.attr_arn,
        )

    def _rule(
        self, leaf: str, sql: str, *actions: iot.CfnTopicRule.ActionProperty
    ) -> iot.CfnTopicRule:
        return iot.CfnTopicRule(
            self,
            title(f"{leaf}-rule"),
            rule_name=f"linli_{leaf}",
            topic_rule_payload=iot.CfnTopicRule.TopicRulePayloadProperty(
                sql=sql,
                aws_iot_sql_version=SQL_VERSION,
                actions=list(actions),
                error_action=self._failed,
            ),
        )

    def _failures(self, ground: Ground) -> iot.CfnTopicRule.ActionProperty:
        queue = ground.queues.undelivered
        role = self._role("FailureRole", [_send(queue.queue_arn)])
        return _to(queue, role)

    def _role(self, name: str, statements: Sequence[iam.PolicyStatement]) -> iam.Role:
        return iam.Role(
            self,
            name,
            assumed_by=iam.ServicePrincipal(
                "iot.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
            inline_policies={"Deliver": iam.PolicyDocument(statements=list(statements))},
        )


def _to(queue: sqs.IQueue, role: iam.IRole) -> iot.CfnTopicRule.ActionProperty:
    return iot.CfnTopicRule.ActionProperty(
        sqs=iot.CfnTopicRule.SqsActionProperty(
            queue_url=queue.queue_url, role_arn=role.role_arn, use_base64=False
        )
    )


def _select(topic_filter: str, **columns: str) -> str:
    chosen = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    return f"SELECT {chosen} FROM '{topic_filter}'"  # noqa: S608 -- of the manifest's own words


def _keeping(ground: Ground, rule: TopicRule) -> list[iam.PolicyStatement]:
    return [
        _send(ground.queues[rule.queue].queue_arn),
        iam.PolicyStatement(
            actions=["dynamodb:PutItem"], resources=[ground.tables.arns(rule.table)[0]]
        ),
        iam.PolicyStatement(
            actions=list(SEALING),
            resources=[ground.key.key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"dynamodb.{Aws.REGION}.{Aws.URL_SUFFIX}"}
            },
        ),
    ]


def _send(queue_arn: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue_arn])
