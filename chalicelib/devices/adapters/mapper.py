"""Anybody's JSON, by a mapping that the installer writes: paths, constants, factors.

Settings: `mapping` as `schemas.adapters.Mapping` has checked it when it was saved. A path is
`a.b.0.c`. `each` leads to a list of messages, else the body is one (or is the list). An event
is told if its `when` holds; readings mean what they mean for the kind of device.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.core.foreign import json_of, moment_of, number_of, text_of, whole_of, within
from chalicelib.core.records import each
from chalicelib.devices.events import Dropped, DroppedWhy, Reading, Translated

NEEDS: tuple[str, ...] = ("mapping",)
KINDS: tuple[str, ...] = ()

LONGEST_WORD = 500
LONGEST_SAID = 64
MOST_DROPPED = 200


def translate(body: bytes, content_type: str, settings: Mapping[str, Any]) -> list[Translated]:  # noqa: ARG001 -- every adapter's shape
    """Return the events of a body; raises BadRequest for what the mapping does not fit."""
    mapping: Mapping[str, Any] = settings["mapping"]
    given = within(json_of(body), mapping.get("each") or "")
    messages = given if isinstance(given, list) else [given]
    return each(
        messages,
        lambda one: _events(one, mapping, settings["utc_offset"]),
        bad=lambda code: Translated(refused=code),
    )


def dropped(body: bytes, settings: Mapping[str, Any]) -> list[Dropped]:
    """Return what the mapping looks for in a body and does not get, for who writes the mapping."""
    mapping: Mapping[str, Any] = settings["mapping"]
    given = within(json_of(body), mapping.get("each") or "")
    messages = given if isinstance(given, list) else [given]
    return [
        Dropped(number, field, path, why, told)
        for number, message in enumerate(messages)
        for field, path, why, told in _missed(message, mapping)
    ][:MOST_DROPPED]


def _missed(message: Any, mapping: Mapping[str, Any]) -> Iterator[tuple[str, str, DroppedWhy, str]]:
    for name in ("id", "time", "counter", "child", "replayed"):
        if mapping.get(name) and _at(message, mapping, name) is None:
            yield name, mapping[name], "absent", ""
    for rule in mapping.get("events") or []:
        if not _holds(message, rule.get("when")):
            path = rule["when"]["path"]
            yield rule["type"], path, "condition_not_met", _said(within(message, path))
            continue
        for name, source in (rule.get("data") or {}).items():
            yield from _unread(message, f"{rule['type']}.{name}", source)
    for name, source in (mapping.get("readings") or {}).items():
        yield from _unread(message, name, source)


def _unread(
    message: Any, field: str, source: Mapping[str, Any]
) -> Iterator[tuple[str, str, DroppedWhy, str]]:
    """Yield why a value was left out, if it was."""
    path = source.get("path")
    if path is None or _value(message, source) is not None:
        return
    found = within(message, path)
    if found is None:
        yield field, path, "absent", ""
    else:
        yield field, path, "unknown_word" if source.get("words") else "no_value", _said(found)


def _said(found: object) -> str:
    return "" if found is None else str(found)[:LONGEST_SAID]


def _misfit() -> BadRequest:
    return BadRequest("not_this_vendor", "消息与映射配置不符")


def _events(message: Any, mapping: Mapping[str, Any], offset: str) -> Iterator[Translated]:
    if not isinstance(message, dict):
        raise _misfit()
    base: dict[str, Any] = {
        "occurred_at": moment_of(_at(message, mapping, "time"), offset),
        "counter": whole_of(_at(message, mapping, "counter")),
        "child": text_of(_at(message, mapping, "child"), 64),
        "replayed": _at(message, mapping, "replayed") in (True, "true", 1),
    }
    identity = text_of(_at(message, mapping, "id"), 128)
    for number, rule in enumerate(mapping.get("events") or []):
        if _holds(message, rule.get("when")):
            data = {name: found for name, found in _data(message, rule) if found is not None}
            own = f"{identity}/{number}" if identity else ""
            yield Translated(type=rule["type"], data=data, id=own, **base)
    readings = tuple(_readings(message, mapping))
    if readings:
        yield Translated(id=f"{identity}/r" if identity else "", readings=readings, **base)


def _at(message: Any, mapping: Mapping[str, Any], field: str) -> Any:
    path = mapping.get(field)
    return within(message, path) if path else None


def _holds(message: Any, when: Mapping[str, Any] | None) -> bool:
    """Return whether a condition holds; `1` and `true` are not the same."""
    if not when:
        return True
    found = within(message, when["path"])
    return any(found == one and type(found) is type(one) for one in when["one_of"])


def _data(message: Any, rule: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, source in (rule.get("data") or {}).items():
        yield name, source["constant"] if source.get("path") is None else _value(message, source)


def _value(message: Any, source: Mapping[str, Any]) -> Any:
    """Return the value at a path: translated by its words, or a number in our unit."""
    found = within(message, source["path"])
    words = source.get("words")
    if words:
        return words.get(text_of(found, LONGEST_WORD))
    if isinstance(found, bool):
        return found
    number = number_of(found) if _is_scaled(source) or not isinstance(found, str) else None
    if number is None:
        return text_of(found, LONGEST_WORD) or None if isinstance(found, str) else None
    if not _is_scaled(source):
        return found
    scaled = number_of(number * source.get("factor", 1.0) + source.get("shift", 0.0))
    return None if scaled is None else round(scaled, 6)


def _is_scaled(source: Mapping[str, Any]) -> bool:
    return (source.get("factor", 1.0), source.get("shift", 0.0)) != (1.0, 0.0)


def _readings(message: Any, mapping: Mapping[str, Any]) -> Iterator[Reading]:
    for name, source in (mapping.get("readings") or {}).items():
        found = _value(message, source)
        if isinstance(found, bool | str | int | float):
            yield Reading(name, found)
