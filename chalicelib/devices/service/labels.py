"""Labels for devices: an A4 sheet of 24, each with a QR code, a name and a place.

The sheet is that of Avery 3474 and its like: 3 × 8 labels of 70 × 37 mm without margins. The
Chinese font is one that every PDF reader brings or replaces (STSong-Light, Adobe-GB1), so the
file stays small. A label says nothing that opens anything: its code is the device's id.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.core.route import File
from chalicelib.devices.rules.catalogue import PROFILES, Kind
from chalicelib.devices.rules.registry import label_code
from chalicelib.devices.service.registry import Wanted, listing
from chalicelib.devices.tables.registry import Device
from chalicelib.identity import public as identity

POINTS: Final = 72 / 25.4
"""Points of a millimetre."""

COLUMNS, ROWS = 3, 8
WIDTH, HEIGHT = 70.0, 37.0
TOP: Final = 0.5
"""The rest of A4's 297 mm above and below 8 rows of 37 mm."""

QR_SIZE, QR_LEFT, QR_BELOW = 26.0, 3.8, 7.3
"""Millimetres. Four modules around the code stay white (ISO/IEC 18004)."""

TEXT_LEFT, TEXT_WIDTH = 33.8, 33.5
FONT, PLAIN = "STSong-Light", "Courier"
NAME_SIZE, SMALL_SIZE, ID_SIZE = 11.0, 8.0, 6.5


@dataclass(frozen=True)
class Label:
    """What one label says."""

    code: str
    name: str
    kind: str
    place: str


def sheet_for(caller: Caller, wanted: Wanted, *, limit: int, after: str | None) -> File:
    """Return the labels of one page of a list of devices as a PDF.

    Raises NotFound `no_such_device` if the list is empty, and as `registry.listing`.
    """
    page = listing(caller, wanted, limit=limit, after=after)
    if not page.items and page.next is None:
        raise NotFound("no_such_device", "没有符合条件的设备")
    paths = {device.node_path for device in page.items if device.node_path}
    names = identity.names_at(caller.community_id, paths)
    labels = [label_of(one, names.get(one.node_path or "", "")) for one in page.items]
    return File("device-labels.pdf", drawn(labels), page.next)


def label_of(device: Device, place: str) -> Label:
    """Return what a device's label says; a place without a name says its id."""
    kind = PROFILES[Kind(device.kind)].name
    return Label(label_code(device.device_id), device.name, kind, place or device.place_id)


def drawn(labels: Sequence[Label]) -> bytes:
    """Return a PDF with 24 labels to a sheet, row by row."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, pageCompression=1, invariant=1)
    canvas.setTitle("设备标签")
    for number, label in enumerate(labels):
        at = number % (COLUMNS * ROWS)
        if number and at == 0:
            canvas.showPage()
        row, column = divmod(at, COLUMNS)
        canvas.saveState()
        canvas.translate(column * WIDTH * POINTS, A4[1] - (TOP + (row + 1) * HEIGHT) * POINTS)
        _draw(canvas, label)
        canvas.restoreState()
    canvas.save()
    return written.getvalue()


def _draw(canvas: Any, label: Label) -> None:
    """Draw one label with its lower left corner at the origin."""
    _draw_code(canvas, label.code)
    y = 27.5
    for line in _wrapped(label.name, NAME_SIZE, most=2):
        _text(canvas, line, y, size=NAME_SIZE)
        y -= 4.8
    _text(canvas, label.kind, y - 0.4, size=SMALL_SIZE)
    for number, line in enumerate(_wrapped(label.place, SMALL_SIZE, most=2)):
        _text(canvas, line, y - 4.4 - 3.4 * number, size=SMALL_SIZE)
    canvas.setFont(PLAIN, ID_SIZE)
    canvas.drawString(QR_LEFT * POINTS, 2.6 * POINTS, label.code)


def _draw_code(canvas: Any, code: str) -> None:
    """Draw a QR code (ISO/IEC 18004, level Q) as one path of horizontal runs."""
    import segno

    matrix = segno.make(code, error="q", micro=False, boost_error=False).matrix
    cell = QR_SIZE * POINTS / len(matrix)
    path = canvas.beginPath()
    for row, modules in enumerate(matrix):
        top = (QR_BELOW + QR_SIZE) * POINTS - (row + 1) * cell
        for start, end in _runs(modules):
            path.rect(QR_LEFT * POINTS + start * cell, top, (end - start) * cell, cell)
    canvas.drawPath(path, stroke=0, fill=1)


def _runs(modules: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where each run of dark modules begins and ends."""
    start = None
    for at, dark in enumerate((*modules, 0)):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            yield start, at
            start = None


def _wrapped(text: str, size: float, *, most: int) -> list[str]:
    """Return a text in lines that fit the label; what is over `most` lines ends with `…`."""
    lines: list[str] = []
    left = " ".join(text.split())
    while left and len(lines) < most:
        fits = _fitting(left, size)
        lines.append(left[:fits])
        left = left[fits:].lstrip()
    if left:
        lines[-1] = lines[-1][:-1] + "…"
    return lines


def _fitting(text: str, size: float) -> int:
    """Return how many characters fit a line; at least one."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    widths = accumulate(stringWidth(one, FONT, size) for one in text)
    return max(1, sum(bool(width <= TEXT_WIDTH * POINTS) for width in widths))


def _text(canvas: Any, text: str, y: float, *, size: float) -> None:
    canvas.setFont(FONT, size)
    canvas.drawString(TEXT_LEFT * POINTS, y * POINTS, text)
