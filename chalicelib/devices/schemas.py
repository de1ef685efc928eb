"""What devices and the staff who watch them send and see."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, RootModel, ValidationError

from chalicelib.core.errors import BadRequest, TooLarge
from chalicelib.core.schema import Asked, Identifier, Page, Shown
from chalicelib.devices.rules import (
    MOST_EVENTS,
    Reported,
    event_refusal,
    timely,
    travels,
)

CLOUD_EVENTS = (
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json",
)
"""Content types of structured and batch mode (CloudEvents HTTP binding), and plain JSON."""

MOST_DATA = 64 * 1024
"""Bytes of one event's `data`: it must travel through every queue whole."""

MOST_ERRORS = 5
"""How many faults of one event are listed."""


def _small(data: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(data, ensure_ascii=False).encode()) > MOST_DATA:
        raise ValueError("data is over 64 KB; upload pictures and clips instead")
    if not travels(data):
        raise ValueError("data is nested over 32 levels, or a number is over 64 bits")
    return data


def _moment(text: object) -> datetime:
    if not isinstance(text, str):
        raise ValueError("time must be an RFC 3339 text")  # noqa: TRY004 -- pydantic's way
    return timely(text)


Time = Annotated[datetime, BeforeValidator(_moment)]
"""When the device says it happened: a label, years wrong at times, but a date."""


class CloudEvent(Asked):
    """One event (CloudEvents 1.0, structured) with our extensions `boot` and `sequence`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "specversion": "1.0",
                    "id": "e_1",
                    "source": "heyuan-panel-1",
                    "type": "panel.call",
                    "time": "2026-11-21T08:00:00Z",
                    "boot": 3,
                    "sequence": 17,
                    "data": {"unit_id": "heyuan-1-101", "gate_id": "heyuan-gate-01"},
                }
            ]
        }
    )

    specversion: Literal["1.0"]
    id: Identifier
    source: str = Field(min_length=1, max_length=200, examples=["dev_01J"])
    type: str = Field(min_length=1, max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    time: Time
    boot: int = Field(ge=0, le=2**53)
    sequence: int = Field(ge=0, le=2**53)
    data: Annotated[dict[str, Any], AfterValidator(_small)] = Field(default_factory=dict)
    datacontenttype: Literal["application/json"] = "application/json"
    subject: str | None = Field(default=None, max_length=200)

    def reported(self) -> Reported:
        """Return the event as the domain knows it."""
        return Reported(self.id, self.type, self.time, self.boot, self.sequence, self.data)


Events = Annotated[list[CloudEvent], Field(min_length=1, max_length=MOST_EVENTS)]


class CloudEventBatch(RootModel[CloudEvent | Events]):
    """What `POST /device/events` takes: one event, or an array of at most 100."""


def read_batch(body: bytes, device_id: str, kind: str) -> list[Reported | list[Any]]:
    """Return, by index, each event of a body or what is wrong with it.

    Raises BadRequest `bad_json` or `empty_batch`, TooLarge `too_many_in_batch`.
    """
    try:
        given = json.loads(body)
        json.dumps(given, ensure_ascii=False, allow_nan=False).encode()  # no NaN, no half emoji
    except (ValueError, RecursionError) as failure:
        raise BadRequest("bad_json", "请求内容不是有效的 JSON") from failure
    items = given if isinstance(given, list) else [given]
    if not items:
        raise BadRequest("empty_batch", "事件批次为空")
    if len(items) > MOST_EVENTS:
        raise TooLarge("too_many_in_batch", "一次最多上报 100 条事件")
    return [_read(item, device_id, kind) for item in items]


def _read(item: Any, device_id: str, kind: str) -> Reported | list[Any]:
    try:
        event = CloudEvent.model_validate(item)
    except ValidationError as failure:
        faults = failure.errors(include_input=False, include_url=False, include_context=False)
        return faults[:MOST_ERRORS]
    if event.source != device_id:
        return [{"type": "foreign_source", "loc": ["source"], "msg": "source is not this device"}]
    if reason := event_refusal(kind, event.type):
        return [{"type": reason, "loc": ["type"], "msg": "this device does not report that"}]
    return event.reported()


class EventResult(Shown):
    """The verdict on one event of a batch."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"index": 0, "id": "e_1", "status": "accepted", "errors": None}]
        }
    )

    index: int
    id: str | None
    status: Literal["accepted", "invalid"]
    errors: list[dict[str, Any]] | None = None


class AcceptedReply(Shown):
    """What was accepted; a repeated message gets its first answer with `duplicate` true."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "accepted": 1,
                    "duplicate": False,
                    "results": [{"index": 0, "id": "e_1", "status": "accepted", "errors": None}],
                }
            ]
        }
    )

    accepted: int
    duplicate: bool
    results: list[EventResult]


class DeviceShown(Shown):
    """A device as staff see it; never its keys."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-gate-01",
                    "kind": "gate",
                    "name": "东门",
                    "place_id": "heyuan-entrance-01",
                }
            ]
        }
    )

    device_id: str
    kind: str
    name: str
    place_id: str


class DevicePage(Page[DeviceShown]):
    """One page of devices."""
