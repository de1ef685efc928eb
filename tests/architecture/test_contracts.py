"""Each contract of .importlinter bites: a violation in a copy of the tree breaks it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

GRAMMAR = ("routes", "schemas", "public", "service", "tables", "rules", "events")
PLUGINS = ("drivers", "detectors", "decoders", "channels", "gateways", "adapters")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with two more domains, `inns` and `quays`, that have every file there is."""
    there = tmp_path_factory.mktemp("copy")
    for folder in ("chalicelib", "functions"):
        shutil.copytree(ROOT / folder, there / folder, ignore=shutil.ignore_patterns("*.pyc"))
    (there / "tools").mkdir()
    shutil.copy(ROOT / "tools/contracts.py", there / "tools")
    shutil.copy(ROOT / ".importlinter", there)
    for domain in ("inns", "quays"):
        for name in GRAMMAR:
            write(there, f"chalicelib/{domain}/{name}.py", "")
        for folder in PLUGINS:
            write(there, f"chalicelib/{domain}/{folder}/one.py", "")
            write(there, f"chalicelib/{domain}/{folder}/__init__.py", "")
        write(there, f"chalicelib/{domain}/__init__.py", "")
    return there


@pytest.fixture
def added(copy: Path) -> Iterator[list[Path]]:
    """Files to empty again when the test is over."""
    files: list[Path] = []
    yield files
    for path in files:
        if path.parent.name in ("inns", "quays") and path.stem in GRAMMAR:
            path.write_text("")
        else:
            path.unlink()


def write(root: Path, name: str, code: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code)
    return path


def lint(root: Path, *contracts: str) -> tuple[bool, str]:
    """Whether these contracts (or all) hold in a tree, and what the linter said."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    command += [f"--contract={name}" for name in contracts]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert "Contracts:" in said, said
    return done.returncode == 0, said


def test_two_more_domains_break_nothing(copy: Path) -> None:
    held, said = lint(copy)
    assert held, said


VIOLATIONS = [
    # contract, file, code, what the linter must name
    ("grammar", "chalicelib/inns/helpers.py", "", "chalicelib.inns.helpers"),
    ("grammar", "chalicelib/stray.py", "", "chalicelib.stray"),
    ("grammar", "chalicelib/inns/tables.py", "import chalicelib.inns.service", "tables ->"),
    ("grammar", "chalicelib/inns/service.py", "import chalicelib.inns.routes", "service ->"),
    ("grammar", "chalicelib/inns/events.py", "import chalicelib.inns.rules", "events ->"),
    ("grammar", "chalicelib/inns/tables.py", "import chalicelib.inns.drivers.one", "tables ->"),
    ("walls", "chalicelib/inns/service.py", "import chalicelib.quays.tables", "quays.tables"),
    ("walls", "chalicelib/inns/routes.py", "from chalicelib.quays import service", "quays.service"),
    ("walls", "chalicelib/inns/rules.py", "from chalicelib import quays", "chalicelib.quays"),
    ("functions", "functions/stray.py", "import chalicelib.inns.service", "inns.service"),
    ("functions", "functions/stray.py", "from chalicelib.inns.tables import x", "inns.tables"),
    ("pure", "chalicelib/inns/rules.py", "import boto3", "boto3"),
    ("pure", "chalicelib/inns/rules.py", "from chalicelib.core import clock", "core.clock"),
    ("pure", "chalicelib/inns/rules.py", "from chalicelib.core.ids import new_id", "core.clock"),
    ("pure", "chalicelib/inns/events.py", "import pynamodb.models", "pynamodb"),
    ("pure", "chalicelib/inns/schemas.py", "import chalicelib.core.outbox", "core.outbox"),
    ("pure", "chalicelib/inns/schemas.py", "import chalicelib.inns.tables", "inns.tables"),
    ("pure", "chalicelib/inns/rules.py", "import time", "time"),
    ("stdlib", "chalicelib/inns/events.py", "import pydantic", "pydantic"),
    ("plugins", "chalicelib/inns/drivers/two.py", "import chalicelib.inns.rules", "inns.rules"),
    ("plugins", "chalicelib/inns/adapters/two.py", "import chalicelib.core.table", "core.table"),
    ("core", "chalicelib/core/stray.py", "import chalicelib.inns.events", "inns.events"),
    ("top", "chalicelib/inns/service.py", "import functions.stray", "functions"),
    ("top", "chalicelib/inns/service.py", "import infra.local", "infra"),
    ("top", "chalicelib/core/stray.py", "import app", "app"),
    ("top-functions", "functions/stray.py", "import app", "app"),
    ("top-functions", "functions/stray.py", "import infra.local", "infra"),
]


@pytest.mark.parametrize(
    ("contract", "name", "code", "named"),
    VIOLATIONS,
    ids=[f"{contract}: {name}: {code}" for contract, name, code, _ in VIOLATIONS],
)
def test_a_violation_breaks_its_contract(  # noqa: PLR0917 -- a table of four columns
    copy: Path, added: list[Path], contract: str, name: str, code: str, named: str
) -> None:
    added.append(write(copy, name, code + "\n"))
    held, said = lint(copy, contract)
    assert not held
    assert named in said.replace("\n", " ")


def test_a_cycle_between_domains_breaks_the_build(copy: Path, added: list[Path]) -> None:
    added.append(write(copy, "chalicelib/inns/service.py", "import chalicelib.quays.public\n"))
    added.append(write(copy, "chalicelib/quays/service.py", "import chalicelib.inns.public\n"))
    added.append(write(copy, "chalicelib/inns/public.py", "import chalicelib.inns.service\n"))
    added.append(write(copy, "chalicelib/quays/public.py", "import chalicelib.quays.service\n"))
    held, said = lint(copy, "cycles")
    assert not held, said


def test_asking_another_domain_and_hearing_it_is_allowed(copy: Path, added: list[Path]) -> None:
    code = "import chalicelib.quays.public\nfrom chalicelib.quays.events import Moored\n"
    added.append(write(copy, "chalicelib/inns/service.py", code))
    held, said = lint(copy)
    assert held, said


def test_every_contract_is_shown_to_bite() -> None:
    declared = {
        line.removeprefix("[importlinter:contract:").rstrip("]")
        for line in (ROOT / ".importlinter").read_text().splitlines()
        if line.startswith("[importlinter:contract:")
    }
    assert declared == {contract for contract, *_ in VIOLATIONS} | {"cycles"}
