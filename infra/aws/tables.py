"""DynamoDB: one table per row class, with what `create_table` alone does not set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnDeletionPolicy, Fn
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from chalicelib.core.table import describe
from infra.aws.plan import title

READ = (
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:GetItem",
    "dynamodb:Query",
)
WRITE = ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
"""No Scan and no DeleteTable: lists never scan, and tables are the stack's."""


class Tables(Construct):
    """Every table: on demand, recoverable to any second, sealed with our key, kept on deletion."""

    def __init__(
        self, scope: Construct, name: str, *, rows: Mapping[str, type[Any]], key: kms.IKey
    ) -> None:
        super().__init__(scope, name)
        self._tables = {short: self._table(short, row, key) for short, row in rows.items()}

    def arns(self, short: str) -> list[str]:
        """Return the ARNs of a table and of each of its indexes; KeyError if there is none."""
        table = self._tables[short]
        indexes = table.global_secondary_indexes or []
        names = [index.index_name for index in indexes]  # type: ignore[union-attr]  # a list, since we gave one
        return [table.attr_arn, *(Fn.join("/", [table.attr_arn, "index", n]) for n in names)]

    def stream(self, short: str) -> str:
        """Return the ARN of a table's stream."""
        return self._tables[short].attr_stream_arn

    def name(self, short: str) -> str:
        """Return a table's physical name, as a reference."""
        return self._tables[short].ref

    def _table(self, short: str, row: type[Any], key: kms.IKey) -> dynamodb.CfnTable:
        made = describe(row)
        table = dynamodb.CfnTable(
            self,
            title(short),
            table_name=made["TableName"],
            billing_mode=made["BillingMode"],
            key_schema=_keys(made["KeySchema"]),
            attribute_definitions=[
                dynamodb.CfnTable.AttributeDefinitionProperty(
                    attribute_name=item["AttributeName"], attribute_type=item["AttributeType"]
                )
                for item in made["AttributeDefinitions"]
            ],
            global_secondary_indexes=_indexes(made),
            stream_specification=_stream(made),
            time_to_live_specification=_ttl(row.Meta.ttl),
            point_in_time_recovery_specification=(
                dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
                    point_in_time_recovery_enabled=True
                )
            ),
            sse_specification=dynamodb.CfnTable.SSESpecificationProperty(
                sse_enabled=True, sse_type="KMS", kms_master_key_id=key.key_arn
            ),
            deletion_protection_enabled=True,
        )
        table.cfn_options.deletion_policy = CfnDeletionPolicy.RETAIN
        table.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        return table


def _keys(schema: list[dict[str, str]]) -> list[dynamodb.CfnTable.KeySchemaProperty]:
    return [
        dynamodb.CfnTable.KeySchemaProperty(
            attribute_name=item["AttributeName"], key_type=item["KeyType"]
        )
        for item in schema
    ]


def _indexes(
    made: dict[str, Any],
) -> list[dynamodb.CfnTable.GlobalSecondaryIndexProperty] | None:
    indexes = [
        dynamodb.CfnTable.GlobalSecondaryIndexProperty(
            index_name=index["IndexName"],
            key_schema=_keys(index["KeySchema"]),
            projection=dynamodb.CfnTable.ProjectionProperty(
                projection_type=index["Projection"]["ProjectionType"],
                non_key_attributes=index["Projection"].get("NonKeyAttributes"),
            ),
        )
        for index in made.get("GlobalSecondaryIndexes", ())
    ]
    return indexes or None


def _stream(made: dict[str, Any]) -> dynamodb.CfnTable.StreamSpecificationProperty | None:
    if "StreamSpecification" not in made:
        return None
    return dynamodb.CfnTable.StreamSpecificationProperty(
        stream_view_type=made["StreamSpecification"]["StreamViewType"]
    )


def _ttl(attribute: str | None) -> dynamodb.CfnTable.TimeToLiveSpecificationProperty | None:
    if attribute is None:
        return None
    return dynamodb.CfnTable.TimeToLiveSpecificationProperty(attribute_name=attribute, enabled=True)
