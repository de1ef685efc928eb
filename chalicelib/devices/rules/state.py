"""Pure rules of a device's latest state: which event is the newest, and what of it is shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.devices.rules.catalogue import EVENTS, HEARTBEAT
from chalicelib.devices.rules.uplink import Reported

_HARDWARE = 6
"""Digits of a position that say which piece of hardware spoke."""

MOST_SHOWN = 1_024
"""Bytes of an event's data that stand in the state; the whole of it is with the event."""

IMPERSONAL = frozenset(
    {
        "access.list_applied",
        "barrier.moved",
        "bin.level",
        "charger.status",
        "device.fault",
        "device.heartbeat",
        "device.restored",
        "device.started",
        "door.forced",
        "door.held_open",
        "gas.cleared",
        "gas.detected",
        "gateway.power_lost",
        "lift.moved",
        "smoke.cleared",
        "smoke.detected",
        "valve.moved",
        "vending.jammed",
        "water.cleared",
        "water.detected",
    }
)
"""Types of events whose data name nobody. The state has no end; what names a person has one
(LAW.md 3.2) and is shown to nobody in passing (SECURITY.md I15)."""


OF_A_HEARTBEAT = frozenset({"battery", "firmware", "rssi", "uptime_s"})
"""All that is shown of a heartbeat: a wristband may say more in it."""


@dataclass(frozen=True)
class Latest:
    """A measured value: when, by its place in history (epoch milliseconds), and how much.

    The newest has the greatest `rank` (`rank`).
    """

    at: int
    value: float
    rank: str


@dataclass(frozen=True)
class Observed:
    """What one event says of its device's state. Times are epoch milliseconds.

    `shown` is the JSON of what is kept of the event's data; `known` is whether anybody
    declared its type.
    """

    position: str
    event_id: str
    type: str
    boot: int
    sequence: int
    occurred_at: int
    received_at: int
    known: bool
    shown: str = ""
    readings: Mapping[str, Latest] = field(default_factory=dict)

    @property
    def skew_ms(self) -> int:
        """Return how far the device's clock is ahead of ours.

        Behind us it may also have kept the event for a while: a buffer looks like a slow clock.
        """
        return self.occurred_at - self.received_at


def position(event: Reported, received_ms: int, hardware: int) -> str:
    """Return a text by which a device's events are in order: the newest has the greatest.

    By (boot, sequence), as the device counts them (I19). Two of one count are in the order
    in which they came, then of their ids, so that any order of handling ends alike. Another
    piece of hardware under the same id counts anew, and outranks the one before.
    """
    return f"{hardware:06x}{event.boot:014x}{event.sequence:014x}{received_ms:012x}{event.id}"


def is_of(place: str, hardware: int) -> bool:
    """Return whether a position is of a device's so-manieth piece of hardware."""
    return place.startswith(f"{hardware:06x}")


def rank(place: str, at: int, received_ms: int, *, replayed: bool) -> str:
    """Return a text by which the values of one quantity are in order, by when they were measured.

    `place` is the `position` of their event, which decides between two of one instant. What
    comes out of a buffer stands below all that came live. No value is newer than its receipt:
    a clock ahead of ours must not outrank what follows. Other hardware outranks all before.
    """
    hardware, order = place[:_HARDWARE], place[_HARDWARE:]
    return f"{hardware}{int(not replayed)}{min(at, received_ms):012x}{order}"


def is_known(event_type: str) -> bool:
    """Return whether anybody declared a type of event."""
    return event_type in EVENTS


_PLAIN = bool | int | float | str


def told(event_type: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the plain values of an event's data; None where its type may name a person."""
    if event_type not in IMPERSONAL:
        return None
    wanted = OF_A_HEARTBEAT if event_type == HEARTBEAT else data.keys()
    return {k: v for k, v in data.items() if k in wanted and isinstance(v, _PLAIN)}


def shown(event: Reported) -> str:
    """Return the JSON of what the state keeps of an event's data: plain values, if any."""
    plain = told(event.type, event.data)
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return text if plain and len(text.encode()) <= MOST_SHOWN else ""
