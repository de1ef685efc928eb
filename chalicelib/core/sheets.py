"""Reading of uploaded sheets (CSV, XLSX) into lines; what could harm the reader is refused."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.core.cells import Line, clean
from chalicelib.core.errors import Unprocessable
from chalicelib.core.payload import LARGEST_BINARY

MOST_BYTES: Final = LARGEST_BINARY
"""Of both files."""

MOST_UNPACKED: Final = 20_000_000
"""Of all parts together: 30,000 lines of eight columns take 15 MB."""

MOST_RATIO: Final = 100
MOST_PARTS: Final = 100
MOST_COLUMNS: Final = 32
MOST_ELEMENTS, MOST_OTHERS = 800_000, 50_000
"""Elements of all parts, and those that hold no cell: openpyxl takes 3 to 20 us for each."""

_MESSAGES: Final = {
    "unreadable_file": "无法读取该文件，请使用 XLSX 或 UTF-8/GBK 编码的 CSV",
    "file_too_large": "文件过大",
    "archive_too_large": "文件解压后过大，已拒绝读取",
    "macros_not_allowed": "不接受带宏、外部链接或嵌入对象的表格",
    "too_many_lines": "行数超过上限",
    "missing_column": "缺少必需的列",
    "unknown_column": "有无法识别的列",
}
_OTHERS = re.compile(
    rb"<(?![/!?])(?!(?:[\w.-]+:)?(?:c|f|is|phoneticPr|r|rPh|row|si|t|v)[\s/>])", re.ASCII
)
"""The start of an element that is no row, no cell and no shared text, whatever its prefix."""

_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")
_FORBIDDEN = re.compile(r"vbaproject|macrosheets|externallinks|embeddings|activex", re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    """What a sheet looks like: its columns by either name, which may be left out, how long it is.

    The columns' order is free.
    """

    sheet: str
    columns: Mapping[str, str]
    most_lines: int
    dispensable: frozenset[str] = frozenset()


def lines(form: Form, content: bytes) -> list[Line]:
    """Return the lines of a sheet, CSV or XLSX; blank ones are left out.

    Raises Unprocessable with a code of `_MESSAGES`: for a zip bomb before unpacking it.
    """
    if len(content) > MOST_BYTES:
        raise _refusal("file_too_large")
    rows = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content)
    return list(_named(form, rows))


def _refusal(code: str, **details: Any) -> Unprocessable:
    return Unprocessable(code, _MESSAGES[code], details=details or None)


def _named(form: Form, rows: Iterable[Sequence[str]]) -> Iterator[Line]:
    """Yield each line with its cells by column name; the first row is the heading."""
    numbered = enumerate(rows, 1)
    _, heading = next(numbered, (1, ()))
    columns = _columns(form, heading)
    for number, row in numbered:
        if number > form.most_lines + 1:
            raise _refusal("too_many_lines", sheet=form.sheet, most=form.most_lines)
        if any(cell.strip() for cell in row):
            yield Line(number, {c: row[at] for c, at in columns.items() if at < len(row)})


def _columns(form: Form, heading: Sequence[str]) -> dict[str, int]:
    """Return where each column stands; either of its names will do."""
    found = [clean(cell) for cell in heading]
    known = {*form.columns, *form.columns.values()}
    if strange := [name for name in found if name and name not in known]:
        raise _refusal("unknown_column", sheet=form.sheet, count=len(strange))
    at = {
        name: next((at for at, text in enumerate(found) if text in (name, chinese)), -1)
        for name, chinese in form.columns.items()
    }
    absent = [name for name, place in at.items() if place < 0]
    if missing := [name for name in absent if name not in form.dispensable]:
        raise _refusal("missing_column", sheet=form.sheet, columns=missing)
    return {name: place for name, place in at.items() if place >= 0}


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
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield row[:MOST_COLUMNS]
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
    """Refuse bombs, macros and entities before anything is parsed (SECURITY.md 9)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _weigh(parts)
            if any(_FORBIDDEN.search(part.filename) for part in parts):
                raise _refusal("macros_not_allowed")
            found = [_elements(archive.read(part)) for part in parts]
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as failure:
        raise _refusal("unreadable_file") from failure
    if sum(all_ for all_, _ in found) > MOST_ELEMENTS or sum(o for _, o in found) > MOST_OTHERS:
        raise _refusal("archive_too_large")


def _weigh(parts: Sequence[zipfile.ZipInfo]) -> None:
    total = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or total > MOST_UNPACKED:
        raise _refusal("archive_too_large")
    for part in parts:
        if part.file_size > MOST_RATIO * max(part.compress_size, 1_024):
            raise _refusal("archive_too_large")
        if part.flag_bits & 1 or part.compress_type not in _PACKED:
            raise _refusal("unreadable_file")  # encrypted, or packed as no spreadsheet is


def _elements(part: bytes) -> tuple[int, int]:
    """Count the elements of a part, and those that hold no cell; none if it is no XML.

    What it is called is not believed: any part may be named as the sheet. Refuses one with a
    document type, whose entities may grow without bound.
    """
    text = part.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_UTF_16):
        raise _refusal("unreadable_file")  # nobody writes it, and bytes would not show its tags
    if not text.startswith(b"<"):
        return 0, 0
    if b"<!DOCTYPE" in text or b"\0" in text:
        raise _refusal("unreadable_file")
    return text.count(b"<") - text.count(b"</"), sum(1 for _ in _OTHERS.finditer(text))
