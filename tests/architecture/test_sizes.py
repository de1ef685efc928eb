"""Sizes that keep a file readable in one sitting; complexity and parameters are ruff's."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import CODE, lines, python, settings, tree

FILE, TEST_FILE, FUNCTION_FILE, FUNCTION = 300, 400, 60, 40
VOCABULARY = {"grants.py", "manifest.py", "wakes.py", "__init__.py"}


@pytest.mark.parametrize("path", python(*CODE), ids=str)
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    limit = TEST_FILE if path.parts[0] == "tests" else FILE
    assert lines(path) <= limit, "split it: a folder of the same name keeps the grammar"


@pytest.mark.parametrize("path", python("functions"), ids=str)
def test_a_lambda_is_a_short_file(path: Path) -> None:
    if path.name not in VOCABULARY and path.parts[1] != "manifests":
        assert lines(path) <= FUNCTION_FILE, "decide in the domain; a handler only calls it"


@pytest.mark.parametrize("path", python(*CODE), ids=str)
def test_a_function_fits_a_screen(path: Path) -> None:
    long = [
        f"{path}:{node.lineno} {node.name} {size}"
        for node, size in functions(path)
        if size > FUNCTION
    ]
    assert long == []


def functions(path: Path) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Each function with its lines, its docstring not counted."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            words = node.body[0] if ast.get_docstring(node) else None
            docstring = (words.end_lineno or 0) - words.lineno + 1 if words else 0
            yield node, (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_ruff_holds_complexity_and_parameters() -> None:
    tool: dict[str, dict[str, dict[str, dict[str, int]]]] = settings()["tool"]  # type: ignore[assignment]  # TOML
    lint = tool["ruff"]["lint"]
    assert lint["mccabe"]["max-complexity"] <= 8
    assert lint["pylint"]["max-positional-args"] <= 5
    assert lint["pylint"]["max-args"] <= 8
