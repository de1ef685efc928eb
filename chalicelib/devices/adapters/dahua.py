"""Dahua cameras: JSON events, alone or in multipart with a picture (HTTP event upload).

One event is `{Code, Action, Data}`, several stand in `Events`. `RealUTC` is true UTC; `UTC` is
the camera's wall clock counted as if it were UTC, and is used only where the other is missing.
Snapshots of one passing share a `GroupID` and are told apart by `IndexInGroup`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.core.foreign import (
    json_of,
    moment_of,
    number_of,
    parts_of,
    text_of,
    whole_of,
    within,
    zone,
)
from chalicelib.core.records import each
from chalicelib.devices.events import Attachment, Translated

NEEDS: tuple[str, ...] = ()
KINDS: tuple[str, ...] = ("plate_camera", "camera", "lift_camera", "gateway")

_PASSINGS = frozenset({"TrafficJunction", "TrafficGate", "TrafficManualSnap", "ANPR"})
_BEATS = frozenset({"Heartbeat", "NTPAdjustTime"})
_TROUBLE = frozenset({"VideoBlind", "VideoLoss", "StorageFailure", "StorageNotExist"})
_COLORS = frozenset({"blue", "green", "yellow", "white", "black"})
_MIXED = ("shadowgreen", "yellowgreen")
_VEHICLES = {
    "motorcar": "car",
    "car": "car",
    "saloon_car": "car",
    "suv": "car",
    "mpv": "car",
    "bus": "bus",
    "largebus": "bus",
    "truck": "truck",
    "lightduty": "truck",
    "motorcycle": "motorcycle",
    "tricycle": "motorcycle",
    "bicycle": "bicycle",
    "nonmotor": "bicycle",
}
_OTHER_WAY = {"in": "out", "out": "in"}


def translate(body: bytes, content_type: str, settings: Mapping[str, Any]) -> list[Translated]:
    """Return the events of a message; raises BadRequest for what has none."""
    message, pictures = _opened(body, content_type)
    given = message.get("Events", [message])
    if not isinstance(given, list):
        raise BadRequest("not_this_vendor", "不是大华的事件")

    def read(one: object) -> Iterator[Translated]:
        event = _named(one)
        if _is_new(event):
            yield _event(event, pictures if one is given[0] else (), settings)

    return each(given, read, bad=lambda code: Translated(refused=code))


def _opened(body: bytes, content_type: str) -> tuple[dict[str, Any], tuple[Attachment, ...]]:
    """Return the JSON of a body and the pictures that came with it."""
    pictures: tuple[Attachment, ...] = ()
    if content_type.lower().startswith("multipart/"):
        parts = parts_of(body, content_type)
        body = next((p.content for p in parts if p.content.lstrip()[:1] == b"{"), b"")
        pictures = tuple(
            Attachment(part.filename or part.name, part.content_type, part.content)
            for part in parts
            if part.content_type.startswith("image/") and part.content
        )
    message = json_of(body)
    if not isinstance(message, dict):
        raise BadRequest("not_this_vendor", "不是大华的事件")
    return message, pictures


def _named(event: object) -> dict[str, Any]:
    if not isinstance(event, dict) or not text_of(event.get("Code"), 64):
        raise BadRequest("not_this_vendor", "大华事件缺少 Code")
    return event


def _is_new(event: Mapping[str, Any]) -> bool:
    """Return whether an event begins or flashes; its end adds nothing, but for a fault's."""
    return event.get("Action") != "Stop" or event["Code"] in _TROUBLE


def _event(
    event: Mapping[str, Any], pictures: tuple[Attachment, ...], settings: Mapping[str, Any]
) -> Translated:
    code, data = text_of(event["Code"], 64), event.get("Data")
    if not isinstance(data, dict):
        data = {}
    kind, meaning = _meaning(code, event, data, settings)
    channel = whole_of(event.get("Index", data.get("Channel")))
    return Translated(
        type=kind,
        data=meaning,
        id=_identity(code, event, data),
        occurred_at=_when(data, settings),
        counter=whole_of(data.get("EventID")),
        child="" if channel is None else str(channel),
        attachments=pictures,
    )


def _identity(code: str, event: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return what tells this snapshot from all others, or nothing.

    Event and group ids begin anew with each start: the second of the event stands beside them.
    """
    parts = [data.get(name) for name in ("EventID", "GroupID", "IndexInGroup")]
    second = whole_of(data.get("RealUTC", data.get("UTC")))
    if parts[0] is None or second is None:
        return ""
    told = [code, event.get("Action", ""), second, *parts]
    return "/".join(text_of(one, 40) for one in told)


def _when(data: Mapping[str, Any], settings: Mapping[str, Any]) -> datetime | None:
    real = number_of(data.get("RealUTC"))
    if real is not None:
        return moment_of(real + (number_of(data.get("UTCMS")) or 0) / 1000)
    wall = moment_of(number_of(data.get("UTC")))
    if wall is None:
        return moment_of(data.get("LocaleTime"), settings["utc_offset"])
    try:
        return moment_of(wall.replace(tzinfo=zone(settings["utc_offset"])).isoformat())
    except OverflowError:
        return None


def _meaning(
    code: str, event: Mapping[str, Any], data: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    vendor = {"code": code, "action": text_of(event.get("Action"), 32)}
    if code in _BEATS:
        return "device.heartbeat", {}
    if code in _TROUBLE:
        over = event.get("Action") == "Stop"
        return "device.restored" if over else "device.fault", {"code": code, "vendor": vendor}
    if isinstance(data.get("NonMotor"), dict):
        return "camera.sighting", {**_rider(data), "vendor": vendor}
    if code in _PASSINGS:
        return "vehicle.passed", {**_passing(data, settings["approach"]), "vendor": vendor}
    word = "".join(letter for letter in code.lower() if letter.isascii() and letter.isalnum())
    return f"dahua.{word or 'nameless'}", {"vendor": {**vendor, "data": dict(data)}}


def _passing(data: Mapping[str, Any], approach: str) -> dict[str, Any]:
    plate = within(data, "Object.Text") or within(data, "TrafficCar.PlateNumber")
    color = text_of(within(data, "TrafficCar.PlateColor"), 32).lower()
    vehicle = text_of(within(data, "Vehicle.Category") or within(data, "Object.Category"), 32)
    found: dict[str, Any] = {
        "plate": text_of(plate, 32),
        "direction": _direction(within(data, "TrafficCar.DrivingDirection"), approach),
        "plate_color": "yellow_green"
        if color in _MIXED
        else color
        if color in _COLORS
        else "other",
        "vehicle": _VEHICLES.get(vehicle.lower(), "other"),
        "listed": "unknown",
    }
    lane, confidence = whole_of(data.get("Lane")), number_of(within(data, "Object.Confidence"))
    if lane is not None and lane >= 0:
        found["lane"] = lane
    if confidence is not None:
        found["confidence"] = round(min(1.0, max(0.0, confidence / 255)), 4)
    return found


def _rider(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is seen of a bicycle or e-bike (非机动车) and who rides it."""
    bike = data["NonMotor"]
    riders = bike.get("RiderList")
    return {
        "what": "non_motor",
        "category": text_of(bike.get("Category"), 32),
        "riders": len(riders) if isinstance(riders, list) else 0,
    }


def _direction(said: object, approach: str) -> str:
    """Return the way of a list such as `["Approach", "上行", "下行"]`."""
    word = said[0] if isinstance(said, list) and said else said
    found = {"approach": approach, "leave": _OTHER_WAY[approach]}
    return found.get(text_of(word, 64).lower(), "unknown")
