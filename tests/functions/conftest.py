"""What wakes a function, in the very shapes of AWS."""

import json
import uuid
from typing import Any

import pytest
from pydantic import TypeAdapter

from functions.wakes import Heard


def delivered(*events: Any, event_id: str = "") -> dict[str, Any]:
    """Return the SQS batch that EventBridge fills with these events."""
    return {"Records": [_record(event, event_id) for event in events]}


def job(body: Any) -> dict[str, Any]:
    """Return the SQS batch of one job."""
    return {"Records": [_sqs(json.dumps(body) if not isinstance(body, str) else body)]}


def _record(event: Any, event_id: str) -> dict[str, Any]:
    pattern = Heard(type(event)).pattern()
    detail = {
        "event_id": event_id or f"evt_{uuid.uuid4().hex}",
        "community_id": event.community_id,
        "request_id": "req_1",
        "body": TypeAdapter(type(event)).dump_python(event, mode="json"),
    }
    envelope = {"source": pattern["source"][0], "detail-type": type(event).__name__}
    return _sqs(json.dumps({**envelope, "detail": detail}))


def _sqs(body: str) -> dict[str, Any]:
    return {
        "messageId": uuid.uuid4().hex,
        "receiptHandle": "r",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:cn-north-1:000000000000:q",
        "awsRegion": "cn-north-1",
    }


@pytest.fixture
def nothing_failed():
    return {"batchItemFailures": []}
