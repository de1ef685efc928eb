"""Uploaded sheets: what would cost seconds or gigabytes is refused before it is parsed."""

import io
import time
import zipfile

import openpyxl
import pytest

from chalicelib.core import sheets
from chalicelib.core.errors import Unprocessable

FORM = sheets.Form("rooms", {"room": "房号", "area": "面积"}, 30_000)
NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def book(rows=(("101", 89.37),)) -> bytes:
    made, saved = openpyxl.Workbook(), io.BytesIO()
    for row in (("房号", "面积"), *rows):
        made.active.append(row)
    made.save(saved)
    return saved.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return saved.getvalue()


def book_with(name: str, root: str, inside: str) -> bytes:
    parts = parts_of(book())
    kinds = f'<Override PartName="/{STRINGS}" ContentType="{TYPE}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", kinds.encode())
    return packed({**parts, name: f'<{root} xmlns="{NS}">{inside}</{root}>'.encode()})


def many(element: str, number: int) -> str:
    """Elements that do not pack well: the bomb is within the ratio."""
    return "".join(element.format(i * 7_919 % 1_000_003) for i in range(number))


def refused(content: bytes) -> str:
    with pytest.raises(Unprocessable) as refusal:
        sheets.lines(FORM, content)
    return refusal.value.code


@pytest.mark.parametrize(
    ("name", "root", "element", "number"),
    [
        (STRINGS, "sst", "<si><t>{:x}</t></si>", 500_000),
        (STRINGS, "sst", "<si><r><t>{:x}</t></r></si>", 300_000),
        (SHEET, "worksheet", "<c><v>{}</v></c>", 450_000),
        (SHEET, "x:worksheet", "<x:c><x:v>{}</x:v></x:c>", 450_000),
        (STYLES, "styleSheet", '<xf a="{}"/>', 60_000),
        ("docProps/custom.xml", "Properties", '<property name="{}"/>', 60_000),
        ("xl/media/image1.png", "png", "<c>{}</c>", 800_001),
        (SHEET, "worksheet", "<t>" + "a" * 1_000 + "{:x}</t>", 21_000),
    ],
    ids=["strings", "rich", "cells", "prefixed", "styles", "properties", "misnamed", "bytes"],
)
def test_a_bomb_within_the_ratio_costs_nothing(name, root, element, number):
    content = book_with(name, root, many(element, number))
    assert len(content) < sheets.MOST_BYTES
    began = time.process_time()
    assert refused(content) == "archive_too_large"
    assert time.process_time() - began < 1


ENTITY = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
HEAD = b'<?xml version="1.0"?>'


@pytest.mark.parametrize(
    "before", [HEAD, HEAD + b" " * 5_000, HEAD + b"<?p <b " + b"x" * 5_000 + b"?>", b"\xef\xbb\xbf"]
)
@pytest.mark.parametrize("name", ["sheet1.xml", "sheet1.dat", "sheet1"])
def test_a_document_type_is_found_wherever_it_stands(before, name):
    """The attacker's `sheet1.dat` was read as the sheet, and never looked at."""
    parts = parts_of(book())
    sheet = parts.pop(SHEET).replace(b"101", b"&e;").removeprefix(HEAD)
    parts[f"xl/worksheets/{name}"] = before + ENTITY + sheet
    for part in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels"):
        parts[part] = parts[part].replace(b"sheet1.xml", name.encode())
    assert refused(packed(parts)) == "unreadable_file"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_an_encoding_that_hides_tags_is_refused(encoding):
    parts = parts_of(book())
    parts[SHEET] = parts[SHEET].decode().encode(encoding)
    assert refused(packed(parts)) == "unreadable_file"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_what_spreadsheets_are_packed_with_is_unpacked(method):
    assert refused(packed(parts_of(book()), method)) == "unreadable_file"


def test_a_part_that_does_not_unpack_is_no_fault_of_ours():
    content = bytearray(book())
    at = content.index(SHEET.encode()) + len(SHEET)
    content[at : at + 60] = bytes(60)
    assert refused(bytes(content)) == "unreadable_file"


def test_columns_past_the_last_are_not_looked_at():
    wide = "房号,面积" + "," * 1_900_000 + "\n101,1" + "," * 1_900_000
    (line,) = sheets.lines(FORM, wide.encode())
    assert dict(line.cells) == {"room": "101", "area": "1"}


def test_a_long_sheet_of_many_columns_is_read():
    rows = [(str(n), 89.37, *(f"{n}-{c}" for c in range(6))) for n in range(3_000)]
    form = sheets.Form("wide", {"room": "房号", "area": "面积"}, 30_000)
    assert len(sheets.lines(form, book(rows))) == 3_000
