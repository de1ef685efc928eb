"""What devices send, and what they are answered."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, RootModel, ValidationError

from chalicelib.core.errors import BadRequest, TooLarge
from chalicelib.core.schema import Asked, Identifier, Shown
from chalicelib.devices.rules.catalogue import URGENT, event_refusal
from chalicelib.devices.rules.state import is_known
from chalicelib.devices.rules.telemetry import pack_refusal
from chalicelib.devices.rules.uplink import (
    MOST_EVENTS,
    TELEMETRY,
    Reported,
    most_boot,
    timely,
    travels,
)
from chalicelib.devices.schemas import events

CLOUD_EVENTS = (
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json",
)
"""Content types of structured and batch mode (CloudEvents HTTP binding), and plain JSON."""

MOST_DATA = 64 * 1024
"""Bytes of one event's `data`: it must travel through every queue whole."""


MOST_UNKNOWN_DATA = 4 * 1024
"""The same of a type that nobody declared; the rest of it is left out."""

UNKNOWN_TOO_LARGE = {
    "type": "data_left_out",
    "loc": ["data"],
    "msg": "nobody knows this type: over 4 KB of data are not kept",
}


def _size(data: dict[str, Any]) -> int:
    return len(json.dumps(data, ensure_ascii=False).encode())


def _small(data: dict[str, Any]) -> dict[str, Any]:
    if _size(data) > MOST_DATA:
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
    """One event (CloudEvents 1.0, structured); ours are `boot`, `sequence` and `replayed`."""

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
    dataschema: str | None = Field(default=None, max_length=200)
    subject: str | None = Field(default=None, max_length=200)
    replayed: bool = Field(
        default=False, strict=True, description="from the device's buffer: history"
    )

    def reported(self) -> Reported | list[Any]:
        """Return the event as the domain knows it, or what is wrong with its data.

        An alarm stands whatever its data are: what cannot be read of them is left out.
        """
        if not is_known(self.type) and _size(self.data) > MOST_UNKNOWN_DATA:
            return replace(self._with({}), faults=[UNKNOWN_TOO_LARGE])
        data, faults = self.data, events.faults(self.type, self.data)
        if faults and self.type not in URGENT:
            return faults
        if faults:
            data = events.legible(self.type, data)
        return replace(self._with(data), faults=faults)

    def _with(self, data: dict[str, Any]) -> Reported:
        place = self.boot, self.sequence
        return Reported(self.id, self.type, self.time, *place, data, replayed=self.replayed)


Events = Annotated[list[CloudEvent], Field(min_length=1, max_length=MOST_EVENTS)]


class CloudEventBatch(RootModel[CloudEvent | Events]):
    """What `POST /device/events` takes: one event, or an array of at most 100."""


def read_batch(
    body: bytes, device_id: str, kind: str, *, at: datetime
) -> list[Reported | list[Any]]:
    """Return, by index, each event of a body that is read `at` our time, or what is wrong with it.

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
    return [_read(item, device_id, kind, at) for item in items]


def _read(item: Any, device_id: str, kind: str, at: datetime) -> Reported | list[Any]:
    try:
        event = CloudEvent.model_validate(item)
    except ValidationError as failure:
        faults = failure.errors(include_input=False, include_url=False, include_context=False)
        return faults[: events.MOST_ERRORS]
    if event.source != device_id:
        return [{"type": "foreign_source", "loc": ["source"], "msg": "source is not this device"}]
    if reason := event_refusal(kind, event.type):
        return [{"type": reason, "loc": ["type"], "msg": "this device does not report that"}]
    reported = event.reported()
    if event.boot > most_boot(at):
        reported = _without_boot(reported)
    if event.type == TELEMETRY and isinstance(reported, Reported):
        reason = pack_refusal(kind, event.data["senml"])
        if reason is not None:
            return [{"type": reason, "loc": ["data", "senml"], "msg": "this pack cannot be read"}]
    return reported


def _without_boot(reported: Reported | list[Any]) -> Reported | list[Any]:
    """Return an alarm as of no boot at all, or why another event is refused."""
    fault = {"type": "boot_too_large", "loc": ["boot"], "msg": "boot is over our time in ms"}
    if isinstance(reported, Reported) and reported.type in URGENT:
        return replace(reported, boot=0, faults=[*reported.faults, fault])
    return [fault]


class EventResult(Shown):
    """The verdict on one event of a batch; `kept` is of a type that nobody here knows yet.

    An alarm that is `accepted` with errors stands without the fields that they name.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"index": 0, "id": "e_1", "status": "accepted", "errors": None}]
        }
    )

    index: int
    id: str | None
    status: Literal["accepted", "kept", "invalid"]
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
