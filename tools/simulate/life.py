"""What devices of each kind say of themselves: measurements, passings, alarms, heartbeats."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TypeAlias

from chalicelib.devices.rules.catalogue import PROFILES, URGENT, Kind
from tools.simulate.signing import Json

Said: TypeAlias = tuple[str, Json]
"""An event's type and data."""

RANGES: Mapping[str, tuple[float, float]] = {
    "active_power": (80, 3_000),
    "voltage": (218, 236),
    "current": (0.3, 14),
    "flow": (0, 0.0004),
    "temperature": (-5, 38),
    "humidity": (25, 95),
    "battery": (15, 100),
    "smoke": (0, 0.05),
    "gas": (0, 3),
    "level": (0, 0.01),
    "fullness": (0, 1),
    "weight": (0, 120),
    "heart_rate": (55, 110),
    "blood_oxygen": (94, 99),
    "pm2_5": (5, 120),
    "pm10": (10, 180),
    "noise": (35, 75),
    "wind_speed": (0, 9),
}
"""What a quantity usually lies between, in the unit of its kind."""

COUNTERS: Mapping[str, float] = {"energy": 5.0, "volume": 0.002, "steps": 12.0}
"""What only grows, and by how much at a time."""

PLATES = "粤沪苏浙京"


class Life:
    """One device's own story; the same seed tells the same one."""

    def __init__(self, kind: str, seed: int = 0) -> None:
        self.kind = Kind(kind)
        self.chance = random.Random(seed)
        self.values: dict[str, float] = {}

    def next(self, *, alarming: bool = False) -> Said:
        """Return what the device says next."""
        profile = PROFILES[self.kind]
        alarms = sorted(profile.events & URGENT)
        if alarming and alarms:
            return self.chance.choice(alarms), {}
        if profile.telemetry:
            return "device.telemetry", {"senml": self.pack()}
        say = SAYINGS.get(self.kind)
        return say(self.chance) if say else ("device.heartbeat", {"rssi": -61})

    def pack(self) -> list[Json]:
        """Measure everything that the kind measures: a SenML pack (RFC 8428)."""
        measured = PROFILES[self.kind].telemetry or {}
        records: list[Json] = [
            {"n": name, "u": unit, "v": round(self._measured(name), 4)}
            for name, unit in sorted(measured.items())
        ]
        records[0]["bt"] = round(time.time(), 3)
        return records

    def _measured(self, name: str) -> float:
        if name in COUNTERS:
            self.values[name] = self.values.get(name, 1_000.0) + COUNTERS[name]
        else:
            low, high = RANGES.get(name, (0.0, 1.0))
            drift = (high - low) * self.chance.uniform(-0.02, 0.02)
            before = self.values.get(name, self.chance.uniform(low, high))
            self.values[name] = min(high, max(low, before + drift))
        return self.values[name]


def plate(chance: random.Random) -> str:
    """Return a plate in capitals, of eight characters for one in three (new energy)."""
    length = 6 if chance.random() < 0.33 else 5
    rest = "".join(chance.choice("0123456789ABCDEFGHJKLM") for _ in range(length))
    return f"{chance.choice(PLATES)}B{rest}"


def _vehicle(chance: random.Random) -> Said:
    way = chance.choice(("in", "out"))
    return "vehicle.passed", {"plate": plate(chance), "confidence": 0.97, "direction": way}


SAYINGS: Mapping[Kind, Callable[[random.Random], Said]] = {
    Kind.PLATE_CAMERA: _vehicle,
    Kind.CAMERA: lambda chance: (
        "camera.sighting",
        {"what": chance.choice(("person", "non_motor", "vehicle")), "confidence": 0.88},
    ),
    Kind.LIFT_CONTROLLER: lambda chance: ("lift.moved", {"floor": chance.randint(-1, 30)}),
}
"""What kinds without measurements tell all day; the others say that they live."""


def followed(op: str, args: Json) -> Said | None:
    """Return what a device reports after it has carried out a command, if anything."""
    tell = FOLLOWED.get(op)
    return tell(args) if tell else None


def _opened(_: Json) -> Said:
    return "access.passed", {"method": "remote"}


def _moved(what: str, position: str) -> Callable[[Json], Said]:
    return lambda _: (what, {"position": position, "by": "command"})


FOLLOWED: Mapping[str, Callable[[Json], Said]] = {
    "gate.open": _opened,
    "door.open": _opened,
    "lock.open": _opened,
    "barrier.open": _moved("barrier.moved", "up"),
    "valve.open": _moved("valve.moved", "open"),
    "valve.close": _moved("valve.moved", "closed"),
    "lift.call": lambda args: ("lift.moved", {"floor": args["floor"], "doors": "open"}),
    "bin.open": lambda _: ("bin.opened", {}),
    "charger.start": lambda args: (
        "charger.started",
        {"connector": args["connector"], "session": args["session_id"], "meter_wh": 120_500},
    ),
    "charger.stop": lambda args: (
        "charger.stopped",
        {
            "connector": args["connector"],
            "session": args["session_id"],
            "meter_wh": 121_900,
            "reason": "command",
        },
    ),
    "vending.dispense": lambda args: (
        "vending.dispensed",
        {"slot": str(args["slot"]), "order": args["order_id"]},
    ),
    "speaker.say": lambda args: ("speaker.said", {"text": args["text"]}),
    "screen.show": lambda args: ("screen.shown", {"text": args["text"]}),
    "camera.snapshot": lambda _: ("camera.sighting", {"what": "other"}),
    "access.sync": lambda args: ("access.list_applied", {"version": args["version"]}),
    "credential.enrol": lambda args: ("credential.enrolled", args),
    "credential.withdraw": lambda args: ("credential.withdrawn", args),
    "device.restart": lambda _: ("device.started", {"reason": "command"}),
}


def novelty(kind: str) -> Said:
    """Return an event of a type that nobody has declared."""
    return f"{kind}.novelty_{uuid.uuid4().hex[:1]}", {"words": "from a newer firmware"}
