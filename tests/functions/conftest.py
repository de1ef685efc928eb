"""What wakes a function, in the very shapes of AWS, and the function under its own rights."""

import dataclasses
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import pytest
from pydantic import TypeAdapter

from chalicelib.core import clock
from functions.manifest import FUNCTIONS
from functions.wakes import Heard
from infra import rows
from infra.one_machine.invoke import Target

Event = TypeVar("Event")

LINES = {function.name: function for function in FUNCTIONS}


def woken(name: str, event: dict[str, Any]) -> Any:
    """Let an event wake a function of the manifest; it may do what its line grants, no more."""
    return Target.of(LINES[name])(event)


def delivered(*events: Any, event_id: str = "") -> dict[str, Any]:
    """Return the SQS batch that EventBridge fills with these events."""
    return {"Records": [record(told(event, event_id)) for event in events]}


def job(body: Any) -> dict[str, Any]:
    """Return the SQS batch of one job; a text is sent as it is."""
    return {"Records": [record(body)]}


def told(event: Any, event_id: str = "") -> dict[str, Any]:
    """Return what EventBridge writes into a queue about an event."""
    pattern = Heard(type(event)).pattern()
    detail = {
        "event_id": event_id or f"evt_{uuid.uuid4().hex}",
        "community_id": event.community_id,
        "request_id": "req_1",
        "body": TypeAdapter(type(event)).dump_python(event, mode="json"),
    }
    return {
        "source": pattern["source"][0],
        "detail-type": type(event).__name__,
        "detail": detail,
    }


def record(body: Any, message_id: str = "") -> dict[str, Any]:
    """Return one message as SQS hands it to Lambda; a text is sent as it is."""
    return {
        "messageId": message_id or uuid.uuid4().hex,
        "receiptHandle": "r",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:cn-north-1:000000000000:q",
        "awsRegion": "cn-north-1",
    }


def imagined(cls: type[Event], **known: Any) -> Event:
    """Return an event that nobody caused: believable values for what is not given."""
    hints = get_type_hints(cls)
    fields: Any = dataclasses.fields(cls)  # type: ignore[arg-type]  # events are dataclasses
    rest = {f.name: _value(f.name, hints[f.name]) for f in fields if f.name not in known}
    return cls(**rest, **known)


def _value(name: str, hint: Any) -> Any:
    kind = get_origin(hint) or hint
    if type(None) in get_args(hint):
        return None
    if kind is datetime:
        return clock.now()
    if kind is str:
        return f"{name}_{uuid.uuid4().hex[:12]}"
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return imagined(kind)
    if kind is Mapping:
        return {}
    return next(iter(kind)) if issubclass(kind, Enum) else kind()


def kept(domain: str) -> dict[str, list[str]]:
    """Return all that is on record in a domain's tables, and what is to be announced.

    Before and after the same event came again, both are the same to the last byte.
    """
    return {
        short: sorted(
            json.dumps(row.serialize(), sort_keys=True, default=bytes.hex) for row in cls.scan()
        )
        for short, cls in rows.load().items()
        if short == "outbox" or cls.__module__.startswith(f"chalicelib.{domain}.tables")
    }


@pytest.fixture
def nothing_failed():
    return {"batchItemFailures": []}
