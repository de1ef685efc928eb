"""Write who may do what: the golden table of routes, and the README's section for people.

The table is committed. A change to a route or to the permission table shows in its diff,
which is read as what it is: a change of who may do what. `make golden` runs this.
"""

from collections.abc import Iterable
from pathlib import Path

from chalicelib.core import web
from chalicelib.core.permissions import AUDIENCES, DUTIES, PERMISSIONS

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests/architecture/golden/permissions.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- who may do what: begin (make golden) -->", "<!-- who may do what: end -->"
_HEAD = """# Who may call what

Written by `make golden` from the routes and `chalicelib/core/permissions.py`. A caller also needs
a token of the audience that the path begins with; devices sign, `session` is where tokens are got,
and `open` is for everybody.
"""
PORTALS = {
    "resident": "Residents (业主端)",
    "property": "Property company (物业端)",
    "committee": "Owners' committee (业委会端)",
    "government": "Government and administrators (政务端)",
}


def render() -> str:
    """Return the golden table as Markdown: one line per route, one column per role."""
    roles = list(PERMISSIONS)
    rows = [["route", "permission", *roles], ["---"] * (len(roles) + 2)]
    for route in _routes():
        marks = ["yes" if may(route, role) else " " for role in roles]
        rows.append([f"{route.method} {route.path}", route.permission or route.audience, *marks])
    return _HEAD + "\n" + _table(rows)


def section() -> str:
    """Return the README's section: what each role can do in its own portal."""
    parts = [BEGIN, "## Who may do what", "", _INTRODUCTION]
    for audience, title in PORTALS.items():
        roles = [role for role in PERMISSIONS if AUDIENCES[role] == audience]
        rows = [["", *roles], ["---", *[":-:"] * len(roles)]]
        for route in _routes():
            if route.audience == audience:
                marks = ["✓" if may(route, role) else "" for role in roles]
                rows.append([_sentence(route), *marks])
        parts += ["", f"**{title}**", "", _table(rows).rstrip("\n")]
    return "\n".join([*parts, "", END])


_INTRODUCTION = f"""A role comes from the caller's signed token, never from the request, and what
is not in `chalicelib/core/permissions.py` is denied. It holds in the subtree of the organisation
node that the person was appointed at; another estate's objects are 404. Nobody holds two of the
administrators' duties ({", ".join(sorted(DUTIES))})."""


def write() -> None:
    """Write the golden table and put the section into the README."""
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(render(), encoding="utf-8")
    README.write_text(with_section(README.read_text(encoding="utf-8")), encoding="utf-8")


def with_section(readme: str) -> str:
    """Return the README with its section made anew; it stands before `Make targets` at first."""
    made = section()
    if BEGIN in readme:
        head, rest = readme.split(BEGIN, 1)
        return head + made + rest.split(END, 1)[1]
    return readme.replace("## Make targets", f"{made}\n\n## Make targets", 1)


def may(route: web.Route, role: str) -> bool:
    """Return whether this role's token, of its own portal, passes this route's gate."""
    return route.permission in PERMISSIONS[role] and AUDIENCES[role] == route.audience


def _routes() -> list[web.Route]:
    import app  # noqa: F401, PLC0415 -- registers every route

    return sorted(web.ROUTES, key=lambda route: (route.path, route.method))


def _sentence(route: web.Route) -> str:
    words = (route.view.__doc__ or "").partition("\n")[0].partition(";")[0].rstrip(".")
    return words.replace("|", "/") or route.path


def _table(rows: Iterable[Iterable[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    write()
    print(f"wrote {GOLDEN.name} and the README's section")
