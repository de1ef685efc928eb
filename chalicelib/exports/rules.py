"""Rows as CSV that reads back as it was written, and that no spreadsheet runs."""

import csv
import io
import re
from collections.abc import Mapping, Sequence

_FORMULA = re.compile(r"^[\s\x00]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def cell(value: object) -> str:
    """Return a CSV cell that no spreadsheet runs: formulas get a quote (SECURITY.md 22)."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows of one kind as CSV (RFC 4180) with a heading line; empty for no rows."""
    if not rows:
        return ""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(list(rows[0]))
    writer.writerows([[cell(value) for value in row.values()] for row in rows])
    return written.getvalue()
