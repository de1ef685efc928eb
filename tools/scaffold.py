"""Write a new domain, driver, adapter, detector or function: code and tests that pass at once.

A reaction alone fails its test until it is granted what it touches and has an effect.

    python -m tools.scaffold domain parcels
    python -m tools.scaffold domain libraries --row book
    python -m tools.scaffold function count_pigeons
    python -m tools.scaffold function end_calls --hears devices.CommandSettled --does access.finish

`tools/templates/<kind>/` mirrors the repository; `NAME` in a path and `$name` in a text are
replaced. What must also be listed somewhere (a plugin's name, a manifest line, a route's
permission) is added there.
"""

import argparse
import ast
import keyword
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).with_name("templates")
SHORT = r'^ +short = "(\w+)"'
"""How a row class names its table."""

PLUGINS = {
    "driver": "chalicelib/devices/drivers",
    "adapter": "chalicelib/devices/adapters",
    "detector": "chalicelib/vision/detectors",
}
"""Where the plugins of a kind stand."""

SAYS_NOTHING = {"utils", "helpers", "manager", "common", "data", "info", "misc", "base"}


class Refused(Exception):  # noqa: N818 -- the reason why nothing was written
    """Why there is nothing to write."""


@dataclass(frozen=True)
class Wish:
    """What is to be written; `row`, `hears` and `does` as on the command line, or empty."""

    kind: str
    name: str
    row: str = ""
    hears: str = ""
    does: str = ""


def main(arguments: list[str]) -> int:
    """Write what was asked for; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="tools.scaffold")
    parser.add_argument("kind", choices=["domain", *PLUGINS, "function"])
    parser.add_argument("name", help="snake_case, the field's own word")
    parser.add_argument("--row", default="", help="parcel: what the domain has many of")
    parser.add_argument("--hears", default="", help="access.CallRung: the event it reacts to")
    parser.add_argument("--does", default="", help="parcels.count: the use case that reacts")
    wish = Wish(**vars(parser.parse_args(arguments)))
    try:
        written = scaffold(wish, ROOT)
    except Refused as refused:
        print(f"nothing written: {refused}", file=sys.stderr)
        return 1
    print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in written))
    return 0


def scaffold(wish: Wish, root: Path) -> list[Path]:
    """Render the templates of a kind into `root` and list the new thing where it belongs.

    Returns the new and changed files, formatted. Raises Refused for a name that is taken (by a
    file, a table, a queue, in app.py), is no word of the field, or is no Python name; and for an
    event or a use case that does not exist.
    """
    _check(wish.name)
    if what := _taken(root).get(wish.name):
        raise Refused(f"{wish.name!r} is there already: {what}")
    words = {**_words(wish), **_reaction(wish, root)}
    template = "reaction" if wish.hears else wish.kind
    written = _render(TEMPLATES / template, words, root)
    changed = LISTED[template](words, root)
    _tidy([*written, *changed], root)
    return [*written, *changed]


def _check(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name) or keyword.iskeyword(name):
        raise Refused(f"{name!r} is not snake_case")
    if SAYS_NOTHING & set(name.split("_")):
        raise Refused(f"{name!r} says nothing; use the field's own word")


def _taken(root: Path) -> dict[str, str]:
    """Return what the names of tables, queues and of app.py's own globals stand for."""
    rows = "\n".join(path.read_text() for path in (root / "chalicelib").rglob("*.py"))
    woken = "\n".join(path.read_text() for path in (root / "functions").rglob("*.py"))
    queues = re.findall(r'Queue\(\s*"([\w-]+)"', woken)
    return {
        **dict.fromkeys(_bound(root / "app.py"), "a name in app.py"),
        **dict.fromkeys((queue.replace("-", "_") for queue in queues), "a queue"),
        **dict.fromkeys(re.findall(SHORT, rows, re.MULTILINE), "a table"),
    }


