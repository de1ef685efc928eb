"""Reading of the sheets of an estate (CSV, XLSX) into lines."""

from chalicelib.core import sheets
from chalicelib.core.cells import Line
from chalicelib.identity.rules.sheets import COLUMNS, MOST_LINES


def lines(sheet: str, content: bytes) -> list[Line]:
    """Return the lines of a sheet (`rooms`, `residents`); raises as `core.sheets.lines`."""
    return sheets.lines(sheets.Form(sheet, COLUMNS[sheet], MOST_LINES[sheet]), content)
