"""What import-linter cannot see: packages, clocks, single modules, imports at start-up."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SERVED, dotted, python, settings, text, tree

CLOCK = Path("chalicelib/core/clock.py")
READS_CLOCK = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time(_ns)?\(")
SPECIAL_CASE = re.compile(r"\b(is_local|IS_LOCAL)\b|\bstage *(==|!=|in)\b|STAGE *(==|!=)")
HEAVY = (
    *("numpy", "PIL", "onnx", "onnxruntime"),
    *("cryptography", "requests", "openpyxl", "reportlab", "segno"),
)


INITS = [path for path in python(*SERVED) if path.name == "__init__.py"]
PLUGINS = {"drivers", "detectors", "decoders", "channels", "gateways", "adapters"}
NAMES = re.compile(
    r'""".+"""\n\nfrom chalicelib\.core\.plugins import Registry\n\nNAMES = \([^)]*\)\n'
    r"[A-Z]+ = Registry\(__name__, NAMES\)\n",
    re.DOTALL,
)


@pytest.mark.parametrize("path", INITS, ids=str)
def test_an_init_is_one_docstring(path: Path) -> None:
    """Code in it would run for everyone who passes by; plugin folders add their names."""
    assert ast.get_docstring(tree(path)), f"{path}: say in one sentence what the folder is"
    if path.parent.name not in PLUGINS or len(tree(path).body) == 1:
        assert len(tree(path).body) == 1
    else:
        assert NAMES.fullmatch(text(path)), f"{path}: a docstring, NAMES and one Registry"


def test_every_folder_of_code_is_a_package() -> None:
    files = python("chalicelib", "functions")
    assert {path.parent for path in files} == {
        path.parent for path in files if path.name == "__init__.py"
    }


def test_only_the_clock_reads_the_time() -> None:
    """Else a simulation and a replay would meet two times."""
    found = [str(path) for path in python(*SERVED) if READS_CLOCK.search(text(path))]
    assert set(found) <= {str(CLOCK)}, found


def test_no_code_asks_which_home_it_runs_in() -> None:
    """What differs between homes is an address or a plugin's name in configuration."""
    assert [str(path) for path in python(*SERVED) if SPECIAL_CASE.search(text(path))] == []


def test_slow_modules_are_imported_where_they_are_used() -> None:
    banned = set(banned_at_start())
    found = [
        f"{path}:{node.lineno} {name}"
        for path in python(*SERVED)
        for node in tree(path).body
        for name in imported(node)
        if name.split(".")[0] in banned
    ]
    assert found == []


def banned_at_start() -> list[str]:
    tool: dict[str, dict[str, dict[str, dict[str, list[str]]]]] = settings()["tool"]  # type: ignore[assignment]  # TOML
    return tool["ruff"]["lint"]["flake8-tidy-imports"]["banned-module-level-imports"]


def imported(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [node.module or ""]
    return []


def test_app_only_assembles_routes() -> None:
    """Core, the domains' routes and Chalice: nothing else has a place in app.py."""
    allowed = re.compile(r"chalice(\.app)?|chalicelib\.core(\..+)?|chalicelib\.\w+\.routes(\.\w+)?")
    names = []
    for node in ast.walk(tree(Path("app.py"))):
        if isinstance(node, ast.ImportFrom) and re.fullmatch(r"chalicelib\.\w+", node.module or ""):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.stmt):
            names += imported(node)
    ours = [name for name in names if name.startswith("chalice")]
    others = set(names) - set(ours) - set(sys.stdlib_module_names)
    assert [name for name in ours if not allowed.fullmatch(name)] == []
    assert {name.split(".")[0] for name in others} <= set(sys.stdlib_module_names)


def test_starting_the_api_loads_nothing_heavy() -> None:
    code = f"import app, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_no_function_loads_inference_at_start() -> None:
    """Not even the inference function: its first log line must not wait for a model."""
    handlers = [dotted(path) for path in python("functions")]
    code = (
        "import importlib, sys\n"
        f"for name in {handlers!r}: importlib.import_module(name)\n"
        f"print([m for m in {HEAVY[:4]!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr
