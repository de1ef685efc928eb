"""Every row class is found, whether a domain's tables are a file or a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

ROW = """
from pynamodb.attributes import UnicodeAttribute

from chalicelib.core.table import Row


class {name}(Row):
    class Meta:
        short = "{short}"

    community_id = UnicodeAttribute(hash_key=True)
"""

LOADED = """
import sys

import chalicelib
from infra import rows

chalicelib.__path__.append(sys.argv[1])
print(*rows.load())
"""


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    """A place with a domain whose tables have outgrown their file."""
    tables = tmp_path / "orchards" / "tables"
    (tables / "orders").mkdir(parents=True)
    for folder in (tables.parent, tables, tables / "orders"):
        (folder / "__init__.py").write_text('"""Rows."""')
    (tables / "trees.py").write_text(ROW.format(name="Tree", short="trees"))
    (tables / "orders" / "open.py").write_text(ROW.format(name="Order", short="fruit_orders"))
    return tmp_path


def load(place: Path) -> subprocess.CompletedProcess[str]:
    """Load all rows in a process of its own: row classes stay where they were made."""
    command = [sys.executable, "-c", LOADED, str(place)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_tables_in_a_folder_are_found(grown: Path) -> None:
    found = load(grown).stdout.split()
    assert {"trees", "fruit_orders", "outbox", "once", "calls"} <= set(found)


def test_a_module_that_does_not_load_is_said(grown: Path) -> None:
    (grown / "orchards" / "tables" / "__init__.py").write_text("import no_such_module")
    done = load(grown)
    assert done.returncode != 0
    assert "no_such_module" in done.stderr
