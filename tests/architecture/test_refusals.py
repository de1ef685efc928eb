"""docs/access.md names every code that access, vehicles, passages and notices refuse with."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chalicelib.access.rules.decisions import Reason
from chalicelib.core import errors
from chalicelib.vehicles.rules.passing import Why
from tests.architecture.source import python, text, tree

PAGE = Path("docs/access.md")
DOMAINS = {"access", "vehicles", "passages", "notices"}
REFUSALS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.Refusal)
}
TABLES = {"REFUSALS", "MESSAGES", "WINDOW"}
"""What tables of messages by their codes are called."""

CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
ROW = re.compile(r"^\| (`[a-z0-9_`, ]+`) \|", re.MULTILINE)


def words(node: ast.AST | None) -> Iterator[str]:
    """The codes that an expression may be: a text, or one branch of a choice."""
    if isinstance(node, ast.IfExp):
        yield from words(node.body)
        yield from words(node.orelse)
    elif isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
        yield str(node.value)


def raised(module: ast.Module) -> Iterator[str]:
    """What refusals are made with here: outright, by a pure rule, or by a table of messages."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _called(node) in REFUSALS and node.args:
            yield from words(node.args[0])
        elif isinstance(node, ast.FunctionDef) and "refusal" in node.name:
            yield from _returned(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            yield from _keys(node, node.value)


def _returned(rule: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(rule):
        if isinstance(node, ast.Return):
            yield from words(node.value)


def _keys(node: ast.Assign | ast.AnnAssign, table: ast.Dict) -> Iterator[str]:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if isinstance(target, ast.Name) and target.id.lstrip("_") in TABLES:
        for key in table.keys:
            yield from words(key)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def all_raised() -> set[str]:
    files = [path for path in python("chalicelib") if path.parts[1] in DOMAINS]
    return {code for path in files for code in raised(tree(path))}


def explained() -> set[str]:
    """The codes of the page's tables; one row may explain several."""
    rows = ROW.findall(text(PAGE))
    return {code for row in rows for code in re.findall(r"`([a-z0-9_]+)`", row)}


def test_the_reader_finds_codes_however_they_are_made() -> None:
    """Outright, by a rule's return, by a rule's choice, and by a table of messages."""
    known = {"no_such_call", "rung_too_often", "card_number_required", "window_too_short"}
    assert known <= all_raised()


def test_no_table_of_messages_has_another_name() -> None:
    """Else its codes would escape: a refusal's message comes by subscript from a known one."""
    messages = [
        call.args[1].value
        for path in python("chalicelib")
        if path.parts[1] in DOMAINS
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and _called(call) in REFUSALS and len(call.args) > 1
        if isinstance(call.args[1], ast.Subscript)
    ]
    names = {getattr(table, "attr", getattr(table, "id", "")).lstrip("_") for table in messages}
    assert names <= TABLES


def test_every_code_is_explained() -> None:
    missing = (all_raised() | set(Reason) | set(Why)) - explained()
    assert not missing, f"docs/access.md does not say what to do about {sorted(missing)}"


def test_no_code_is_explained_that_nothing_says() -> None:
    said = {
        node.value
        for path in python("chalicelib")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert explained() - said == set()
