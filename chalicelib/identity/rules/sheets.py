"""Pure verdict on the sheets of an estate: every bad cell has a line, a column and a code."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from chalicelib.core import cells as spelling
from chalicelib.core.cells import Line, Problem, clean
from chalicelib.identity.rules import people
from chalicelib.identity.rules.organisation import MOST_AREA
from chalicelib.identity.rules.people import GUARDING, OWNING, Tie

ROOMS, RESIDENTS = "rooms", "residents"

COLUMNS: dict[str, dict[str, str]] = {
    ROOMS: {"building": "楼栋", "entrance": "单元", "room": "房号", "area": "面积"},
    RESIDENTS: {
        "building": "楼栋",
        "entrance": "单元",
        "room": "房号",
        "name": "姓名",
        "phone": "手机号",
        "id_number": "身份证号",
        "tie": "身份",
        "guardian": "监护人手机号",
    },
}
"""The columns of each sheet, by either name; their order is free."""

OPTIONAL = frozenset({"entrance", "phone", "id_number", "guardian"})
MOST_LINES = {ROOMS: 10_000, RESIDENTS: 30_000}

TIES: dict[str, Tie] = {
    "业主": Tie.OWNER,
    "共有人": Tie.CO_OWNER,
    "租户": Tie.TENANT,
    "家属": Tie.FAMILY,
    "儿童": Tie.CHILD,
    "护理员": Tie.CARER,
    **{tie.value: tie for tie in Tie},
}

_AREA = re.compile(r"\d{1,7}(\.\d{1,2})?")
_PREFIX = re.compile(r"^(\+|00)86[ -]?(?=1)")


class ImportState(StrEnum):
    """How far an import has come; `CHECKED` and `REFUSED` wrote nothing."""

    CHECKED = "CHECKED"
    REFUSED = "REFUSED"
    RUNNING = "RUNNING"
    UNDOING = "UNDOING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"


class ChunkState(StrEnum):
    """What became of the lines that one transaction writes."""

    WAITING = "WAITING"
    WRITTEN = "WRITTEN"
    VOID = "VOID"


Place = tuple[str, str, str]
"""Building, entrance (may be empty) and room, as the sheet names them."""


@dataclass(frozen=True)
class Room:
    """A room to be made; `area` in 0.01 m²."""

    line: int
    place: Place
    area: int


@dataclass(frozen=True)
class Resident:
    """Somebody to be tied to a room; what a line does not say is empty."""

    line: int
    place: Place
    name: str
    phone: str
    id_number: str
    tie: Tie
    guardian: str = ""

    @property
    def known_by(self) -> str:
        """Return what tells this person from others: phone, ID number, or name and room."""
        return self.phone or self.id_number or "/".join((*self.place, self.name))


@dataclass
class Estate:
    """What the sheets say, and what is wrong with them."""

    rooms: list[Room] = field(default_factory=list)
    residents: list[Resident] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def verdict(
    rooms: Iterable[Line], residents: Iterable[Line], there: frozenset[Place], on: date
) -> Estate:
    """Return what both sheets say of an estate that has these rooms already.

    An estate with problems is to be refused whole. Problems are sorted by sheet and line.
    """
    estate = Estate()
    for line in rooms:
        _take_room(estate, line, there)
    _say_twice(estate, there)
    known = there | {room.place for room in estate.rooms}
    buildings = {place[0] for place in known}
    for line in residents:
        _take_resident(estate, line, known, buildings, on=on)
    estate.problems += _among(estate.residents)
    estate.problems.sort(key=lambda problem: (problem.sheet != ROOMS, problem.line))
    return estate


def cell_problem(column: str, raw: str) -> str | None:
    """Return why a cell cannot be taken whatever it says, or None."""
    return spelling.cell_problem(raw, optional=column in OPTIONAL)


def _cells(estate: Estate, sheet: str, line: Line) -> dict[str, str] | None:
    """Return the clean cells of a line, or None after noting what is wrong with them."""
    bad = [
        Problem(sheet, line.number, column, code)
        for column in COLUMNS[sheet]
        if (code := cell_problem(column, line.cells.get(column, "")))
    ]
    estate.problems += bad
    return None if bad else {c: clean(line.cells.get(c, "")) for c in COLUMNS[sheet]}


def _take_room(estate: Estate, line: Line, there: frozenset[Place]) -> None:
    cells = _cells(estate, ROOMS, line)
    if cells is None:
        return
    place = (cells["building"], cells["entrance"], cells["room"])
    area, code = _area(cells["area"])
    if code:
        estate.problems.append(Problem(ROOMS, line.number, "area", code))
    if place in there:
        estate.problems.append(Problem(ROOMS, line.number, "room", "room_exists"))
    estate.rooms.append(Room(line.number, place, area))


def _area(text: str) -> tuple[int, str | None]:
    if text[0] == "-":
        return 0, "area_not_positive"
    if not _AREA.fullmatch(text):
        return 0, "bad_area"
    area = int(Decimal(text) * 100)
    if not area:
        return 0, "area_not_positive"
    return area, "bad_area" if area > MOST_AREA else None


def _say_twice(estate: Estate, there: frozenset[Place]) -> None:
    seen = set(there)
    for room in estate.rooms:
        if room.place in seen and room.place not in there:
            estate.problems.append(Problem(ROOMS, room.line, "room", "duplicate_room"))
        seen.add(room.place)


def _take_resident(
    estate: Estate, line: Line, known: Iterable[Place], buildings: set[str], *, on: date
) -> None:
    cells = _cells(estate, RESIDENTS, line)
    if cells is None:
        return
    place = (cells["building"], cells["entrance"], cells["room"])
    bad = dict(_resident_problems(cells, on))
    if place[0] not in buildings:
        bad["building"] = "unknown_building"
    elif place not in known:
        bad["room"] = "unknown_room"
    estate.problems += [Problem(RESIDENTS, line.number, c, code) for c, code in bad.items()]
    if not bad:
        estate.residents.append(
            Resident(
                line.number,
                place,
                cells["name"],
                _phone(cells["phone"]),
                cells["id_number"].upper(),
                TIES[cells["tie"]],
                _phone(cells["guardian"]),
            )
        )


def _phone(text: str) -> str:
    return re.sub(r"[ -]", "", _PREFIX.sub("", text))


def _resident_problems(cells: Mapping[str, str], on: date) -> Iterator[tuple[str, str]]:
    for column in ("phone", "guardian"):
        if cells[column] and not people.is_phone(_phone(cells[column])):
            yield column, "bad_phone"
    id_number, tie = cells["id_number"].upper(), TIES.get(cells["tie"])
    if id_number and not people.is_id_number(id_number):
        yield "id_number", "bad_id_number"
        id_number = ""
    if tie is None:
        yield "tie", "bad_tie"
        return
    if code := people.guardian_refusal(tie, cells["guardian"] or None):
        yield "guardian", code
    born = people.born_on(id_number) if id_number else None
    if code := _age_problem(tie, born, on):
        yield "tie", code


def _age_problem(tie: Tie, born: date | None, on: date) -> str | None:
    if born is None or tie in OWNING:
        return None
    child = people.is_child(born, on)
    if tie is Tie.CHILD:
        return None if child else "not_a_child"
    return "child_tie_required" if child else None


def _among(residents: Sequence[Resident]) -> Iterator[Problem]:
    """Yield what is wrong between lines: one person twice, or guardians who are not there."""
    names: dict[str, tuple[str, str]] = {}
    homes: set[tuple[Place, str]] = set()
    guards = {(one.place, one.phone) for one in residents if one.phone and one.tie in GUARDING}
    for one in residents:
        who = one.known_by
        if (one.place, who) in homes:
            yield Problem(RESIDENTS, one.line, "name", "duplicate_resident")
        homes.add((one.place, who))
        if names.setdefault(who, (one.name, one.id_number)) != (one.name, one.id_number):
            yield Problem(RESIDENTS, one.line, "phone", "person_differs")
        if one.guardian and (one.place, one.guardian) not in guards:
            yield Problem(RESIDENTS, one.line, "guardian", "unknown_guardian")
