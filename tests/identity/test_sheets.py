"""What is wrong with a sheet: every cell, every line, and files that could harm."""

import io
import zipfile
from datetime import date

import pytest

from chalicelib.core.cells import Line
from chalicelib.core.errors import Unprocessable
from chalicelib.identity.rules import sheets as rules
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.sheets import RESIDENTS, ROOMS
from chalicelib.identity.service import sheets
from tests.identity.sheets import KID, OWNER, ROOM, csv_of, xlsx_of

ON = date(2026, 11, 21)


def judged(rooms, residents=(), there=frozenset()):
    first = [Line(number, cells) for number, cells in enumerate(rooms, 2)]
    second = [Line(number, cells) for number, cells in enumerate(residents, 2)]
    return rules.verdict(first, second, there, ON)


def codes(rooms, residents=(), **there):
    return [(p.sheet, p.line, p.column, p.code) for p in judged(rooms, residents, **there).problems]


def test_a_good_estate_is_read():
    estate = judged([ROOM], [{**OWNER, "phone": "+86 138-1234-5678"}, KID])
    assert estate.problems == []
    assert estate.rooms[0].area == 8937
    owner, kid = estate.residents
    assert (owner.phone, owner.tie, kid.guardian) == ("13812345678", Tie.OWNER, "13812345678")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("area", "0", "area_not_positive"),
        ("area", "0.00", "area_not_positive"),
        ("area", "-5", "area_not_positive"),
        ("area", "89.375", "bad_area"),
        ("area", "1e3", "bad_area"),
        ("area", "9999999", "bad_area"),
        ("area", "", "missing"),
        ("room", "=1+1", "formula"),
        ("room", "@SUM(A1)", "formula"),
        ("room", "＝cmd", "formula"),
        ("room", "1\u202e01", "bad_characters"),
        ("room", "1\x0001", "bad_characters"),
        ("room", "1\t01", "bad_characters"),
        ("room", "\u200b", "bad_characters"),
        ("building", "楼" * 61, "too_long"),
        ("building", "  ", "missing"),
    ],
)
def test_a_bad_cell_of_a_room_has_a_code(column, value, code):
    assert codes([{**ROOM, column: value}]) == [(ROOMS, 2, column, code)]


@pytest.mark.parametrize(
    ("changed", "column", "code"),
    [
        ({"phone": "12345"}, "phone", "bad_phone"),
        ({"phone": "+1 202 555 0100"}, "phone", "formula"),
        ({"id_number": "110105194912310021"}, "id_number", "bad_id_number"),
        ({"tie": "国王"}, "tie", "bad_tie"),
        ({"tie": "儿童"}, "guardian", "guardian_required"),
        ({"guardian": "13812345678"}, "guardian", "guardian_only_for_children"),
        ({"building": "9号楼"}, "building", "unknown_building"),
        ({"room": "999"}, "room", "unknown_room"),
        ({"name": "=HYPERLINK()"}, "name", "formula"),
        ({"name": ""}, "name", "missing"),
        ({"id_number": "11010520200101002X", "tie": "family"}, "id_number", "bad_id_number"),
    ],
)
def test_a_bad_cell_of_a_resident_has_a_code(changed, column, code):
    assert codes([ROOM], [{**OWNER, **changed}]) == [(RESIDENTS, 2, column, code)]


def test_ages_agree_with_ties():
    grown = {**KID, "id_number": "11010519491231002X"}
    assert codes([ROOM], [OWNER, grown]) == [(RESIDENTS, 3, "tie", "not_a_child")]


def test_what_is_wrong_between_lines():
    assert codes([ROOM, ROOM]) == [(ROOMS, 3, "room", "duplicate_room")]
    place = ("1号楼", "1单元", "101")
    assert codes([ROOM], there=frozenset({place})) == [(ROOMS, 2, "room", "room_exists")]
    assert codes([ROOM], [OWNER, OWNER]) == [(RESIDENTS, 3, "name", "duplicate_resident")]
    other = {**ROOM, "room": "102"}
    twin = {**OWNER, "room": "102", "name": "李四"}
    assert codes([ROOM, other], [OWNER, twin]) == [(RESIDENTS, 3, "phone", "person_differs")]
    lonely = {**KID, "guardian": "13912345678"}
    assert codes([ROOM], [OWNER, lonely]) == [(RESIDENTS, 3, "guardian", "unknown_guardian")]


def test_every_bad_line_is_reported():
    bad = [{**ROOM, "room": str(number), "area": "0"} for number in range(500)]
    assert [problem[1] for problem in codes(bad)] == list(range(2, 502))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_as_offices_write_it(encoding):
    (line,) = sheets.lines(ROOMS, csv_of(ROOMS, ROOM, encoding=encoding))
    assert (line.number, dict(line.cells)) == (2, ROOM)


def test_xlsx_is_read_with_figures_and_gaps():
    content = xlsx_of(ROOMS, {**ROOM, "room": 101, "area": 89.37}, {}, {**ROOM, "room": "=1+1"})
    first, second = sheets.lines(ROOMS, content)
    assert (first.number, dict(first.cells)) == (2, ROOM)
    assert second.number == 4
    assert codes([second.cells]) == [(ROOMS, 2, "room", "formula")]


def zipped(**parts: bytes) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return saved.getvalue()


def with_part(name: str, content: bytes = b"x") -> bytes:
    saved = io.BytesIO(xlsx_of(ROOMS, ROOM))
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return saved.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (with_part("xl/vbaProject.bin"), "macros_not_allowed"),
        (with_part("xl/externalLinks/externalLink1.xml"), "macros_not_allowed"),
        (with_part("xl/media/bomb.png", bytes(90_000_000)), "archive_too_large"),
        (zipped(a=bytes(20_000_000)), "archive_too_large"),
        (zipped(a=b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'), "unreadable_file"),
        (zipped(a='<?xml version="1.0"?><x/>'.encode("utf-16")), "unreadable_file"),
        (zipped(a=b"<x/>"), "unreadable_file"),
        (b"PK\x03\x04 and nothing more", "unreadable_file"),
        (xlsx_of(ROOMS, ROOM)[:-200], "unreadable_file"),
        (b"\xff\xfe\x00\x81\xff", "unreadable_file"),
        (b'"unclosed', "unreadable_file"),
        (b"", "missing_column"),
        ("楼栋,房号,面积".encode(), "missing_column"),
        ("楼栋,单元,房号,面积,公式".encode(), "unknown_column"),
        (bytes(4_000_001), "file_too_large"),
        (("楼栋,单元,房号,面积" + "\nA,1,1,1" * 10_001).encode(), "too_many_lines"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_file_that_could_harm_is_refused(content, code):
    with pytest.raises(Unprocessable, match=code):
        sheets.lines(ROOMS, content)
