"""Lambda: one function, role and log group per manifest line, woken by what the line names."""

from __future__ import annotations

import math
from collections.abc import Mapping

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.wakes import FIFO, Function, Queue, Schedule, Stream
from infra.aws.plan import PREFIX, Plan, title
from infra.aws.rights import Ground, statements
from infra.aws.storage import PACK

MINUTE = 60
"""EventBridge runs a schedule once a minute at most."""

FEWEST_AT_ONCE = 2
"""The least that an event source of SQS can be limited to."""

STREAM_BATCH = 100
STREAM_TRIES = 20
UNTIL_EXPIRED = -1
"""What no sweep would bring is tried until it leaves the stream, after a day."""


class Functions(Construct):
    """Every function of the manifest."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        plan: Plan,
        ground: Ground,
        secrets: Mapping[str, str],
        signing: Mapping[str, str],
        wechat: Mapping[str, str],
    ) -> None:
        super().__init__(scope, name)
        self._ground = ground
        self._environment = {**_addresses(ground), **self._command_bus(), **secrets}
        self._signing, self._wechat = signing, wechat
        self._code = {
            package: lambda_.Code.from_asset(str(plan.packages / package))
            for package in {function.package for function in plan.functions}
        }
        self._made = {function.name: self._function(function) for function in plan.functions}

    def __getitem__(self, name: str) -> lambda_.IFunction:
        """Return the Lambda of a manifest name, or the alias that keeps instances of it warm."""
        return self._made[name]

    def _function(self, function: Function) -> lambda_.IFunction:
        physical = PREFIX + function.name.replace("_", "-")
        scope = Construct(self, title(function.name))
        log_group = logs.LogGroup(
            scope,
            "Logs",
            log_group_name=f"/aws/lambda/{physical}",
            retention=logs.RetentionDays.SIX_MONTHS,  # Cybersecurity Law 23(3)
            removal_policy=RemovalPolicy.RETAIN,
        )
        made = lambda_.Function(
            scope,
            "Function",
            function_name=physical,
            code=self._code[function.package],
            handler=function.handler,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.X86_64,
            memory_size=function.memory_mb,
            timeout=Duration.seconds(function.timeout_s),
            reserved_concurrent_executions=function.reserved,
            environment={
                **self._environment,
                **(self._signing if function.signs else {}),
                **(self._wechat if function.wechat else {}),
                "POWERTOOLS_SERVICE_NAME": function.name,
            },
            log_group=log_group,
            role=self._role(scope, function, log_group),
        )
        self._wake(scope, function, made)
        if not function.warm:
            return made
        return lambda_.Alias(
            scope,
            "Live",
            alias_name="live",
            version=made.current_version,
            provisioned_concurrent_executions=function.warm,
        )

    def _command_bus(self) -> dict[str, str]:
        """Return how commands reach devices: IoT Core, or the driver of `-c command_bus=NAME`.

        `-c command_bus_url=URL` says where that driver's gateway is, `-c driver_hosts=LIST`
        which vendors' devices may be reached by their addresses (none, unless it says so).
        """
        chosen = self.node.try_get_context
        return {
            "LINLI_COMMAND_BUS": chosen("command_bus") or "iot_core",
            "LINLI_COMMAND_BUS_URL": chosen("command_bus_url") or "",
            "LINLI_DRIVER_HOSTS": chosen("driver_hosts") or "",
        }

    def _role(self, scope: Construct, function: Function, log_group: logs.ILogGroup) -> iam.IRole:
        role = iam.Role(
            scope,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {function.name} declares in functions/manifest.py, and no more",
            inline_policies={
                "Declared": iam.PolicyDocument(
                    statements=list(statements(function, self._ground, log_group))
                )
            },
        )
        return role.without_policy_updates()  # no construct may widen it behind our back

    def _wake(self, scope: Construct, function: Function, made: lambda_.Function) -> None:
        undelivered = self._ground.queues.undelivered
        for wake in function.wakes:
            match wake:
                case Queue():
                    self._from_queue(scope, wake, made, function.reserved)
                case Stream():
                    self._from_stream(scope, wake, made, undelivered)
                case Schedule():
                    _on_schedule(scope, wake, made)
        if not function.queues:
            made.configure_async_invoke(
                on_failure=destinations.SqsDestination(undelivered), retry_attempts=2
            )

    def _from_queue(
        self, scope: Construct, wake: Queue, made: lambda_.Function, reserved: int | None
    ) -> None:
        lambda_.EventSourceMapping(
            scope,
            title(wake.name.removesuffix(FIFO)),
            target=made,
            event_source_arn=self._ground.queues[wake.name].queue_arn,
            batch_size=wake.batch,
            max_batching_window=Duration.seconds(wake.window_s) if wake.window_s else None,
            report_batch_item_failures=True,
            # Else SQS asks for more than is reserved: what is throttled counts as received, and
            # after five receives it is a dead letter.
            max_concurrency=max(FEWEST_AT_ONCE, reserved) if reserved else None,
        )

    def _from_stream(
        self, scope: Construct, wake: Stream, made: lambda_.Function, failed: sqs.IQueue
    ) -> None:
        lambda_.CfnEventSourceMapping(
            scope,
            title(wake.table),
            function_name=made.function_name,
            event_source_arn=self._ground.tables.stream(wake.table),
            # LATEST would lose what is written while the mapping starts.
            starting_position="TRIM_HORIZON",
            batch_size=STREAM_BATCH,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=STREAM_TRIES if wake.swept else UNTIL_EXPIRED,
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
                filters=[
                    lambda_.CfnEventSourceMapping.FilterProperty(pattern='{"eventName":["INSERT"]}')
                ]
            ),
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(
                    destination=failed.queue_arn
                )
            ),
        )


def _on_schedule(scope: Construct, wake: Schedule, made: lambda_.Function) -> None:
    minutes = max(1, math.ceil(wake.every_s / MINUTE))
    rule = events.Rule(
        scope,
        f"Every{minutes}Minutes",
        schedule=events.Schedule.rate(Duration.minutes(minutes)),
    )
    rule.add_target(targets.LambdaFunction(made, retry_attempts=2))


def _addresses(ground: Ground) -> dict[str, str]:
    """The environment of `chalicelib.core.config`, but for keys: the same for every function."""
    queue_host = f"https://sqs.{Aws.REGION}.{Aws.URL_SUFFIX}"
    return {
        "LINLI_STAGE": "aws",
        "LINLI_TABLE_PREFIX": PREFIX,
        "LINLI_EVENT_BUS": ground.queues.bus.event_bus_name,
        "LINLI_QUEUE_PREFIX": f"{queue_host}/{Aws.ACCOUNT_ID}/{PREFIX}",
        "LINLI_MEDIA_BUCKET": ground.storage.media.bucket_name,
        "LINLI_ARCHIVE_BUCKET": ground.storage.archive.bucket_name,
        "LINLI_RECEIPT_KEY": f"kms-key:{ground.storage.receipts.key_arn}",
        "LINLI_MODEL_PACK": f"s3://{ground.storage.packs.bucket_name}/{PACK}",
        # The packages hold their own bytecode; the file system is read-only anyway.
        "PYTHONDONTWRITEBYTECODE": "1",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
