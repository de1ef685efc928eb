"""Pure verdict on a sheet of devices: every bad cell has a line, a column and a code."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from chalicelib.core.cells import Line, Problem, cell_problem, clean
from chalicelib.devices.rules.catalogue import PROFILES, Kind
from chalicelib.devices.rules.registry import place_of, spelt

DEVICES = "devices"
MOST_DEVICES = 500

COLUMNS: Mapping[str, str] = {
    "kind": "类型",
    "name": "名称",
    "place": "位置编号",
    "new_place": "新位置",
    "building": "楼栋",
    "entrance": "单元",
    "room": "房号",
    "vendor": "厂商",
    "model": "型号",
    "serial": "序列号",
    "firmware": "固件版本",
    "warranty": "保修至",
    "gateway": "网关",
}
"""The columns of a sheet, by either name; their order is free, and most may be left out.

`place` is what the device serves, if that is not the node that it stands at; one that is not
there yet is founded by a line that says so (`new_place`). `gateway` names a gateway's id or serial
number, also one of the same sheet.
"""

NEEDED = frozenset({"kind", "name"})
DISPENSABLE = frozenset(COLUMNS) - NEEDED

KINDS: Mapping[str, Kind] = {
    **{profile.name: kind for kind, profile in PROFILES.items()},
    **{kind.value: kind for kind in Kind},
}
"""What a sheet may call a kind: 烟感, or smoke_sensor."""

YES, NO = frozenset({"是", "yes", "true", "1", "y"}), frozenset({"", "否", "no", "false", "0", "n"})
"""What a cell may say that is yes or no, in lower case."""

_PLACE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

Spot = tuple[str, str, str]
"""Building, entrance and room as people name them."""


@dataclass(frozen=True)
class Planned:
    """A device to be enrolled; `cells` are what the line says, clean.

    `gateway_id` is that of a gateway there is, `gateway_line` that of one in this sheet.
    """

    line: int
    kind: Kind
    place_id: str
    node_path: str
    cells: Mapping[str, str]
    gateway_id: str = ""
    gateway_line: int = 0


@dataclass(frozen=True)
class There:
    """What an estate has: the paths of spots, gateways by what names them, serials taken.

    `places` are there, and `free` are those that lines may found.
    """

    paths: Mapping[Spot, str]
    gateways: Mapping[str, str] = field(default_factory=dict)
    serials: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What a sheet says, and what is wrong with it."""

    devices: list[Planned]
    problems: list[Problem]


def cells_of(line: Line) -> dict[str, str]:
    """Return the cells of a line in their one spelling, the absent ones empty."""
    return {column: clean(line.cells.get(column, "")) for column in COLUMNS}


def spot_of(cells: Mapping[str, str]) -> Spot:
    """Return where a line says that its device stands."""
    return cells["building"], cells["entrance"], cells["room"]


def spots_to(spot: Spot) -> tuple[Spot, Spot, Spot]:
    """Return a spot and those above it, so that what is unknown of it can be told."""
    return (spot[0], "", ""), (spot[0], spot[1], ""), spot


def verdict(lines: Iterable[Line], there: There) -> Plan:
    """Return what a sheet says of an estate; one with problems is to be refused whole."""
    plan, read = Plan([], []), [(line, cells_of(line)) for line in lines]
    own = {spelt(cells["serial"]): line.number for line, cells in read if _is_gateway(cells)}
    founded = {cells["place"] for _, cells in read if founds(cells)} & there.free
    there = replace(there, places=there.places | founded)
    seen: set[str] = set()
    for line, cells in read:
        bad = {**dict(_line_problems(cells, there, own, seen)), **dict(_bad_cells(line))}
        seen.add(spelt(cells["serial"]))
        plan.problems.extend(Problem(DEVICES, line.number, c, code) for c, code in bad.items())
        if not bad:
            plan.devices.append(_planned(line.number, cells, there, own))
    return plan


def _bad_cells(line: Line) -> Iterator[tuple[str, str]]:
    for column in COLUMNS:
        raw = line.cells.get(column, "")
        if code := cell_problem(raw, optional=column not in NEEDED):
            yield column, code


def _line_problems(
    cells: Mapping[str, str], there: There, own: Mapping[str, int], seen: set[str]
) -> Iterator[tuple[str, str]]:
    if cells["kind"] not in KINDS:
        yield "kind", "unknown_kind"
    yield from _place_problems(cells, there)
    yield from _where_problems(cells, there)
    yield from _gateway_problems(cells, there, own)
    serial = spelt(cells["serial"])
    if serial in there.serials:
        yield "serial", "serial_taken"
    if serial and serial in seen:
        yield "serial", "duplicate_serial"
    if cells["warranty"] and not day_of(cells["warranty"]):
        yield "warranty", "bad_date"


def _place_problems(cells: Mapping[str, str], there: There) -> Iterator[tuple[str, str]]:
    place, word = cells["place"], cells["new_place"].lower()
    if word not in YES | NO:
        yield "new_place", "bad_flag"
    if not set(place) <= _PLACE:
        yield "place", "bad_place"
    elif place and place not in there.places:
        yield "place", "unknown_place"
    elif word in YES and not place:
        yield "place", "missing"


def founds(cells: Mapping[str, str]) -> bool:
    """Return whether a line founds the place that it names."""
    return bool(cells["place"]) and cells["new_place"].lower() in YES


def _where_problems(cells: Mapping[str, str], there: There) -> Iterator[tuple[str, str]]:
    building, entrance, room = spot_of(cells)
    if not building and (entrance or room):
        yield "building", "missing"
    elif (building, "", "") not in there.paths:
        yield "building", "unknown_building"
    elif (building, entrance, "") not in there.paths:
        yield "entrance", "unknown_entrance"
    elif (building, entrance, room) not in there.paths:
        yield "room", "unknown_room"


def _gateway_problems(
    cells: Mapping[str, str], there: There, own: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    gateway = cells["gateway"]
    if gateway and spelt(gateway) == spelt(cells["serial"]):
        yield "gateway", "own_gateway"
    elif gateway and KINDS.get(cells["kind"]) is Kind.GATEWAY:
        yield "gateway", "gateway_behind_gateway"
    elif gateway and gateway not in there.gateways and spelt(gateway) not in own:
        yield "gateway", "unknown_gateway"


def day_of(text: str) -> str:
    """Return a date (ISO 8601) as a sheet has it, also with a spreadsheet's midnight, or empty."""
    try:
        return date.fromisoformat(text.removesuffix(" 00:00:00")).isoformat()
    except ValueError:
        return ""


def _is_gateway(cells: Mapping[str, str]) -> bool:
    return bool(cells["serial"]) and KINDS.get(cells["kind"]) is Kind.GATEWAY


def _planned(
    number: int, cells: Mapping[str, str], there: There, own: Mapping[str, int]
) -> Planned:
    path, gateway = there.paths[spot_of(cells)], cells["gateway"]
    known = there.gateways.get(gateway, "") if gateway else ""
    return Planned(
        line=number,
        kind=KINDS[cells["kind"]],
        place_id=cells["place"] or place_of(path),
        node_path=path,
        cells=cells,
        gateway_id=known,
        gateway_line=own[spelt(gateway)] if gateway and not known else 0,
    )
