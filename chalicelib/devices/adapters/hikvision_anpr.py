"""Hikvision plate cameras: XML in multipart with JPEGs, or XML alone (ISAPI event upload).

The camera posts `EventNotificationAlert` for whatever it is told to watch, and a heartbeat.
What is not about plates is kept under its own name. `direction` is the camera's: whether
`forward` means coming in is the installer's to say (`approach`).
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.core.foreign import (
    moment_of,
    number_of,
    parts_of,
    text_of,
    whole_of,
    within,
    xml_of,
)
from chalicelib.devices.events import Attachment, Translated

NEEDS: tuple[str, ...] = ()
KINDS: tuple[str, ...] = ("plate_camera",)

_BEATS = frozenset({"heartbeat", "videoloss"})
"""What the camera says when there is nothing to say."""

_PICTURES = ("image/jpeg", "image/png")
_XML = ("application/xml", "text/xml")

_COLORS = {
    "blue": "blue",
    "green": "green",
    "newenergygreen": "green",
    "yellow": "yellow",
    "newenergyyellowgreen": "yellow_green",
    "white": "white",
    "black": "black",
}
_VEHICLES = {
    "vehicle": "car",
    "smallcar": "car",
    "suvmpv": "car",
    "largebus": "bus",
    "buss": "bus",
    "truck": "truck",
    "lighttruck": "truck",
    "pickuptruck": "truck",
    "van": "car",
    "twowheelvehicle": "motorcycle",
    "threewheelvehicle": "motorcycle",
}
_LISTS = {
    "allowlist": "allowed",
    "whitelist": "allowed",
    "blocklist": "blocked",
    "blacklist": "blocked",
    "otherlist": "none",
    "temporarylist": "none",
}
_OTHER_WAY = {"in": "out", "out": "in"}


def translate(body: bytes, content_type: str, settings: Mapping[str, Any]) -> list[Translated]:
    """Return the one event of a notification; raises BadRequest for what is none."""
    document, pictures = _opened(body, content_type)
    name, alert = xml_of(document)
    if name != "EventNotificationAlert":
        raise BadRequest("not_this_vendor", "不是海康威视的事件通知")
    kind = text_of(alert.get("eventType"), 64).lower()
    if kind == "anpr":
        return [_passing(alert, pictures, settings)]
    beat = kind in _BEATS
    said = {} if beat else {"vendor": alert}
    return [
        Translated(
            type="device.heartbeat" if beat else f"hikvision.{_word(kind)}",
            data=said,
            id=text_of(alert.get("UUID"), 64),
            occurred_at=moment_of(alert.get("dateTime"), settings["utc_offset"]),
            child=text_of(alert.get("channelID"), 32),
            attachments=pictures,
        )
    ]


def _opened(body: bytes, content_type: str) -> tuple[bytes, tuple[Attachment, ...]]:
    """Return the XML of a body and the pictures that came with it."""
    if not content_type.lower().startswith("multipart/"):
        return body, ()
    parts = parts_of(body, content_type)
    documents = [p for p in parts if p.content_type in _XML or p.filename.endswith(".xml")]
    if len(documents) != 1:
        raise BadRequest("not_this_vendor", "通知中应有且仅有一份 XML")
    return documents[0].content, tuple(
        Attachment(part.filename or part.name, part.content_type, part.content)
        for part in parts
        if part.content_type in _PICTURES and part.content
    )


def _passing(
    alert: Mapping[str, Any], pictures: tuple[Attachment, ...], settings: Mapping[str, Any]
) -> Translated:
    anpr = alert.get("ANPR")
    if not isinstance(anpr, dict):
        raise BadRequest("bad_field", "车牌识别通知缺少 ANPR")
    offset: str = settings["utc_offset"]
    confidence, lane = number_of(anpr.get("confidenceLevel")), whole_of(anpr.get("line"))
    data: dict[str, Any] = {
        "plate": text_of(anpr.get("licensePlate"), 32),
        "direction": _direction(text_of(anpr.get("direction"), 32), settings["approach"]),
        "plate_color": _COLORS.get(text_of(anpr.get("plateColor"), 32).lower(), "other"),
        "vehicle": _VEHICLES.get(text_of(anpr.get("vehicleType"), 32).lower(), "other"),
        "listed": _LISTS.get(text_of(anpr.get("vehicleListName"), 64).lower(), "unknown"),
        "vendor": {"channel": text_of(alert.get("channelID"), 32), "mac": _mac(alert)},
    }
    if confidence is not None:
        data["confidence"] = round(min(1.0, max(0.0, confidence / 100)), 4)
    if lane is not None and lane >= 0:
        data["lane"] = lane
    return Translated(
        type="vehicle.passed",
        data=data,
        id=text_of(alert.get("UUID"), 64),
        occurred_at=moment_of(alert.get("dateTime"), offset),
        child=text_of(alert.get("channelID"), 32),
        replayed=within(alert, "isDataRetransmission") == "true",
        attachments=pictures,
    )


def _direction(said: str, approach: str) -> str:
    return {"forward": approach, "reverse": _OTHER_WAY[approach]}.get(said, "unknown")


def _mac(alert: Mapping[str, Any]) -> str:
    return text_of(alert.get("macAddress"), 32)


def _word(kind: str) -> str:
    """Return an event type of the vendor's as a word of ours."""
    return "".join(c for c in kind if c.isascii() and (c.isalnum() or c == "_")) or "nameless"
