"""What devices send, and what they are answered."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, RootModel, ValidationError

from chalicelib.core.errors import BadRequest, TooLarge
from chalicelib.core.schema import Asked, Shown
from chalicelib.devices.rules.catalogue import TELEMETRY, URGENT, event_refusal
from chalicelib.devices.rules.pictures import foreign
from chalicelib.devices.rules.senml import PACK, pack_faults
from chalicelib.devices.rules.state import is_known
from chalicelib.devices.rules.uplink import (
    LONGEST_EVENT_ID,
    MOST_EVENTS,
    Read,
    Refused,
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

ATTRIBUTE = r"^[a-z0-9]+$"
"""How attributes are named (CloudEvents 1.0, 3.1)."""

ID = r"^[A-Za-z0-9._:/@+=~-]+$"
"""What an event's id is made of: uuids, `urn:uuid:…` and base64 are; `#` divides our keys."""

FORGIVEN: Final = frozenset({"boot", "data", "datacontenttype", "replayed", "sequence", "time"})
"""What an alarm stands without: with our time and no place among the device's events."""


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


def _json_type(text: str) -> str:
    """Take a media type of JSON, whatever its parameters and case (RFC 9110, 8.3.1)."""
    name = text.partition(";")[0].strip().lower()
    if name != "application/json" and not re.fullmatch(r"application/[a-z0-9.+-]+\+json", name):
        raise ValueError("data is JSON: application/json")
    return text


Time = Annotated[datetime, BeforeValidator(_moment)]
"""When the device says it happened: a label, years wrong at times, but a date."""


class CloudEvent(Asked):
    """One event (CloudEvents 1.0, structured); ours are `boot`, `sequence` and `replayed`.

    Other attributes that are named as CloudEvents names them (`subject`, `traceparent`) are
    ignored.
    """

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "propertyNames": {"pattern": ATTRIBUTE},
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
            ],
        },
    )

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=LONGEST_EVENT_ID, pattern=ID)
    source: str = Field(min_length=1, max_length=200, examples=["dev_01J"])
    type: str = Field(min_length=1, max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    time: Time
    boot: int = Field(ge=0, le=2**53)
    sequence: int = Field(ge=0, le=2**53)
    data: Annotated[dict[str, Any], AfterValidator(_small)] = Field(default_factory=dict)
    datacontenttype: Annotated[str, AfterValidator(_json_type)] = "application/json"
    replayed: bool = Field(
        default=False, strict=True, description="from the device's buffer: history"
    )

    def reported(self, data: dict[str, Any], faults: list[Any]) -> Reported:
        """Return the event as the domain knows it, with what can be read of its data."""
        place = self.boot, self.sequence
        return Reported(self.id, self.type, self.time, *place, data, faults, self.replayed)


Events = Annotated[list[CloudEvent], Field(min_length=1, max_length=MOST_EVENTS)]


class CloudEventBatch(RootModel[CloudEvent | Events]):
    """What `POST /device/events` takes: one event, or an array of at most 100."""


def read_batch(body: bytes, device_id: str, kind: str, *, folder: str, at: datetime) -> list[Read]:
    """Return, by index, each event of a body that is read `at` our time, or what is wrong with it.

    `folder` is where the device's own pictures lie. Raises BadRequest `bad_json` or
    `empty_batch`, TooLarge `too_many_in_batch`.
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
    return [_read(item, device_id, kind, folder, at) for item in items]


def _read(item: Any, device_id: str, kind: str, folder: str, at: datetime) -> Read:
    event, faults = _event(item, at)
    if event is None:
        return Refused(faults[: events.MOST_ERRORS], _id_in(item))
    if event.source != device_id:
        fault = _fault("foreign_source", "source is not this device", "source")
        return Refused([fault], event.id)
    if reason := event_refusal(kind, event.type):
        return Refused([_fault(reason, "this device does not report that", "type")], event.id)
    if event.boot > most_boot(at):
        faults.append(_fault("boot_too_large", "boot is over our time in ms", "boot"))
        if event.type not in URGENT:
            return Refused(faults, event.id)
        event = event.model_copy(update={"boot": 0})
    return _reported(event, kind, folder, faults)


def _event(item: Any, at: datetime) -> tuple[CloudEvent | None, list[Any]]:
    """Return an event and what is wrong with its form; none if it cannot stand like that.

    An alarm stands without what cannot be read: somebody may be waiting for help.
    """
    names = item if isinstance(item, Mapping) else ()
    faults = [
        _fault("bad_attribute", "attributes are named in lower-case letters and digits", name)
        for name in names
        if not re.fullmatch(ATTRIBUTE, name)
    ]
    event, more = _parsed(item)
    faults += more
    if not faults:
        return event, []
    kind = item.get("type") if isinstance(item, Mapping) else None
    if not isinstance(kind, str) or kind not in URGENT:
        return None, faults
    spoilt = FORGIVEN & {str(one["loc"][0]) for one in more}
    said = {name: value for name, value in item.items() if name not in spoilt}
    event, _ = _parsed({"time": at.isoformat(), "boot": 0, "sequence": 0, **said})
    return event, faults[: events.MOST_ERRORS]


def _parsed(item: Any) -> tuple[CloudEvent | None, list[Any]]:
    try:
        return CloudEvent.model_validate(item), []
    except ValidationError as failure:
        said = failure.errors(include_input=False, include_url=False, include_context=False)
        return None, [dict(one) for one in said]


def _reported(event: CloudEvent, kind: str, folder: str, faults: list[Any]) -> Read:
    """Return an event with what stands of its data, or what is wrong with that."""
    if not is_known(event.type) and _size(event.data) > MOST_UNKNOWN_DATA:
        return event.reported({}, [UNKNOWN_TOO_LARGE])
    if not is_known(event.type):
        return event.reported(event.data, faults)
    others = foreign(event.data, folder)
    faults += [_fault("foreign_picture", "this is no key of its own", "data", n) for n in others]
    data = {name: value for name, value in event.data.items() if name not in others}
    if wrong := events.faults(event.type, data):
        if event.type not in URGENT:
            return Refused([*faults, *wrong], event.id)
        return event.reported(events.legible(event.type, data), [*faults, *wrong])
    if event.type == TELEMETRY:
        unread, measured = pack_faults(kind, data[PACK])
        faults += [
            _fault(one.code, one.said, "data", PACK, one.record)
            for one in unread[: events.MOST_ERRORS]
        ]
        if unread and not measured:
            return Refused(faults, event.id)
    return event.reported(data, faults)


def _fault(code: str, said: str, *where: str | int) -> dict[str, Any]:
    return {"type": code, "loc": list(where), "msg": said}


def _id_in(item: Any) -> str | None:
    """Return the id of an event that is not taken, so that its device knows which one it was."""
    said = item.get("id") if isinstance(item, Mapping) else None
    if not isinstance(said, str) or len(said) > LONGEST_EVENT_ID:
        return None
    return said if re.fullmatch(ID, said) else None


class EventResult(Shown):
    """The verdict on one event of a batch; `kept` is of a type that nobody here knows yet.

    What is `accepted` with errors stands without what they name: a field of an alarm, a record
    of a pack, a picture that is not the device's own.
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
