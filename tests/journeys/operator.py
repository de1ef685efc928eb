"""What only the operator of the machine can do: read the tables, enter by the servers' door."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
import jwt
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tools.simulate.estate import device_of
from tools.simulate.panel import Panel
from tools.simulate.system import REPOSITORY, System

TRANSIENT = frozenset({"linli-outbox"})
"""Emptied by the relay as it works, whatever anybody does."""


def environment(state: Path) -> Mapping[str, str]:
    """Return the addresses and keys that the system's own processes have."""
    known: Mapping[str, str] = json.loads((state / "env.json").read_text(encoding="utf-8"))
    return known


class Stores:
    """The tables, as the operator reads them."""

    def __init__(self, state: Path) -> None:
        given = environment(state)
        key_id, _, secret = given["LINLI_DYNAMODB_KEY"].partition(":")
        self._dynamodb: Any = boto3.client(
            "dynamodb",
            endpoint_url=given["AWS_ENDPOINT_URL_DYNAMODB"],
            region_name=given["AWS_REGION"],
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": 1}),
        )

    def snapshot(self) -> dict[str, list[str]]:
        """Return every row of every lasting table."""
        names = self._dynamodb.list_tables()["TableNames"]
        return {name: self._rows(name) for name in names if name not in TRANSIENT}

    def count(self, name: str) -> int:
        """Return how many rows a table has."""
        return len(self._items(name))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return a table's rows with plain values."""
        plain = TypeDeserializer().deserialize
        return [
            {column: plain(value) for column, value in row.items()} for row in self._items(name)
        ]

    def _rows(self, name: str) -> list[str]:
        return sorted(json.dumps(row, sort_keys=True, default=str) for row in self._items(name))

    def _items(self, name: str) -> list[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        return [row for page in pages for row in page["Items"]]


def install_panels(system: System, places: Iterable[str]) -> dict[str, Panel]:
    """Enrol a panel at each place with the operator's own tool."""
    command = [sys.executable, "-m", "tools.enrol", "--state", str(system.state), "panel", *places]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    estate = system.estate
    made = [device_of(entry, estate.community_id) for entry in json.loads(done.stdout)]
    return {device.place_id: Panel(device, estate.base_url) for device in made}


class BrokerDoor:
    """A client at the broker's listener for servers."""

    def __init__(self, state: Path) -> None:
        address = urlsplit(environment(state)["LINLI_BROKER_URL"])
        assert address.hostname
        assert address.port
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(address.username, address.password)
        self._client.connect(address.hostname, address.port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: str) -> None:
        """Send and wait until the broker has it."""
        self._client.publish(topic, payload, qos=1).wait_for_publish(5)


def token(state: Path, **changes: Any) -> str:
    """Sign a resident's token as the sign-in would, with changed claims."""
    now = int(time.time())
    claims = {
        "iss": "linli",
        "aud": "linli:resident",
        "sub": "person-lin",
        "community": "heyuan",
        "roles": ["resident"],
        "iat": now - 7200,
        "exp": now + 3600,
    } | changes
    key = (state / "keys" / "token.pem").read_bytes()
    return jwt.encode(claims, key, "EdDSA", {"kid": "one-machine"})
