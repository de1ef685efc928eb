"""Pure rules of SenML packs (RFC 8428): what each record measures, or why nobody can say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.devices.rules.catalogue import PROFILES, Kind

PACK = "senml"
"""The field of a telemetry event's data that holds its pack."""

VERSION = 10
"""The version of SenML that we read (RFC 8428, 4.4)."""

ABSOLUTE = 2**28
"""Times from here on are seconds since 1970; below, seconds from now (RFC 8428, 4.5.3)."""

MOST_TIME = 10**11
MOST_VALUE = 1e15
DECIMALS = 12

MOST_PARTS = 32
"""Connectors, compartments or lamps that one device may measure apart: `2/active_power`."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")
_PART = re.compile(r"[1-9][0-9]?")
_OTHER_VALUES = ("vs", "vb", "vd")


def units(kind: str) -> Mapping[str, str]:
    """Return what a kind of device measures: quantity → SenML unit."""
    return PROFILES[Kind(kind)].telemetry or {}


def unit_of(kind: str, quantity: str) -> str | None:
    """Return the unit of a quantity, or of one of a device's parts; None if it is not measured."""
    part, _, name = quantity.rpartition("/")
    return units(kind).get(name) if not part or _is_part(part) else None


@dataclass(frozen=True)
class Fault:
    """A record of a pack that nobody can read as its device meant it; records count from 0.

    `bad_base_version`, `bad_name`, `bad_time`, `no_value`, `not_a_number`, `wrong_unit`.
    """

    record: int
    code: str
    said: str


@dataclass(frozen=True)
class Measured:
    """What a record measures; `seconds` as RFC 8428, 4.5.3 says them."""

    quantity: str
    value: float
    seconds: float


def pack_faults(kind: str, senml: Sequence[Mapping[str, Any]]) -> tuple[list[Fault], int]:
    """Return which records of a pack cannot be read, and how many others it has.

    A quantity that nobody declared is no fault: the event keeps it, and it starts no series.
    """
    found = list(records(kind, senml))
    faults = [one for one in found if isinstance(one, Fault)]
    return faults, len(found) - len(faults)


class _PackError(ValueError):
    """A record that no reader would understand as its device meant it."""

    def __init__(self, code: str, said: str = "") -> None:
        super().__init__(code)
        self.said = said or _SAID[code]


_SAID = {
    "bad_base_version": "bver is 10 at the most",
    "bad_name": "bn + n is no name (RFC 8428, 4.5.1)",
    "bad_time": "bt + t is no time",
    "no_value": "this record has no value",
    "not_a_number": "v must be a number",
}


def records(kind: str, senml: Sequence[Mapping[str, Any]]) -> Iterator["Measured | Fault | None"]:
    """Yield what each record says that is more than a base; None of what nobody declared."""
    base: dict[str, Any] = {}
    for number, record in enumerate(senml):
        base |= {name: value for name, value in record.items() if name.startswith("b")}
        if all(name.startswith("b") for name in record) and _version(base):
            continue  # it only sets the base of those that follow
        try:
            yield _measured(kind, base, record)
        except _PackError as fault:
            yield Fault(number, str(fault), fault.said)


def _version(base: Mapping[str, Any]) -> bool:
    """Return whether a pack is of a version that we read."""
    return base.get("bver", VERSION) in range(1, VERSION + 1)


def _measured(kind: str, base: Mapping[str, Any], record: Mapping[str, Any]) -> Measured | None:
    """Return what a record measures, None of a quantity that its kind does not declare."""
    if not _version(base):
        raise _PackError("bad_base_version")
    quantity, unit = _quantity(kind, str(base.get("bn", "")) + str(record.get("n", "")))
    if unit is None:
        return None
    if record.get("u", base.get("bu", unit)) != unit:
        raise _PackError("wrong_unit", f"{quantity} is measured in {unit}")
    seconds = _sum(base.get("bt", 0), record.get("t", 0), "bad_time", MOST_TIME)
    return Measured(quantity, _value(base, record), seconds)


def _quantity(kind: str, name: str) -> tuple[str, str | None]:
    """Return the series of a resolved name and its unit: the last word, after a part's number."""
    if not _NAME.fullmatch(name):
        raise _PackError("bad_name")
    *before, quantity = name.rpartition(":")[2].split("/")
    if before and _is_part(before[-1]):
        return f"{before[-1]}/{quantity}", units(kind).get(quantity)
    return quantity, units(kind).get(quantity)


def _is_part(text: str) -> bool:
    return bool(_PART.fullmatch(text)) and int(text) <= MOST_PARTS


def _value(base: Mapping[str, Any], record: Mapping[str, Any]) -> float:
    if any(name in record for name in _OTHER_VALUES):
        raise _PackError("not_a_number")
    if "v" not in record and "bv" not in base:
        raise _PackError("no_value")
    total = _sum(base.get("bv", 0), record.get("v", 0), "not_a_number", MOST_VALUE)
    return round(total, DECIMALS) + 0.0  # no minus zero


def _sum(base: Any, own: Any, fault: str, most: float) -> float:
    """Return base + own as a number that can be stored; raises `fault`."""
    for one in (base, own):
        if isinstance(one, bool) or not isinstance(one, int | float) or not abs(one) <= most:
            raise _PackError(fault)
    return float(base + own)
