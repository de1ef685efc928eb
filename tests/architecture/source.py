"""The repository's own files, as the architecture tests read them."""

import ast
import subprocess
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("app.py", "chalicelib", "functions", "infra", "tools", "simulators", "benchmarks", "tests")
SERVED = ("app.py", "chalicelib", "functions")
"""What runs in a Lambda, and so starts on somebody's time."""


@cache
def ours() -> tuple[Path, ...]:
    """Every file that is committed or is about to be, relative to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (Path(name) for name in listed.split("\0") if name)
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))


def python(*tops: str) -> list[Path]:
    """The Python files below these top-level names."""
    return [path for path in ours() if path.suffix == ".py" and path.parts[0] in tops]


@cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), str(path))


def lines(path: Path) -> int:
    return text(path).count("\n")


def dotted(path: Path) -> str:
    """The module's name: `chalicelib/core/ids.py` → `chalicelib.core.ids`."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@cache
def settings() -> dict[str, object]:
    """The table of pyproject.toml."""
    return tomllib.loads(text(Path("pyproject.toml")))
