"""What an account has once, before the rest: the key, and API Gateway's right to log."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class AccountStack(Stack):
    """The customer key and the gateway's logging role; deployed first, never destroyed.

    The key stands apart because the master data key must be made under it before any
    function starts: `python -m infra.aws.master_key`.
    """

    def __init__(self, scope: Construct, name: str, **more: Any) -> None:
        super().__init__(scope, name, **more)
        self.key = kms.Key(
            self,
            "Key",
            alias="alias/linli",
            description="Linli: tables, alarms, and the master key that seals device keys",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsThroughSns",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],  # in a key policy: this key
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        role = iam.Role(
            self,
            "GatewayLogs",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            inline_policies={"Log": iam.PolicyDocument(statements=[_gateway_logs()])},
        )
        apigateway.CfnAccount(self, "Gateway", cloud_watch_role_arn=role.role_arn)
        CfnOutput(self, "KeyArn", value=self.key.key_arn)


def _gateway_logs() -> iam.PolicyStatement:
    """Return what API Gateway wants of its logging role; it probes with all log groups."""
    return iam.PolicyStatement(
        actions=[
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:FilterLogEvents",
            "logs:GetLogEvents",
            "logs:PutLogEvents",
        ],
        resources=["*"],
    )
