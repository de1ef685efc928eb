"""DynamoDB calls and capacity units of each use case, counted where they leave the process."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from app import app
from benchmarks.figures import Figure
from chalicelib.core import aws, ids
from tools.simulate.estate import Estate
from tools.simulate.fleet import broker_of
from tools.simulate.gate import Gate, shown_code
from tools.simulate.http_device import EVENT
from tools.simulate.panel import Panel
from tools.simulate.signing import Json, webhook_headers
from tools.simulate.waiting import eventually

TAPS = 4

UNCOUNTED = (("linli-command_acks", None), ("linli-revocations", "recent"))
"""Table and index: reads that wait for the device's word, and a process's one read in five
seconds of who was signed out, are no calls of a use case (DESIGN.md, budgets)."""


class Tally:
    """What was sent while counting: calls by operation, and the units they cost."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.calls: Counter[str] = Counter()
        self.units = 0.0

    def note(self, operation: str, answer: Json) -> None:
        """Count one answered call."""
        self.calls[operation] += 1
        consumed = answer.get("ConsumedCapacity") or []
        for part in consumed if isinstance(consumed, list) else [consumed]:
            self.units += part.get("CapacityUnits", 0.0)

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.calls.values())

    def __str__(self) -> str:
        return f"{dict(self.calls)}, {self.units:g} capacity units"


@contextmanager
def counting(service: str) -> Iterator[Tally]:
    """Count what this process asks of a service, by botocore's own hooks."""
    tally, events = Tally(), aws.client(service).meta.events

    def before(params: Json, context: Json, **_: Any) -> None:
        if service == "dynamodb":
            params["ReturnConsumedCapacity"] = "TOTAL"
        read = params.get("TableName"), params.get("IndexName")
        context["is_counted"] = read not in UNCOUNTED

    def after(model: Any, parsed: Json, context: Json, **_: Any) -> None:
        if context.get("is_counted", True):
            tally.note(model.name, parsed)

    events.register(f"provide-client-params.{service}", before)
    events.register(f"after-call.{service}", after)
    try:
        yield tally
    finally:
        events.unregister(f"provide-client-params.{service}", before)
        events.unregister(f"after-call.{service}", after)


def measure(estate: Estate) -> list[Figure]:
    """Call the application in this process, against the running system's stores."""
    panel = Panel(estate.device(estate.ids["panel"]), estate.base_url)
    figures = _event_accepted(panel)
    with Gate(estate.device(estate.ids["gate"]), broker_of(estate)):
        figures += _tap(estate, panel)
        figures += _phone(estate)
    return figures


def _event_accepted(panel: Panel) -> list[Figure]:
    event = panel.ringing("nobody", "nowhere")
    _expect(_post_event(panel, event), 200)  # warm: the device and its key are remembered
    event = panel.ringing("nobody", "nowhere")
    with counting("dynamodb") as stored, counting("sqs") as sent:
        _expect(_post_event(panel, event), 200)
    return [
        Figure("event accepted: DynamoDB calls", stored.total, 1, "calls", note=str(stored)),
        Figure("event accepted: SQS sends", sent.total, 1, "sends"),
    ]


def _tap(estate: Estate, panel: Panel) -> list[Figure]:
    """Count taps; the one that took the most calls is held to the budget."""
    worst = max((_count_tap(estate, panel) for _ in range(TAPS)), key=lambda one: one.total)
    return [
        Figure("tap: DynamoDB calls", worst.total, 3, "calls", note=str(worst)),
        Figure("tap: capacity units", worst.units, unit="units"),
    ]


def _phone(estate: Estate) -> list[Figure]:
    """Count a resident's own opening by phone; the worst of several is held to the budget."""
    worst = max((_count_phone(estate) for _ in range(TAPS)), key=lambda one: one.total)
    return [
        Figure("own phone: DynamoDB calls", worst.total, 3, "calls", note=str(worst)),
        Figure("own phone: capacity units", worst.units, unit="units"),
    ]


def _count_phone(estate: Estate) -> Tally:
    gate = estate.device(estate.ids["gate"])
    said = {"unit_id": estate.ids["unit"], "near": {"code": shown_code(gate.key)}}
    headers = {
        "authorization": f"Bearer {estate.tokens['resident']}",
        "idempotency-key": str(uuid.uuid4()),
    }
    with counting("dynamodb") as stored:
        answer = _call("POST", f"/resident/gates/{gate.id}/open", headers, json.dumps(said))
    _expect(answer, HTTPStatus.OK)
    if json.loads(answer["body"])["state"] != "OPENED":
        raise RuntimeError(f"the counted phone did not open: {answer}")
    return stored


def _count_tap(estate: Estate, panel: Panel) -> Tally:
    event = panel.ring(estate.ids["unit"], estate.ids["gate"])
    path = f"/resident/calls/{ids.derived('call', panel.device.id, event['id'])}"
    asked = {"authorization": f"Bearer {estate.tokens['resident']}"}
    _await_call(path, asked)
    with counting("dynamodb") as stored:
        answer = _call("POST", f"{path}/open", {**asked, "idempotency-key": str(uuid.uuid4())})
    _expect(answer, HTTPStatus.OK)
    if json.loads(answer["body"])["state"] != "OPENED":
        raise RuntimeError(f"the counted tap did not open: {answer}")
    return stored


def _await_call(path: str, asked: dict[str, str]) -> None:
    if not eventually(lambda: _call("GET", path, asked)["statusCode"] == HTTPStatus.OK, 10):
        raise RuntimeError("the ring was not heard in time")


def _post_event(panel: Panel, event: Json) -> Json:
    body = json.dumps(event)
    headers = webhook_headers(
        panel.device.key, body.encode(), webhook_id=str(uuid.uuid4()), at_s=int(time.time())
    )
    return _call("POST", "/device/events", {**headers, "content-type": EVENT}, body)


def _call(method: str, path: str, headers: dict[str, str], body: str = "") -> Json:
    parts = path.split("/")
    name = {"calls": "call_id", "gates": "device_id"}.get(parts[2], "")
    call = {name: parts[3]} if parts[1] == "resident" else {}
    resource = path.replace(parts[3], f"{{{name}}}") if call else path
    return requested(method, resource, headers, body, **call)


def requested(
    method: str, resource: str, headers: dict[str, str], body: str = "", **values: str
) -> Json:
    """Pass one API Gateway proxy event to the application; `values` fill the resource's names."""
    reply: Json = app(
        {
            "resource": resource,
            "path": resource.format(**values),
            "httpMethod": method,
            "headers": {"content-type": "application/json", **headers},
            "multiValueHeaders": {},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "pathParameters": values or None,
            "stageVariables": None,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": resource,
                "requestId": str(uuid.uuid4()),
                "identity": {"sourceIp": "127.0.0.1"},
            },
            "body": body or None,
            "isBase64Encoded": False,
        },
        None,
    )
    return reply


def _expect(reply: Json, status: int) -> None:
    if reply["statusCode"] != status:
        raise RuntimeError(f"expected {status}: {reply}")
