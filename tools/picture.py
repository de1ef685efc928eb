"""Draw what a command printed as an SVG picture of a terminal, for the README.

make demo | python -m tools.picture docs/demo.svg
"""

import sys
from html import escape
from pathlib import Path

LINE, MARGIN, CHARACTER = 21, 24, 8.4
INK, GREEN, PAPER = "#dfe6ee", "#7ee2a8", "#17202b"


def draw(text: str, command: str) -> str:
    """Return the SVG of a terminal in which `command` printed `text`."""
    lines = [f"$ {command}", *text.rstrip("\n").split("\n")]
    width = int(2 * MARGIN + CHARACTER * max(map(len, lines)) + 80)
    height = 2 * MARGIN + LINE * len(lines)
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + LINE * (number + 0.7):.0f}" xml:space="preserve" '
        f'fill="{GREEN if line.startswith("$") or "✓" in line else INK}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f"font-family=\"ui-monospace, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace\" "
        f'font-size="14">\n<rect width="100%" height="100%" rx="10" fill="{PAPER}"/>\n'
        f"{rows}\n</svg>\n"
    )


def main() -> int:
    """Read standard input, write the picture, return the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    Path(sys.argv[1]).write_text(draw(sys.stdin.read(), "make demo"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
