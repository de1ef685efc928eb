"""What vendors' devices send: translated by their adapter, then taken as if they spoke our way."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from chalicelib.core import clock, ids
from chalicelib.core.budgets import Budget
from chalicelib.core.errors import Refusal, TooLarge, TooMany, Unprocessable
from chalicelib.core.logs import logger
from chalicelib.core.payload import LARGEST_BINARY
from chalicelib.devices.adapters import ADAPTERS
from chalicelib.devices.events import Attachment, Dropped, Translated
from chalicelib.devices.rules.catalogue import HEARTBEAT, Kind
from chalicelib.devices.rules.readings import (
    Meaning,
    Measure,
    fitted,
    is_dated,
    meanings,
    ordering,
)
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.rules.uplink import MOST_EVENTS, Read, Refused, Reported, urgency
from chalicelib.devices.schemas.uplink import read_batch
from chalicelib.devices.service import registry, stills, uplink
from chalicelib.devices.service.attaching import authenticated, settings_of, wanting
from chalicelib.devices.service.uplink import Accepted
from chalicelib.devices.tables.registry import Device

LARGE = 256 * 1024
"""Bytes from which on a message counts as large: it costs more to read than to answer."""

_messages = Budget(burst=600, every_s=0.02)
_large = Budget(burst=20, every_s=0.5)
"""Per address, charged before a message is read: what is refused was read as well."""

SAME_FOR_S = 5
"""Seconds within which the same bytes are one message, if they have neither id nor time."""

ALIVE_FOR = timedelta(minutes=1)
LONGEST_CHANNEL = 4
UNKNOWN_CHILD = {
    "type": "unknown_child",
    "loc": ["child"],
    "msg": "no device with this serial number speaks through this gateway",
}

UNREADABLE = {"type": "bad_field", "loc": [], "msg": "this record cannot be read"}


@dataclass
class Told:
    """What one device says in a message: its events by their place, as CloudEvents."""

    device: Device
    places: list[int] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[Attachment] = field(default_factory=list)

    def read(self) -> list[Read]:
        """Return, by place, each event or what is wrong with it, as the native uplink reads."""
        body = json.dumps(self.events, ensure_ascii=False).encode("utf-8", "replace")
        of, kind = self.device.device_id, self.device.kind
        return read_batch(body, of, kind, folder=stills.folder(self.device), at=clock.now())


@dataclass(frozen=True)
class Message:
    """A vendor's message, translated: who says what; by place, what nobody can be said to say."""

    message_id: str
    told: list[Told]
    unsaid: dict[int, dict[str, Any]]

    def by_need(self) -> list[Told]:
        """Return who says something, whoever calls for help first."""
        return sorted(
            self.told, key=lambda one: min(urgency(event["type"]) for event in one.events)
        )


@dataclass(frozen=True)
class Tried:
    """What a message would become, and what its mapping looked for in vain."""

    events: list[dict[str, Any]]
    unsaid: list[dict[str, Any]]
    dropped: list[Dropped]


def take(vendor: str, device_id: str, token: str, body: bytes, content_type: str) -> Accepted:
    """Accept a vendor's message at its address: its events persist first, then its pictures.

    Whoever calls for help is heard first, and what one device is refused costs no other its
    words: a message of which a part came too often is refused (429) when all else is kept,
    and sent again, brings only that part. The same bytes again get their first answer.
    Raises NotFound `no_such_address`, TooLarge, BadRequest for what is no message of the
    vendor's, TooMany, and nothing else: what is well formed is 200 (DEVICES.md, Hikvision).
    """
    device = authenticated(vendor, device_id, token)
    _messages.charge(device.device_id)
    if len(body) > LARGE:
        _large.charge(device.device_id)
    message = translated(device, body, content_type)
    results = {place: _invalid(place, why) for place, why in message.unsaid.items()}
    repeated: list[bool] = []
    refused: list[Refusal] = []
    for one in message.by_need():
        try:
            accepted = uplink.accept(one.device, message.message_id, body, one.read())
        except Refusal as refusal:
            refused.append(refusal)
            why = {"type": refusal.code, "loc": [], "msg": "refused as a whole"}
            results |= {place: _invalid(place, why) for place in one.places}
            continue
        stills.put(one.device, one.pictures if accepted.accepted else ())
        repeated.append(accepted.duplicate)
        for place, result in zip(one.places, accepted.results, strict=True):
            results[place] = {**result, "index": place}
    nothing = not message.told and not message.unsaid
    if nothing or (device.kind == Kind.GATEWAY and message.told):
        _sign_of_life(device, message.told)
    _raise_first(refused, heard=bool(repeated))
    ordered = [results[place] for place in sorted(results)]
    good = sum(result["status"] != "invalid" for result in ordered)
    return Accepted(good, bool(repeated) and all(repeated), ordered)


