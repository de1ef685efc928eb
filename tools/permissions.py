"""Write who may call what: one line per route, one column per role. `make golden` runs it.

The table is committed. A change to a route or to the permission table shows in its diff,
which is read as what it is: a change of who may do what.
"""

from pathlib import Path

from chalicelib.core import web
from chalicelib.core.permissions import PERMISSIONS

GOLDEN = Path(__file__).resolve().parents[1] / "tests/architecture/golden/permissions.md"
_HEAD = """# Who may call what

Written by `make golden` from the routes and `chalicelib/core/permissions.py`. A caller also needs
a token of the audience that the path begins with; devices sign, and `open` is for everybody.
"""


def render() -> str:
    """Return the table as Markdown."""
    import app  # noqa: F401, PLC0415 -- registers every route

    roles = list(PERMISSIONS)
    rows = [["route", "permission", *roles], ["---"] * (len(roles) + 2)]
    for route in sorted(web.ROUTES, key=lambda route: (route.path, route.method)):
        marks = [_mark(route, role) for role in roles]
        rows.append([f"{route.method} {route.path}", route.permission or route.audience, *marks])
    return _HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _mark(route: web.Route, role: str) -> str:
    if route.permission is None:
        return " "
    return "yes" if route.permission in PERMISSIONS[role] else " "


if __name__ == "__main__":
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(render(), encoding="utf-8")
    print(f"wrote {GOLDEN.name}")
