"""Hikvision access controllers and face terminals: JSON, alone or in multipart with a picture.

`majorEventType` 5 is what happens at a door; its `subEventType` says what (HCNetSDK, minor
types of MAJOR_EVENT). Without `currentEvent` or with it true it happens now; false is the
terminal's memory, sent again after an outage. `serialNo` counts all that it keeps.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.core.foreign import Part, json_of, moment_of, parts_of, text_of, whole_of
from chalicelib.devices.events import Attachment, Translated

NEEDS: tuple[str, ...] = ()
KINDS: tuple[str, ...] = ("door", "gate", "panel", "lock")

AT_A_DOOR = 5

_PASSED = {
    1: "card",
    2: "card",
    38: "fingerprint",
    43: "fingerprint",
    46: "fingerprint",
    69: "fingerprint",
    72: "fingerprint",
    75: "face",
    77: "face",
    101: "password",
    156: "qr",
    181: "password",
}
_REFUSED = {
    3: ("card", "wrong_password"),
    6: ("card", "no_right"),
    7: ("card", "not_at_this_time"),
    8: ("card", "expired"),
    9: ("card", "unknown_card"),
    10: ("card", "passed_back"),
    39: ("fingerprint", "no_match"),
    49: ("fingerprint", "unknown_finger"),
    76: ("face", "no_match"),
    78: ("face", "no_match"),
    80: ("face", "not_recognised"),
    150: ("password", "wrong_password"),
    151: ("password", "wrong_password"),
    157: ("qr", "invalid_code"),
}
_DOORS = {27: "door.forced", 28: "door.held_open"}
_BUTTON = 23


def translate(body: bytes, content_type: str, settings: Mapping[str, Any]) -> list[Translated]:
    """Return the one event of a notification; raises BadRequest for what is none."""
    alert, pictures = _opened(body, content_type)
    if text_of(alert.get("eventType"), 64).lower() == "heartbeat":
        at = moment_of(alert.get("dateTime"), settings["utc_offset"])
        return [Translated(type="device.heartbeat", occurred_at=at)]
    said = alert.get("AccessControllerEvent")
    if not isinstance(said, dict):
        raise BadRequest("not_this_vendor", "不是海康威视的门禁事件")
    major, minor = whole_of(said.get("majorEventType")), whole_of(said.get("subEventType"))
    if major is None or minor is None:
        raise BadRequest("bad_field", "门禁事件缺少 majorEventType 或 subEventType")
    serial = whole_of(said.get("serialNo"))
    kind, data = _meaning(major, minor, said)
    if serial is not None:
        data["serial_no"] = serial
    when = alert.get("dateTime") or said.get("dateTime")
    at = moment_of(when, settings["utc_offset"])
    return [
        Translated(
            type=kind,
            data=data,
            id=f"{serial}-{int(at.timestamp())}" if serial is not None and at else "",
            occurred_at=at,
            counter=serial,
            child=text_of(alert.get("channelID"), 32),
            replayed=said.get("currentEvent") in (False, "false"),
            attachments=pictures,
        )
    ]


def _opened(body: bytes, content_type: str) -> tuple[dict[str, Any], tuple[Attachment, ...]]:
    """Return the JSON of a body and the pictures that came with it."""
    pictures: tuple[Attachment, ...] = ()
    if content_type.lower().startswith("multipart/"):
        parts = parts_of(body, content_type)
        body = next((part.content for part in parts if _is_json(part)), b"")
        pictures = tuple(
            Attachment(part.filename or part.name, part.content_type, part.content)
            for part in parts
            if part.content_type.startswith("image/") and part.content
        )
    alert = json_of(body)
    if not isinstance(alert, dict):
        raise BadRequest("not_this_vendor", "不是海康威视的门禁事件")
    return alert, pictures


def _is_json(part: Part) -> bool:
    return part.content_type == "application/json" or part.content.lstrip()[:1] == b"{"


def _meaning(major: int, minor: int, said: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the type of event and its data."""
    data: dict[str, Any] = {"vendor": {"major": major, "minor": minor, "mode": _mode(said)}}
    door = whole_of(said.get("doorNo"))
    if door is not None and door >= 0:
        data["door"] = door
    for ours, theirs in (("holder", "employeeNoString"), ("card", "cardNo")):
        if word := text_of(said.get(theirs), 64):
            data[ours] = word
    if major != AT_A_DOOR:
        return f"hikvision.access_{abs(major)}_{abs(minor)}", data
    if minor in _PASSED or minor == _BUTTON:
        return "access.passed", {**data, "method": _PASSED.get(minor, "button")}
    if minor in _REFUSED:
        method, reason = _REFUSED[minor]
        return "access.refused", {**data, "method": method, "reason": reason}
    return _DOORS.get(minor, f"hikvision.access_{major}_{abs(minor)}"), data


def _mode(said: Mapping[str, Any]) -> str:
    return text_of(said.get("currentVerifyMode"), 64)
