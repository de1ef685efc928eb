"""DynamoDB Local: how it starts, and the tables in it.

It listens on every interface and cannot be told otherwise; without `-sharedDb` each access
key sees a database of its own, so our random key, used for nothing else, keeps others out.
"""

import os
import time
from collections.abc import Iterable
from typing import Any

from infra import rows
from infra.one_machine import reach
from infra.one_machine.home import REPOSITORY, Home
from infra.one_machine.processes import Part

ENGINE = REPOSITORY / ".local-engine"


def part(home: Home, port: int) -> Part:
    """Return the engine as a child process; its data is `<state>/dynamodb`."""
    jar = next(ENGINE.glob("package/lib/dynamodb_local_*/DynamoDBLocal.jar"), None)
    if jar is None:
        raise FileNotFoundError("DynamoDB Local is not here yet: run infra/setup.sh run")
    store = ("-inMemory",) if home.in_memory else ("-dbPath", str(home.folder("dynamodb")))
    return Part(
        name="dynamodb",
        argv=(
            "java",
            "-XX:+UseSerialGC",  # a small heap on few cores
            "-Xmx512m",
            f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}",
            "-jar",
            str(jar),
            "-port",
            str(port),
            "-disableTelemetry",
            *store,
        ),
        environment={**os.environ, "DDB_LOCAL_TELEMETRY": "0"},
        is_ready=lambda: reach.answers(port),
        is_engine=True,
    )


def ensure_tables(client: Any) -> None:
    """Make what is missing: tables, indexes, streams, TTL. Nothing is ever dropped."""
    from chalicelib.core import table  # noqa: PLC0415 -- reads the environment as it loads

    present = set(_names(client))
    for row in rows.load().values():
        wanted = table.describe(row)
        if wanted["TableName"] not in present:
            client.create_table(**wanted)
        else:
            _catch_up(client, wanted)
        if row.Meta.ttl:
            _expire(client, wanted["TableName"], row.Meta.ttl)


def _names(client: Any) -> Iterable[str]:
    for page in client.get_paginator("list_tables").paginate():
        yield from page["TableNames"]


def _catch_up(client: Any, wanted: dict[str, Any]) -> None:
    """Give an older table the indexes and the stream that its row class has by now."""
    name = wanted["TableName"]
    found = client.describe_table(TableName=name)["Table"]
    if wanted["KeySchema"] != found["KeySchema"]:
        raise RuntimeError(f"{name} was made with another key; `make reset` wipes the demo data")
    if "StreamSpecification" in wanted and "StreamSpecification" not in found:
        client.update_table(TableName=name, StreamSpecification=wanted["StreamSpecification"])
    indexed = {index["IndexName"] for index in found.get("GlobalSecondaryIndexes", ())}
    for index in wanted.get("GlobalSecondaryIndexes", ()):
        if index["IndexName"] not in indexed:
            client.update_table(
                TableName=name,
                AttributeDefinitions=wanted["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )
            _settle(client, name)


def _settle(client: Any, name: str) -> None:
    """Wait until a new index is filled; the engine makes one at a time."""
    while any(
        index["IndexStatus"] != "ACTIVE"
        for index in client.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]
    ):
        time.sleep(0.05)


def _expire(client: Any, name: str, attribute: str) -> None:
    status = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if status["TimeToLiveStatus"] == "DISABLED":
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute},
        )
