"""Reading of uploaded sheets (CSV, XLSX) into lines; what could harm the reader is refused."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from chalicelib.core.errors import Unprocessable
from chalicelib.identity.rules.sheets import COLUMNS, MOST_LINES, Line, clean

MOST_BYTES: Final = 4_000_000
"""Of both files: Lambda takes 6 MB, and base64 makes three bytes four."""

MOST_UNPACKED: Final = 80_000_000
MOST_RATIO: Final = 100
MOST_PARTS: Final = 100
MOST_COLUMNS: Final = 32

_MESSAGES: Final = {
    "unreadable_file": "无法读取该文件，请使用 XLSX 或 UTF-8/GBK 编码的 CSV",
    "file_too_large": "文件过大",
    "archive_too_large": "文件解压后过大，已拒绝读取",
    "macros_not_allowed": "不接受带宏、外部链接或嵌入对象的表格",
    "too_many_lines": "行数超过上限",
    "missing_column": "缺少必需的列",
    "unknown_column": "有无法识别的列",
}
_FORBIDDEN = re.compile(r"vbaproject|macrosheets|externallinks|embeddings|activex", re.IGNORECASE)


def lines(sheet: str, content: bytes) -> list[Line]:
    """Return the lines of a sheet (`rooms`, `residents`); blank ones are left out.

    Raises Unprocessable with a code of `_MESSAGES`: for a zip bomb before unpacking it.
    """
    if len(content) > MOST_BYTES:
        raise _refusal("file_too_large")
    rows = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content)
    return list(_named(sheet, rows))


def _refusal(code: str, **details: Any) -> Unprocessable:
    return Unprocessable(code, _MESSAGES[code], details=details or None)


def _named(sheet: str, rows: Iterable[Sequence[str]]) -> Iterator[Line]:
    """Yield each line with its cells by column name; the first row is the heading."""
    numbered = enumerate(rows, 1)
    _, heading = next(numbered, (1, ()))
    columns = _columns(sheet, heading)
    for number, row in numbered:
        if number > MOST_LINES[sheet] + 1:
            raise _refusal("too_many_lines", sheet=sheet, most=MOST_LINES[sheet])
        if any(cell.strip() for cell in row):
            yield Line(number, {c: row[at] for c, at in columns.items() if at < len(row)})


def _columns(sheet: str, heading: Sequence[str]) -> dict[str, int]:
    """Return where each column stands; either of its names will do."""
    found = [clean(cell) for cell in heading]
    wanted = COLUMNS[sheet]
    known = {*wanted, *wanted.values()}
    if strange := [name for name in found if name and name not in known]:
        raise _refusal("unknown_column", sheet=sheet, count=len(strange))
    at = {
        name: next((at for at, text in enumerate(found) if text in (name, chinese)), -1)
        for name, chinese in wanted.items()
    }
    if missing := [name for name, place in at.items() if place < 0]:
        raise _refusal("missing_column", sheet=sheet, columns=missing)
    return at


def _csv(content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise _refusal("unreadable_file")
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as failure:
        raise _refusal("unreadable_file") from failure


def _xlsx(content: bytes) -> Iterator[list[str]]:
    _inspect(content)
    import openpyxl

    try:
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=False, keep_links=False
        )
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what it claims of its size is not believed
        for row in sheet.iter_rows(max_col=MOST_COLUMNS):
            yield [_text(cell) for cell in row]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, OSError) as failure:
        raise _refusal("unreadable_file") from failure
    except (SyntaxError, EOFError, AttributeError, zipfile.LargeZipFile) as failure:
        raise _refusal("unreadable_file") from failure  # XML that is none (ParseError)


def _text(cell: Any) -> str:
    """Return a cell as a person reads it; a formula keeps its `=`, and so is refused."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return "=" + str(value).lstrip("=")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _inspect(content: bytes) -> None:
    """Refuse bombs, macros and entities before anything is unpacked in earnest."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _weigh(parts)
            if any(_FORBIDDEN.search(part.filename) for part in parts):
                raise _refusal("macros_not_allowed")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _look_for_entities(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as failure:
        raise _refusal("unreadable_file") from failure


def _weigh(parts: Sequence[zipfile.ZipInfo]) -> None:
    total = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or total > MOST_UNPACKED:
        raise _refusal("archive_too_large")
    for part in parts:
        if part.file_size > MOST_RATIO * max(part.compress_size, 1_024):
            raise _refusal("archive_too_large")
        if part.flag_bits & 1:
            raise _refusal("unreadable_file")  # encrypted


def _look_for_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a part with a document type: entities grow without bound (SECURITY.md 9)."""
    with archive.open(part) as stream:
        head = stream.read(4_096)
    if b"<!" in head or b"\0" in head or not re.search(rb"<[A-Za-z]", head):
        raise _refusal("unreadable_file")