def _bound(path: Path) -> list[str]:
    """Return the names that a module's imports and assignments bind."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    aliases = [name for node in nodes for name in getattr(node, "names", ())]
    stored = [node.id for node in nodes if isinstance(node, ast.Name)]
    return [*stored, *(alias.asname or alias.name for alias in aliases)]


def _words(wish: Wish) -> dict[str, str]:
    spoken = wish.name.replace("_", " ")
    row = wish.row or _singular(wish.name)
    _check(row)
    one = row.replace("_", " ")
    a_row = f"{'an' if one[0] in 'aeiou' else 'a'} {one}"
    return {
        "name": wish.name,
        "words": spoken,
        "Words": spoken.capitalize(),
        "row": row,
        "one": one,
        "a_row": a_row,
        "A_row": a_row.capitalize(),
        "Row": "".join(part.capitalize() for part in row.split("_")),
    }


def _singular(name: str) -> str:
    """Return what a domain has many of; what English spells otherwise is said by `--row`."""
    return re.sub("ies$", "y", name) if name.endswith("ies") else name.removesuffix("s")


def _reaction(wish: Wish, root: Path) -> dict[str, str]:
    if not (wish.hears or wish.does):
        return {}
    if wish.kind != "function":
        raise Refused("only a function hears events")
    domain, _, event = wish.hears.partition(".")
    facts = root / f"chalicelib/{domain}/events.py"
    if not facts.exists() or f"class {event}:" not in facts.read_text():
        raise Refused(f"{wish.hears!r} is no event; say domain.EventName")
    doer, _, deed = wish.does.partition(".")
    door = root / f"chalicelib/{doer}/public.py"
    if not door.exists() or f'"{deed}"' not in door.read_text():
        raise Refused(f"{wish.does!r} is in no domain's public: write that use case first")
    return {"domain": domain, "event": event, "doer": doer, "deed": deed}


def _render(template: Path, words: Mapping[str, str], root: Path) -> list[Path]:
    plan = {}
    for source in sorted(template.rglob("*.txt")):
        place = str(source.relative_to(template)).removesuffix(".txt")
        plan[root / place.replace("NAME", words["name"])] = source
    if taken := [path for path in plan if path.exists()]:
        raise Refused(f"{taken[0].relative_to(root)} is there already")
    for path, source in plan.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(source.read_text()).substitute(words))
    return list(plan)


def _list_plugin(folder: str) -> Callable[[Mapping[str, str], Path], list[Path]]:
    """Add the name to the tuple that the folder's registry is made of."""

    def add(words: Mapping[str, str], root: Path) -> list[Path]:
        package = folder.replace("/", ".")
        for path in sorted((root / folder).parent.rglob("*.py")):
            text = path.read_text()
            own = path == root / folder / "__init__.py"
            made = re.search(
                rf'Registry\((?:"{package}"{"|__name__" if own else ""}), (\w+)\)', text
            )
            if made:
                names = re.compile(rf"^{made[1]} = \((.*?),?\s*\)$", re.DOTALL | re.MULTILINE)
                path.write_text(names.sub(rf'{made[1]} = (\1, "{words["name"]}")', text))
                return [path]
        raise Refused(f"no registry of {package}")

    return add


def _list_function(words: Mapping[str, str], root: Path) -> list[Path]:
    """Declare it among those of the domain that it asks, or else of no domain."""
    name, own = words["name"], root / f"functions/manifests/{words.get('doer', '')}.py"
    path = own if own.is_file() else root / "functions/manifests/core.py"
    line = f'    Function("{name}", (Schedule(3600),)),\n'
    text = path.read_text()
    if event := words.get("event"):
        queue = f'Queue("{name.replace("_", "-")}", hears=(Heard({event}),))'
        line = f'    Function("{name}", ({queue},), tables=OUTBOX),\n'
        if not re.search(rf"^from .*import .*\b{event}\b", text, re.MULTILINE):
            text = _import(text, f"from chalicelib.{words['domain']}.events import {event}")
    start = text.index("FUNCTIONS: tuple[Function, ...] = (")
    end = text.index("\n)\n", start) + 1
    path.write_text(text[:end] + line + text[end:])
    return [path]


def _list_domain(words: Mapping[str, str], root: Path) -> list[Path]:
    """Mount the routes, allow them to the property manager, and give the API the table."""
    name = words["name"]
    app, table = root / "app.py", root / "chalicelib/core/permissions.py"
    manifest = root / "functions/manifests/apis.py"
    _edit(
        app,
        lambda text: _import(text, f"from chalicelib.{name}.routes import router as {name}"),
        _inserted(r"for _router in \([^)]*?(?=,?\s*\):)", f", {name}"),
    )
    _edit(
        table,
        _inserted(r'"property_manager": _ALL\s*\|\s*\{', f'"{name}.read", "{name}.add", '),
    )
    _edit(manifest, _inserted(r'"property_api",.*?tables=\{', f'"{name}": "rw", '))
    return [app, table, manifest]


def _edit(path: Path, *edits: Callable[[str], str]) -> None:
    text = path.read_text()
    for edit in edits:
        text = edit(text)
    path.write_text(text)


def _import(text: str, line: str) -> str:
    """Add an import before the first of ours; the formatter puts it into its place."""
    return re.sub(
        r"^from chalicelib", f"{line}\nfrom chalicelib", text, count=1, flags=re.MULTILINE
    )


def _inserted(after: str, what: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        found = re.search(after, text, re.DOTALL)
        if not found:
            raise Refused(f"nothing like {after!r} to add {what!r} after")
        return text[: found.end()] + what + text[found.end() :]

    return edit


def _tidy(paths: list[Path], root: Path) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    code = [str(path) for path in paths if path.suffix == ".py"]
    for step in (["check", "--fix-only", "--quiet", "--select=I"], ["format", "--quiet"]):
        subprocess.run([*ruff, *step, *code], cwd=root, check=True)


LISTED: Mapping[str, Callable[[Mapping[str, str], Path], list[Path]]] = {
    "domain": _list_domain,
    **{kind: _list_plugin(folder) for kind, folder in PLUGINS.items()},
    "function": _list_function,
    "reaction": _list_function,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
