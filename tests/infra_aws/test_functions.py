"""Functions as the manifest says, with the rights it declares and no others."""

from __future__ import annotations

from typing import Any

import pytest

from functions.manifest import FUNCTIONS
from functions.wakes import Stream
from infra.one_machine import rights as one_machine

BY_NAME = {function.name: function for function in FUNCTIONS}
FUNCTION_NAMES = sorted(BY_NAME)


def made(linli: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = linli.named(
        "Lambda::Function", "FunctionName", f"linli-{name.replace('_', '-')}"
    )
    return found


def statements(linli: Any, name: str) -> dict[str, dict[str, Any]]:
    role = linli.resources[made(linli, name)["Role"]["Fn::GetAtt"][0]]["Properties"]
    assert "ManagedPolicyArns" not in role
    (policy,) = role["Policies"]
    return {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"]}


def test_every_function_of_the_manifest_and_no_other_is_deployed(linli):
    assert {p["FunctionName"] for p in linli.properties("Lambda::Function")} == {
        f"linli-{name.replace('_', '-')}" for name in BY_NAME
    }


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_a_function_is_as_its_line_says(linli, name):
    line, got = BY_NAME[name], made(linli, name)
    assert got["Handler"] == line.handler
    assert (got["MemorySize"], got["Timeout"]) == (line.memory_mb, line.timeout_s)
    assert got.get("ReservedConcurrentExecutions") == line.reserved
    assert (got["Runtime"], got["Architectures"]) == ("python3.13", ["x86_64"])
    assert "TracingConfig" not in got  # no X-Ray with Lambda in the Chinese regions


@pytest.mark.parametrize("line", [f for f in FUNCTIONS if f.queues], ids=lambda f: f.name)
def test_a_queue_asks_for_no_more_than_is_reserved(linli, line):
    """Else what is throttled is received five times, and a dead letter without ever being read."""
    queues = linli.of("SQS::Queue")
    found = {}
    for mapping in linli.properties("Lambda::EventSourceMapping"):
        logical = mapping["EventSourceArn"]["Fn::GetAtt"][0]
        if logical in queues:
            name = queues[logical]["Properties"]["QueueName"].removeprefix("linli-")
            found[name] = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
    limits = [found[queue.name] for queue in line.queues]
    if line.reserved is None:
        assert limits == [None] * len(limits)
    else:
        assert line.reserved >= 2
        assert sum(limits) == line.reserved


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_rights_are_what_the_line_declares(linli, name):
    line, may = BY_NAME[name], statements(linli, name)
    assert ("Announce" in may) == line.events
    assert ("Command" in may) == line.publishes
    assert ("OpenMasterKey" in may) == line.keys
    letters = "".join(line.media.values())
    assert [("See" in may), ("Keep" in may), ("Erase" in may)] == [one in letters for one in "rwd"]
    assert ("Write" in may) == any("w" in rights for rights in line.tables.values())
    assert ("Hear" in may) == bool(line.queues)


def test_the_one_machine_home_refuses_by_the_same_rules():
    from infra.aws import rights, storage, tables  # noqa: PLC0415 -- collected without CDK, too

    assert {f"dynamodb:{action}" for action in one_machine.READS} == set(tables.READ)
    assert {f"dynamodb:{action}" for action in one_machine.WRITES} == set(tables.WRITE)
    assert one_machine.FOLDER == storage.FOLDER
    said = {operation: f"s3:{operation}" for operation in one_machine.MEDIA}
    said["HeadObject"] = "s3:GetObject"
    assert {said[op]: letter for op, letter in one_machine.MEDIA.items()} == {
        action: letter for letter, (_, action) in rights.MEDIA.items()
    }
    assert one_machine.COMMAND_LEAVES == rights.COMMAND_TOPICS


def test_the_command_bus_is_iot_core_unless_the_context_says_otherwise(linli):
    given = made(linli, "resident_api")["Environment"]["Variables"]
    assert given["LINLI_COMMAND_BUS"] == "iot_core"
    assert given["LINLI_COMMAND_BUS_URL"] == ""


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_no_function_scans_deletes_tables_or_writes_what_it_only_reads(linli, name):
    may = statements(linli, name)
    named = [s["Action"] for s in may.values()]
    actions = {a for one in named for a in ([one] if isinstance(one, str) else one)}
    assert not actions & {"dynamodb:Scan", "dynamodb:DeleteTable", "iot:*", "s3:*"}
    assert not any("*" in action for action in actions)
    read_only = [short for short, rights in BY_NAME[name].tables.items() if rights == "r"]
    written = str(may.get("Write", {}).get("Resource", ""))
    for short in read_only:
        (logical,) = [
            key
            for key, table in linli.of("DynamoDB::Table").items()
            if table["Properties"]["TableName"] == f"linli-{short}"
        ]
        assert logical not in written


def test_roles_are_not_shared(linli):
    roles = [p["Role"]["Fn::GetAtt"][0] for p in linli.properties("Lambda::Function")]
    assert len(roles) == len(set(roles))


def test_logs_are_kept_six_months_in_a_group_of_their_own(linli):
    groups = {p["LogGroupName"]: p for p in linli.properties("Logs::LogGroup")}
    for function in linli.properties("Lambda::Function"):
        assert groups[f"/aws/lambda/{function['FunctionName']}"]["RetentionInDays"] == 180


def test_streams_hand_over_inserts_only_and_lose_nothing_at_the_start(linli):
    mappings = [
        p for p in linli.properties("Lambda::EventSourceMapping") if "StartingPosition" in p
    ]
    streams = [wake for f in FUNCTIONS for wake in f.wakes if isinstance(wake, Stream)]
    assert len(mappings) == len(streams) > 1
    # What no sweep brings again is tried until it leaves the stream.
    tries = sorted(mapping["MaximumRetryAttempts"] for mapping in mappings)
    assert tries == sorted(20 if stream.swept else -1 for stream in streams)
    for mapping in mappings:
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
        assert mapping["FilterCriteria"]["Filters"] == [{"Pattern": '{"eventName":["INSERT"]}'}]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert "OnFailure" in mapping["DestinationConfig"]


def test_no_function_url_no_cognito_no_edge(linli):
    kinds = {resource["Type"] for resource in linli.resources.values()}
    unwanted = {"Lambda::Url", "Cognito::UserPool", "CloudFront::Distribution"}
    assert not kinds & {f"AWS::{kind}" for kind in unwanted}
