"""Sheets as offices send them: one room, its owner and a child, as CSV and as XLSX."""

import io
from collections.abc import Mapping

import openpyxl

from chalicelib.identity.rules.sheets import COLUMNS

ROOM = {"building": "1号楼", "entrance": "1单元", "room": "101", "area": "89.37"}
OWNER = {
    "building": "1号楼",
    "entrance": "1单元",
    "room": "101",
    "name": "张三",
    "phone": "13812345678",
    "tie": "业主",
}
KID = {**OWNER, "name": "小明", "phone": "", "tie": "儿童", "guardian": "13812345678"}


def csv_of(sheet: str, *rows: dict[str, str], encoding: str = "utf-8") -> bytes:
    lines = [list(COLUMNS[sheet].values())]
    lines += [[row.get(column, "") for column in COLUMNS[sheet]] for row in rows]
    return "\r\n".join(",".join(line) for line in lines).encode(encoding)


def xlsx_of(sheet: str, *rows: Mapping[str, object]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(COLUMNS[sheet]))
    for row in rows:
        book.active.append([row.get(column) for column in COLUMNS[sheet]])
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()
