"""Queues and rules follow the manifest, however often they are made."""

import json

import pytest

from chalicelib.core import aws
from chalicelib.core.config import settings
from infra.one_machine import ministack

pytestmark = pytest.mark.aws


def rules() -> set[str]:
    listed = aws.client("events").list_rules(EventBusName=settings().event_bus)
    return {rule["Name"] for rule in listed["Rules"]}


def test_furnishing_twice_changes_nothing(cloud: None):
    before = rules()
    ministack.ensure(aws.client)
    assert rules() == before
    assert len(before) == sum(len(queue.hears) for _, queue in ministack.queues())


def test_a_rule_that_the_manifest_has_no_more_is_removed(cloud: None):
    events, bus = aws.client("events"), settings().event_bus
    events.put_rule(Name="linli-old", EventBusName=bus, EventPattern='{"source": ["linli.old"]}')
    target = {"Id": "old", "Arn": ministack.queue_arn("ring-flat")}
    events.put_targets(Rule="linli-old", EventBusName=bus, Targets=[target])
    ministack.ensure(aws.client)
    assert "linli-old" not in rules()


def test_every_queue_gives_up_into_a_dead_letter_queue(cloud: None):
    for function, queue in ministack.queues():
        url = settings().queue_prefix + queue.name
        found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        redrive = json.loads(found["Attributes"]["RedrivePolicy"])
        assert redrive["deadLetterTargetArn"].endswith(queue.dead_letters)
        assert int(redrive["maxReceiveCount"]) == ministack.MOST_RECEIVES
        assert int(found["Attributes"]["VisibilityTimeout"]) >= 6 * function.timeout_s