def _invalid(place: int, why: dict[str, Any]) -> dict[str, Any]:
    return {"index": place, "id": None, "status": "invalid", "errors": [why]}


def _raise_first(refused: Sequence[Refusal], *, heard: bool) -> None:
    """Raise what makes the sender come again, or what was wrong if nobody at all was heard."""
    if later := [one for one in refused if isinstance(one, TooMany)]:
        raise max(later, key=lambda one: one.retry_after or 0)
    if refused and not heard:
        raise refused[0]


_lively: OrderedDict[str, datetime] = OrderedDict()
_noting = threading.Lock()
MOST_LIVELY = 1_000


def _sign_of_life(gateway: Device, told: Sequence[Told]) -> None:
    """Tell that a device works that says nothing of itself; once a minute and process."""
    at = clock.now()
    with _noting:
        last = _lively.get(gateway.device_id)
        spoke = any(one.device.device_id == gateway.device_id for one in told)
        if spoke or (last is not None and timedelta() <= at - last < ALIVE_FOR):
            return
        _lively[gateway.device_id] = at
        _lively.move_to_end(gateway.device_id)
        if len(_lively) > MOST_LIVELY:
            _lively.popitem(last=False)
    minute = str(int(at.timestamp()) // int(ALIVE_FOR.total_seconds()))
    message_id = ids.derived("vh", gateway.device_id, minute)
    beat = Reported(message_id, HEARTBEAT, at, 0, ordering(at, 0), {})
    try:
        uplink.accept(gateway, message_id, minute.encode(), [beat])
    except Refusal as refusal:
        logger().info("no sign of life", extra={"reason": refusal.code})


def attempt(community_id: str, device_id: str, body: bytes, content_type: str) -> Tried:
    """Return what a message of an attached device would become; writes nothing.

    Raises as `take` does, NotFound `no_such_device`, Unprocessable `adapter_not_configured`.
    """
    device = registry.device_of(community_id, device_id)
    message = translated(device, body, content_type)
    shown = [
        {
            "device_id": one.device.device_id,
            "errors": verdict.errors if isinstance(verdict, Refused) else verdict.faults,
            **{name: event[name] for name in ("type", "time", "data", "replayed")},
        }
        for one in message.told
        for event, verdict in zip(one.events, one.read(), strict=True)
    ]
    unsaid = [{"record": place, **why} for place, why in message.unsaid.items()]
    explain = getattr(ADAPTERS.load(device.adapter or ""), "dropped", None)
    return Tried(shown, unsaid, explain(body, settings_of(device)) if explain else [])


def translated(device: Device, body: bytes, content_type: str) -> Message:
    """Return what a message says, device by device; raises TooLarge, BadRequest, Unprocessable."""
    if len(body) > LARGEST_BINARY:
        raise TooLarge("message_too_large", "消息不能超过 4 MB")
    settings = settings_of(device)
    if not device.adapter or wanting(device.adapter, settings):
        raise Unprocessable("adapter_not_configured", "该设备的厂商适配器尚未配置")
    said = ADAPTERS.load(device.adapter).translate(body, content_type[:200], settings)
    at = clock.now()
    message_id = _message_id(device, body, said, at)
    told: dict[str, Told] = {}
    unsaid: dict[int, dict[str, Any]] = {}
    who = lru_cache(partial(_speaker, device))
    place = 0
    for number, one in enumerate(said):
        if place > MOST_EVENTS:
            break
        speaker = None if one.refused else who(one.child)
        if speaker is None:
            unsaid[place] = {**UNREADABLE, "type": one.refused} if one.refused else UNKNOWN_CHILD
            place += 1
            logger().info("not told", extra={"device": device.device_id, "why": one.refused})
            continue
        mine = told.setdefault(speaker.device_id, Told(speaker))
        pictures = stills.readable(one.attachments)
        mine.pictures += pictures
        for event in _events(speaker, one, settings, f"{message_id}/{number}", at):
            _name(event["data"], speaker, pictures)
            mine.places.append(place)
            mine.events.append(event)
            place += 1
    if place > MOST_EVENTS:
        raise TooLarge("too_many_in_batch", "一次最多上报 100 条事件")
    return Message(message_id, [one for one in told.values() if one.events], unsaid)


def _message_id(device: Device, body: bytes, said: Sequence[Translated], at: datetime) -> str:
    """Return the id of a message: of its bytes, and of when it came if they tell no times."""
    timeless = any(not one.id and one.occurred_at is None for one in said)
    when = str(int(at.timestamp()) // SAME_FOR_S) if timeless else ""
    return ids.derived("vm", device.device_id, when, hashlib.sha256(body).hexdigest())


def _speaker(device: Device, child: str) -> Device | None:
    """Return who says it: the device itself, or what speaks through it if it is a gateway.

    A channel of a recorder has no serial number of its own: it is `<recorder's>/<channel>`.
    """
    if device.kind != Kind.GATEWAY or not child or child == device.serial:
        return device
    channel = child.isdecimal() and len(child) <= LONGEST_CHANNEL
    serial = f"{device.serial}/{child}" if channel else child
    found = registry.device_by_serial(device.community_id, serial)
    if found is None or found.gateway_id != device.device_id:
        return None
    return None if found.standing == Standing.RETIRED else found


def _events(
    speaker: Device, one: Translated, settings: Mapping[str, Any], cause: str, at: datetime
) -> Iterator[dict[str, Any]]:
    """Yield the CloudEvents that one thing said amounts to."""
    kind = Kind(speaker.kind)
    if one.type:
        said = [Meaning(one.type, dict(one.data))]
    else:
        names = {name: Measure(**measure) for name, measure in settings["names"].items()}
        said = meanings(kind, one.readings, names)
    for number, meaning in enumerate(fitted(kind, each) for each in said):
        label = meaning.at or one.occurred_at
        happened = label if label is not None and is_dated(label) else at
        data = meaning.data
        if label is not None and label is not happened:
            beside = data.get("vendor")
            said_of = beside if isinstance(beside, dict) else {}
            data["vendor"] = {**said_of, "clock": label.isoformat()}
        order = ordering(min(happened, at), one.counter if one.counter is not None else number)
        yield {
            "specversion": "1.0",
            "id": _event_id(one.id, f"{meaning.type}/{number}", cause),
            "source": speaker.device_id,
            "type": meaning.type,
            "time": happened.isoformat(),
            "boot": 0,
            "sequence": order,
            "data": data,
            "replayed": one.replayed,
        }


def _event_id(own: str, which: str, cause: str) -> str:
    """Return an event's id: of the vendor's own, which outlives the message, or of the message."""
    return ids.derived("ve", own or cause, which)


def _name(data: dict[str, Any], speaker: Device, pictures: Sequence[Attachment]) -> None:
    """Name in an event the pictures that came with it; the first is what it shows."""
    if pictures:
        names = [stills.named(speaker, picture) for picture in pictures]
        data["pictures"] = names
        data["picture"] = {name: names[0][name] for name in ("key", "sha256")}
