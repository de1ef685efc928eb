"""Pure rules of vendors' readings: what a value means depends on what measured it.

An adapter says `smoke_alarm: true` or `temperature: 21.5`. Which quantity of ours, or which
alarm, that is follows from the kind of the device and its profile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.devices.events import Reading
from chalicelib.devices.rules.catalogue import HEARTBEAT, PROFILES, TELEMETRY, Kind
from chalicelib.devices.rules.uplink import FIRST_YEAR, LAST_YEAR

MOST_READINGS = 200

UNREAD = "unread"
"""What stands for a plate that a camera could not read."""

LONGEST_PLATE = 16

QUANTITIES: Mapping[str, str] = {
    "temp": "temperature",
    "tem": "temperature",
    "hum": "humidity",
    "rh": "humidity",
    "bat": "battery",
    "battery_level": "battery",
    "battery_percentage": "battery",
    "power": "active_power",
    "pm25": "pm2_5",
    "hr": "heart_rate",
    "spo2": "blood_oxygen",
    "step": "steps",
}
"""What else a quantity is called (beside its own name), lower-case and with `_` for `-`."""

_SMOKE = ("smoke.detected", "smoke.cleared")
_GAS = ("gas.detected", "gas.cleared")
_WATER = ("water.detected", "water.cleared")

ALARMS: Mapping[Kind, Mapping[str, tuple[str, str]]] = {
    Kind.SMOKE_SENSOR: dict.fromkeys(("smoke", "smoke_alarm", "fire", "alarm"), _SMOKE),
    Kind.GAS_SENSOR: dict.fromkeys(("gas", "gas_alarm", "alarm"), _GAS),
    Kind.WATER_SENSOR: dict.fromkeys(("water", "water_leak", "leak", "alarm"), _WATER),
    Kind.WRISTBAND: {
        **dict.fromkeys(("sos", "sos_pressed", "alarm", "panic"), ("sos.pressed", "")),
        **dict.fromkeys(("fall", "fell"), ("wristband.fell", "")),
        **dict.fromkeys(("removed", "taken_off"), ("wristband.removed", "")),
    },
}
"""By kind: what a state is called → what it is when it is on, and when it is over."""

_ON = frozenset({"1", "true", "on", "alarm", "yes", "active", "sos", "low_alarm", "high_alarm"})
_OFF = frozenset({"0", "false", "off", "normal", "no", "inactive", "none", "ok", "idle"})


@dataclass(frozen=True)
class Measure:
    """What an installer says of one of a vendor's names: value × factor + shift, in our unit."""

    quantity: str
    factor: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True)
class Meaning:
    """One event that readings amount to; `at` is None where the message's own time holds."""

    type: str
    data: dict[str, Any]
    at: datetime | None = None


def meanings(
    kind: Kind, readings: Sequence[Reading], names: Mapping[str, Measure] | None = None
) -> list[Meaning]:
    """Return what a device of this kind says with these readings: alarms first.

    Numbers are quantities, states are alarms. What nobody knows stays under `vendor`; readings
    that say nothing at all are still a sign of life.
    """
    readings = readings[:MOST_READINGS]
    alarms, samples, rest = [], [], {}
    for one in readings:
        alarm = _alarm(kind, one)
        sample = None if alarm else _sample(kind, one, names or {})
        if alarm is not None:
            alarms.append(alarm)
        elif sample is not None:
            samples.append(sample)
        else:
            rest[one.name[:64]] = one.value
    beside = {"vendor": rest} if rest else {}
    if samples:
        return [*alarms, Meaning(TELEMETRY, {"senml": samples, **beside})]
    return [*alarms, Meaning(HEARTBEAT, beside)] if rest or not alarms else alarms


def plate(text: str) -> str:
    """Return a plate as we write plates: capitals, no blanks, dots or dashes, or `unread`."""
    plain = "".join(letter for letter in text if letter.isalnum()).upper()
    nothing = not plain or plain in ("UNKNOWN", "无车牌", "未识别", "NOPLATE")
    return UNREAD if nothing or len(plain) > LONGEST_PLATE else plain


def _alarm(kind: Kind, one: Reading) -> Meaning | None:
    """Return the alarm of a state, nothing for what is none; an unknown state is not trusted."""
    found = ALARMS.get(kind, {}).get(_plain(one.name))
    state = _state(one.value)
    if found is None or state is None or not (event := found[0 if state else 1]):
        return None
    return Meaning(event, {"vendor": {one.name[:64]: one.value}}, one.at)


def _state(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _ON else False if word in _OFF else None


def _sample(kind: Kind, one: Reading, names: Mapping[str, Measure]) -> dict[str, Any] | None:
    """Return the SenML record (RFC 8428) of a number, or None if it is no quantity of the kind."""
    if isinstance(one.value, bool | str):
        return None
    own = names.get(one.name)
    plain = _plain(one.name)
    quantity = own.quantity if own else QUANTITIES.get(plain, plain)
    unit = (PROFILES[kind].telemetry or {}).get(quantity)
    if unit is None:
        return None
    value = one.value * own.factor + own.shift if own else one.value
    sample: dict[str, Any] = {"n": quantity, "u": unit, "v": round(float(value), 6)}
    return sample if one.at is None else {**sample, "t": round(one.at.timestamp(), 3)}


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def unknown(kind: Kind, quantities: Iterable[str]) -> list[str]:
    """Return which of these are no quantities of a kind of device."""
    known = PROFILES[kind].telemetry or {}
    return sorted(set(quantities) - set(known))


def fitted(kind: Kind, said: Meaning) -> Meaning:
    """Return an event as a device of this kind reports it.

    Plates are written our way, and a camera in a lift sights for the lift's rules.
    """
    data = dict(said.data)
    if isinstance(data.get("plate"), str):
        data["plate"] = plate(data["plate"])
    in_lift = kind is Kind.LIFT_CAMERA and said.type == "camera.sighting"
    return Meaning("lift.sighting" if in_lift else said.type, data, said.at)


def is_dated(label: datetime) -> bool:
    """Return whether a clock's label is a date that we take; a camera without power says 1970."""
    return FIRST_YEAR < label.year < LAST_YEAR


def ordering(at: datetime, tie: int) -> int:
    """Return the sequence of an event whose device counts no starts: time, then what it counts.

    Microseconds since 1970 of the millisecond in which it happened; the last three digits tell
    events of one millisecond apart. `at` is not later than now: a clock that once ran ahead
    must not outrank all that follows.
    """
    return round(at.timestamp() * 1_000) * 1_000 + tie % 1_000
