"""What devices and the staff who watch them send and see."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, RootModel, ValidationError

from chalicelib.core.errors import BadRequest, TooLarge
from chalicelib.core.schema import Asked, Identifier, Moment, Page, Shown
from chalicelib.devices.rules import MOST_EVENTS, MOST_PICTURE_BYTES, Reported, event_refusal

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
    return data


class CloudEvent(Asked):
    """One event (CloudEvents 1.0, structured) with our extensions `boot` and `sequence`."""

    specversion: Literal["1.0"]
    id: Identifier
    source: str = Field(min_length=1, max_length=200, examples=["dev_01J"])
    type: str = Field(min_length=1, max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    time: Moment
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

    Raises BadRequest `bad_json` or `empty_batch`, TooLarge `too_many_events`.
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
        raise TooLarge("too_many_events", "一次最多上报 100 条事件")
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

    index: int
    id: str | None
    status: Literal["accepted", "invalid"]
    errors: list[dict[str, Any]] | None = None


class AcceptedReply(Shown):
    """What was accepted; a repeated message gets its first answer with `duplicate` true."""

    accepted: int
    duplicate: bool
    results: list[EventResult]


class UploadAsked(Asked):
    """A picture that a device wants to upload: its exact size in bytes and its SHA-256."""

    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    bytes: int = Field(ge=1, le=MOST_PICTURE_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class UploadReply(Shown):
    """A presigned POST (S3): form fields, then the file, before `expires_at`."""

    url: str
    fields: dict[str, str]
    key: str
    expires_at: datetime


class DeviceShown(Shown):
    """A device as staff see it; never its keys."""

    device_id: str
    kind: str
    name: str
    place_id: str


class DevicePage(Page[DeviceShown]):
    """One page of devices."""
