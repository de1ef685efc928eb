"""ChirpStack v4 (LoRaWAN): the JSON of its HTTP integration.

Uplinks, joins and device status are told apart by their fields, because the kind of event
stands in the query of the address. Without a codec in ChirpStack there is no `object`: the
payload is kept as it came. Frame counters begin anew with each join, hence they order nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.core.foreign import (
    clipped,
    json_of,
    moment_of,
    number_of,
    text_of,
    whole_of,
    within,
)
from chalicelib.devices.events import Reading, Translated

NEEDS: tuple[str, ...] = ()
KINDS: tuple[str, ...] = ("gateway",)

MOST_READINGS = 200
DEEPEST = 3
NO_BATTERY = 255
"""A battery level that the end device could not measure; 0 is mains (LoRaWAN, DevStatusAns)."""


def translate(body: bytes, content_type: str, settings: Mapping[str, Any]) -> list[Translated]:  # noqa: ARG001 -- every adapter's shape
    """Return what an end device said; raises BadRequest for what is not ChirpStack's."""
    event = json_of(body)
    eui = text_of(within(event, "deviceInfo.devEui"), 32).lower()
    if not isinstance(event, dict) or not eui:
        raise BadRequest("not_this_vendor", "不是 ChirpStack 的事件")
    base: dict[str, Any] = {
        "id": text_of(event.get("deduplicationId"), 64),
        "occurred_at": moment_of(event.get("time"), "+00:00"),
        "child": eui,
    }
    vendor = {"tags": _tags(event), **_link(event)}
    if "fCnt" in event or "data" in event or "object" in event:
        return [_uplink(event, base, vendor)]
    if "margin" in event or "batteryLevel" in event:
        return [Translated(**base, readings=tuple(_status(event)))]
    if "devAddr" in event:
        return [Translated(type="device.started", data={"vendor": vendor}, **base)]
    return []


def _uplink(event: Mapping[str, Any], base: Mapping[str, Any], vendor: Any) -> Translated:
    readings = tuple(_flat(event.get("object"), base["occurred_at"]))
    if readings:
        return Translated(**base, readings=readings)
    raw = {"port": whole_of(event.get("fPort")), "data": clipped(event.get("data"), 2_000)}
    return Translated(type="chirpstack.uplink", data={"vendor": {**vendor, **raw}}, **base)


def _flat(
    found: object, at: datetime | None, prefix: str = "", depth: int = 0
) -> Iterator[Reading]:
    """Yield the values of a decoded payload; what lies deeper has its path as its name."""
    if not isinstance(found, dict) or depth > DEEPEST:
        return
    for name, value in list(found.items())[:MOST_READINGS]:
        path = f"{prefix}{name}"[:64]
        if isinstance(value, dict):
            yield from _flat(value, at, f"{path}.", depth + 1)
        elif isinstance(value, str) and len(value) <= MOST_READINGS:
            yield Reading(path, value)
        elif isinstance(value, bool) or (number := number_of(value)) is None:
            if isinstance(value, bool):
                yield Reading(path, value)
        else:
            yield Reading(path, number)


def _status(event: Mapping[str, Any]) -> Iterator[Reading]:
    level = number_of(event.get("batteryLevel"))
    unknown = event.get("batteryLevelUnavailable") or event.get("externalPowerSource")
    if level is not None and not unknown and level != NO_BATTERY:
        yield Reading("battery", level)
    margin = number_of(event.get("margin"))
    if margin is not None:
        yield Reading("margin", margin)


def _link(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return how well the best gateway heard the frame, in dBm and dB."""
    heard = event.get("rxInfo")
    ways = [one for one in heard if isinstance(one, dict)] if isinstance(heard, list) else []
    best = max(ways, key=lambda one: number_of(one.get("rssi")) or -1_000.0, default={})
    found = {
        "frame": whole_of(event.get("fCnt")),
        "rssi": number_of(best.get("rssi")),
        "snr": number_of(best.get("snr")),
        "gateway": clipped(best.get("gatewayId"), 64) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _tags(event: Mapping[str, Any]) -> dict[str, str]:
    tags = within(event, "deviceInfo.tags")
    pairs = list(tags.items())[:20] if isinstance(tags, dict) else []
    return {name[:64]: clipped(value, 256) for name, value in pairs}
