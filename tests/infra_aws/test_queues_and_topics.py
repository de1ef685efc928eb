"""Queues with their dead letters and alarms, routes to them, and the rules of AWS IoT."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.manifest import FUNCTIONS, TOPIC_RULES
from functions.wakes import Schedule

RATES = {
    60: "rate(1 minute)",
    300: "rate(5 minutes)",
    600: "rate(10 minutes)",
    3_600: "rate(1 hour)",
    86_400: "rate(1 day)",
}
QUEUES = [(function, queue) for function in FUNCTIONS for queue in function.queues]


def test_every_queue_has_dead_letters_after_five_receives_and_time_to_work(linli):
    for function, queue in QUEUES:
        made = linli.named("SQS::Queue", "QueueName", f"linli-{queue.name}")
        assert made["VisibilityTimeout"] >= 6 * function.timeout_s
        assert made["RedrivePolicy"]["maxReceiveCount"] == 5
        target = made["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        dead = linli.resources[target]["Properties"]
        assert dead["QueueName"] == f"linli-{queue.dead_letters}"
        assert dead.get("FifoQueue") == made.get("FifoQueue") == (queue.is_fifo or None)
        assert dead["MessageRetentionPeriod"] == 14 * 86_400


def test_every_dead_letter_queue_raises_an_alarm(linli):
    dead = {
        name
        for name, q in linli.of("SQS::Queue").items()
        if q["Properties"]["QueueName"].endswith(("-dlq", "-dlq.fifo", "-undelivered"))
    }
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in linli.properties("CloudWatch::Alarm")
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["AlarmActions"]
    }
    assert watched == dead


def test_queues_refuse_plain_http(linli):
    assert len(linli.of("SQS::QueuePolicy")) == len(linli.of("SQS::Queue"))
    for policy in linli.properties("SQS::QueuePolicy"):
        refused = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert refused[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_each_event_heard_has_a_rule_with_its_pattern(linli):
    routed = [
        (rule["Targets"][0]["Arn"]["Fn::GetAtt"][0], rule["EventPattern"])
        for rule in linli.properties("Events::Rule")
        if "EventPattern" in rule
    ]
    names = {n: q["Properties"]["QueueName"] for n, q in linli.of("SQS::Queue").items()}
    wanted = [(f"linli-{q.name}", heard.pattern()) for _, q in QUEUES for heard in q.hears]
    assert sorted(_told(names[q], p) for q, p in routed) == sorted(_told(*one) for one in wanted)


def _told(queue: str, pattern: dict[str, Any]) -> str:
    return json.dumps([queue, pattern], sort_keys=True)


def test_queue_mappings_report_single_failures(linli):
    mappings = [
        p for p in linli.properties("Lambda::EventSourceMapping") if "StartingPosition" not in p
    ]
    assert len(mappings) == len(QUEUES)
    assert all(m["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for m in mappings)


RATES = {
    60: "rate(1 minute)",
    300: "rate(5 minutes)",
    600: "rate(10 minutes)",
    3_600: "rate(1 hour)",
    86_400: "rate(1 day)",
}


def test_schedules_run_at_their_rate(linli):
    rates = sorted(
        rule["ScheduleExpression"]
        for rule in linli.properties("Events::Rule")
        if "ScheduleExpression" in rule
    )
    wanted = [w.every_s for f in FUNCTIONS for w in f.wakes if isinstance(w, Schedule)]
    assert rates == sorted(RATES[seconds] for seconds in wanted)


def test_acknowledgements_go_to_the_table_and_the_queue_by_one_rule(linli):
    rule = next(rule for rule in TOPIC_RULES if rule.table)
    made = linli.named("IoT::TopicRule", "RuleName", "linli_ack")["TopicRulePayload"]
    assert made["Sql"].endswith(f"FROM '{rule.filter}' WHERE NOT isUndefined(id)")
    assert "topic(4) AS device_id" in made["Sql"]
    assert "encode(*, 'base64') AS payload" in made["Sql"]
    assert {next(iter(action)) for action in made["Actions"]} == {"DynamoDBv2", "Sqs"}
    assert "Sqs" in made["ErrorAction"]


@pytest.mark.parametrize("leaf", ["sos", "evt", "tel"])
def test_what_devices_report_goes_to_a_queue_of_its_own_as_it_came(linli, leaf):
    rule = next(rule for rule in TOPIC_RULES if rule.filter.endswith(f"/{leaf}"))
    made = linli.named("IoT::TopicRule", "RuleName", f"linli_{leaf}")["TopicRulePayload"]
    assert made["Sql"].endswith(f"FROM '{rule.filter}'")
    assert "encode(*, 'base64') AS payload" in made["Sql"]
    (action,) = made["Actions"]
    assert rule.queue.title().replace("-", "") in str(action["Sqs"]["QueueUrl"])
    assert "Sqs" in made["ErrorAction"]


@pytest.mark.parametrize("leaf", ["hello", "state"])
def test_hellos_and_states_wake_their_function_and_only_that_rule_may(linli, leaf):
    made = linli.named("IoT::TopicRule", "RuleName", f"linli_{leaf}")["TopicRulePayload"]
    assert "timestamp() AS received_at" in made["Sql"]
    permissions = [
        permission
        for permission in linli.properties("Lambda::Permission")
        if permission["Principal"] == "iot.amazonaws.com"
    ]
    assert all("Fn::GetAtt" in permission["SourceArn"] for permission in permissions)
    assert len(permissions) == 2


def test_a_device_speaks_only_below_its_own_topic(linli):
    (policy,) = linli.properties("IoT::Policy")
    for statement in policy["PolicyDocument"]["Statement"]:
        for resource in statement["Resource"]:
            assert "${iot:Connection.Thing.ThingName}" in str(resource)
            assert "*" not in str(resource)
