"""SQS and EventBridge: a queue per consumer, a dead-letter queue behind each, an alarm on it."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.wakes import FIFO, Function, Heard
from functions.wakes import Queue as QueueLine
from infra.aws.plan import PREFIX, title

MOST_RECEIVES = 5
KEPT = Duration.days(14)
"""How long a failed message waits for a person: the most that SQS allows."""

VISIBILITY = 6
"""Visibility is this many times the consumer's time limit (AWS Lambda developer guide, SQS)."""


class Queues(Construct):
    """The bus, every queue that wakes a function, and the queue of what nobody could deliver."""

    def __init__(
        self, scope: Construct, name: str, *, functions: Sequence[Function], alarms: sns.ITopic
    ) -> None:
        super().__init__(scope, name)
        self._alarms = alarms
        self.bus = events.EventBus(self, "Bus", event_bus_name="linli")
        self.undelivered = self._dead_letters("undelivered")
        self._queues: dict[str, sqs.Queue] = {}
        for function in functions:
            for queue in function.queues:
                self._queues[queue.name] = self._queue(queue, function)

    def __getitem__(self, name: str) -> sqs.Queue:
        """Return the queue of this name; KeyError if no function is woken by it."""
        return self._queues[name]

    def _queue(self, queue: QueueLine, function: Function) -> sqs.Queue:
        made = sqs.Queue(
            self,
            title(queue.name.removesuffix(FIFO)),
            queue_name=PREFIX + queue.name,
            visibility_timeout=Duration.seconds(VISIBILITY * function.timeout_s + queue.window_s),
            retention_period=Duration.days(4),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(
                max_receive_count=MOST_RECEIVES, queue=self._dead_letters(queue.dead_letters)
            ),
            fifo=True if queue.is_fifo else None,  # CloudFormation knows no false
        )
        for heard in queue.hears:
            self._route(queue, heard, made)
        return made

    def _route(self, queue: QueueLine, heard: Heard, made: sqs.Queue) -> None:
        pattern = heard.pattern()
        rule = events.Rule(
            self,
            f"{title(queue.name)}Hears{heard.name.replace('.', '').title()}",
            event_bus=self.bus,
            description=f"{heard.name} to {queue.name}",
            event_pattern=events.EventPattern(
                source=pattern["source"],
                detail_type=pattern["detail-type"],
                detail=pattern.get("detail"),
            ),
        )
        rule.add_target(targets.SqsQueue(made, dead_letter_queue=self.undelivered))

    def _dead_letters(self, physical: str) -> sqs.Queue:
        name = physical.removesuffix(FIFO)
        queue = sqs.Queue(
            self,
            title(name),
            queue_name=PREFIX + physical,
            retention_period=KEPT,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            fifo=True if physical != name else None,
        )
        alarm = cloudwatch.Alarm(
            self,
            f"{title(name)}Alarm",
            alarm_description=f"A message lies in {PREFIX}{physical}: a person must look at it.",
            metric=queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic="Maximum"
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._alarms))
        return queue
