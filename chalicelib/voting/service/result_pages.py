"""Pages of a result's sheet: A4, with the legal sentence at the head and the foot of each.

The Chinese font is one that every PDF reader brings or replaces (STSong-Light, Adobe-GB1).
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

POINTS: Final = 72 / 25.4
"""Points of a millimetre."""

PAGE_MM: Final = (210.0, 297.0)
MARGIN, LEADING, GAP = 20.0, 6.5, 4.0
FONT = "STSong-Light"
TITLE_SIZE, LINE_SIZE, SMALL_SIZE = 16.0, 11.0, 9.0
TOP, BOTTOM = 262.0, 25.0
"""Between these, in millimetres from below, a page has its lines."""


@dataclass(frozen=True)
class Head:
    """What stands on each page: what it is, of which vote, and what it is worth in law."""

    title: str
    vote: str
    legal_notice: str


def drawn(lines: Sequence[str], head: Head) -> bytes:
    """Return a PDF of these lines; one that does not fit the width goes on below."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, pageCompression=1, invariant=1)
    canvas.setTitle(f"{head.title} {head.vote}")
    y = _begin(canvas, head)
    for line in lines:
        for part in _wrapped(line, LINE_SIZE):
            if y < BOTTOM:
                canvas.showPage()
                y = _begin(canvas, head)
            _text(canvas, part, y, LINE_SIZE)
            y -= LEADING
        y -= 0 if line else GAP
    canvas.save()
    return written.getvalue()


def _begin(canvas: Any, head: Head) -> float:
    """Draw what every page has; return where its lines begin."""
    y = PAGE_MM[1] - MARGIN
    _text(canvas, head.title, y, TITLE_SIZE)
    for line in _wrapped(head.vote, LINE_SIZE):
        y -= LEADING
        _text(canvas, line, y, LINE_SIZE)
    for line in _wrapped(head.legal_notice, LINE_SIZE):
        y -= LEADING
        _text(canvas, line, y, LINE_SIZE)
    below = f"{head.legal_notice}  第 {canvas.getPageNumber()} 页"
    _text(canvas, below, MARGIN - LEADING, SMALL_SIZE)
    return min(TOP, y) - LEADING - GAP


def _wrapped(text: str, size: float) -> Iterator[str]:
    """Yield a text in lines that fit between the margins; nothing for an empty one."""
    left = text
    while left:
        fits = _fitting(left, size)
        yield left[:fits]
        left = left[fits:]


def _fitting(text: str, size: float) -> int:
    """Return how many characters fit a line; at least one."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    room = (PAGE_MM[0] - 2 * MARGIN) * POINTS
    widths = accumulate(stringWidth(one, FONT, size) for one in text)
    return max(1, sum(bool(width <= room) for width in widths))


def _text(canvas: Any, text: str, y: float, size: float) -> None:
    canvas.setFont(FONT, size)
    canvas.drawString(MARGIN * POINTS, y * POINTS, text)
