"""`make new-…` writes code and tests that pass at once: tried on a copy of the tree."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, ours

SETTLED = ("--hears", "devices.CommandSettled")
ASKED = (
    ("domain", "lost_things"),
    ("domain", "libraries", "--row", "book"),
    ("driver", "carrier_pigeon"),
    ("adapter", "smoke_signals"),
    ("detector", "lamplight"),
    ("function", "count_pigeons"),
    ("function", "note_settled", *SETTLED, "--does", "access.finish"),
)
ALONE = (
    "tests/lost_things/test_rules.py",
    "tests/lost_things/test_schemas.py",
    "tests/devices/test_carrier_pigeon_driver.py",
    "tests/devices/adapters/test_smoke_signals.py",
    "tests/vision/test_lamplight_detector.py",
    "tests/functions/test_count_pigeons.py",
    "tests/architecture/test_plugins.py",
    "tests/architecture/test_manifest.py",
    "tests/architecture/test_grammar.py",
    "tests/architecture/test_sizes.py",
)
"""What can be run without engines."""

WITH_ENGINES = ("tests/lost_things", "tests/libraries")

CONCERNED = " or ".join([*(asked[1] for asked in ASKED), "list_of_names", "in_the_manifest"])


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with one new thing of each kind."""
    there = tmp_path_factory.mktemp("copy")
    for path in ours():
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, there / path)
    subprocess.run(["git", "init", "--quiet"], cwd=there, check=True)
    for asked in ASKED:
        done = run(there, "tools.scaffold", *asked)
        assert done.returncode == 0, done.stderr
    return there


def new(copy: Path) -> list[str]:
    """The files that are not in our own tree, or differ."""
    files = [path.relative_to(copy) for path in copy.rglob("*.py")]
    known = set(ours())
    return sorted(
        str(path)
        for path in files
        if path not in known or (ROOT / path).read_bytes() != (copy / path).read_bytes()
    )


def test_what_is_written_is_clean(copy: Path) -> None:
    for step in (["check"], ["format", "--check"]):
        done = run(copy, "ruff", *step, *new(copy))
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_written_is_typed(copy: Path) -> None:
    written = [name for name in new(copy) if not (ROOT / name).exists()]
    cache = f"--cache-dir={ROOT / '.mypy_cache/copy'}"  # keeps what it knows of libraries
    done = run(copy, "mypy", "--follow-imports=silent", cache, *written)
    assert done.returncode == 0, done.stdout


def test_what_is_written_keeps_the_arrows(copy: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_is_written_passes_its_tests(copy: Path) -> None:
    quiet = ("-q", "-p", "no:cacheprovider", "--noconftest")
    done = run(copy, "pytest", *quiet, "-k", CONCERNED, *ALONE)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def engines(copy: Path) -> Path:
    """The copy, with what runs a test that needs engines."""
    for engine in (".local-engine", ".venv-ministack"):
        (copy / engine).symlink_to(ROOT / engine)
    return copy


def test_what_is_written_works_with_the_engines(engines: Path) -> None:
    done = run(engines, "pytest", "-q", "-p", "no:cacheprovider", *WITH_ENGINES)
    assert done.returncode == 0, done.stdout


def test_a_reaction_fails_until_it_has_rights_and_an_effect(engines: Path) -> None:
    """Rights nobody asked for are not granted, and a test of nothing is no test."""
    reaction = "tests/functions/test_note_settled.py"
    manifest = engines / "functions/manifests/access.py"
    done = run(engines, "pytest", "-q", "-p", "no:cacheprovider", reaction)
    assert "note_settled may not dynamodb" in done.stdout
    before, _, after = manifest.read_text().rpartition("tables=OUTBOX")
    manifest.write_text(f'{before}tables={{**OUTBOX, "calls": "rw"}}{after}')
    done = run(engines, "pytest", "-q", "-p", "no:cacheprovider", reaction)
    assert "no effect: make above what the use case needs" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("domain", "devices"), "is there already"),
        (("driver", "mqtt"), "is there already"),
        (("domain", "calls"), "'calls' is there already: a table"),
        (("domain", "openapi"), "'openapi' is there already: a name in app.py"),
        (("function", "device_urgent", *SETTLED), "'device_urgent' is there already: a queue"),
        (("domain", "shared_utils"), "says nothing"),
        (("domain", "CamelCase"), "is not snake_case"),
        (("domain", "class"), "is not snake_case"),
        (("domain", "../elsewhere"), "is not snake_case"),
        (("function", "deaf_one", "--hears", "devices.Nothing"), "is no event"),
        (("domain", "eager", *SETTLED), "only a function"),
        (("domain", "parcels", "--row", "CamelCase"), "is not snake_case"),
        (("function", "idle_one", *SETTLED), "use case first"),
        (("function", "idle_one", *SETTLED, "--does", "access.nothing"), "use case first"),
    ],
)
def test_a_bad_wish_writes_nothing(copy: Path, asked: tuple[str, ...], why: str) -> None:
    before = new(copy)
    done = run(copy, "tools.scaffold", *asked)
    assert done.returncode == 1
    assert why in done.stderr
    assert new(copy) == before
