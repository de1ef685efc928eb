"""Cells of sheets that people upload: their one spelling, and what no cell may hold."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

MOST_CHARACTERS = 60

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Controls, format characters (bidi overrides among them), private and half characters."""

_HARMLESS = re.compile(r"-\d+(\.\d+)?|\+86[ -]?1[\d -]{10,14}")
"""What begins like a formula and is none: a negative figure, a phone with its prefix."""


@dataclass(frozen=True)
class Line:
    """One line of a sheet as it came: its number (the heading is 1) and its cells."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Problem:
    """One bad cell: sheet, line, column, and a stable code."""

    sheet: str
    line: int
    column: str
    code: str


def clean(text: str) -> str:
    """Return a cell's text in its one spelling: full-width forms and outer spaces are gone."""
    return unicodedata.normalize("NFKC", text).strip(" \u3000\u00a0")


def cell_problem(raw: str, *, optional: bool) -> str | None:
    """Return why a cell cannot be taken whatever it says, or None.

    `missing`, `bad_characters`, `formula` (a spreadsheet would run it), `too_long`.
    """
    text = clean(raw)
    if not text:
        return None if optional else "missing"
    if any(unicodedata.category(character) in _HIDDEN for character in raw):
        return "bad_characters"
    if text[0] in "=+-@" and not _HARMLESS.fullmatch(text):
        return "formula"
    return "too_long" if len(text) > MOST_CHARACTERS else None
