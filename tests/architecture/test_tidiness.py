"""What must not be in the repository: patches, skipped tests, machine paths, secrets."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import CODE, ROOT, ours, python, text

MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|tmp|home)/[a-z.]")
SECRETS = {
    "AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{16}"),
    "signed token": re.compile(r"\beyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}"),
    "private JWK": re.compile(r'"d" *: *"[\w-]{40,}"'),
    "cloud key": re.compile(r"\b(ghp_|sk_live_|xox[bp]-)\w{16,}"),
}
REGISTRY = re.compile(r"--(extra-)?index-url|--find-links|registry\W{1,3}https?:", re.IGNORECASE)
PATCHED = re.compile(r"mock\.patch|mocker\.|\bmonkeypatch\.setattr|import mock\b|unittest\.mock")
SKIPPED = re.compile(r"pytest\.(mark\.)?(skip|xfail|importorskip)|unittest\.skip|@skip\b")
ME = Path(__file__).relative_to(ROOT)


def readable() -> list[Path]:
    """The text files, less this one, which spells out what it looks for."""
    return [path for path in ours() if path != ME and b"\0" not in (ROOT / path).read_bytes()]


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(text(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_test_patches_what_it_tests() -> None:
    """Pass `at=`, choose a loopback plugin, or use a simulator."""
    tests = [path for path in python("tests") if path != ME]
    assert lines_with(PATCHED, tests) == []


def test_no_test_is_skipped() -> None:
    tests = [path for path in python("tests") if path != ME]
    assert lines_with(SKIPPED, tests) == []


def test_no_file_knows_a_machine() -> None:
    assert lines_with(MACHINE_PATH, readable()) == []


@pytest.mark.parametrize("kind", SECRETS)
def test_no_secret_is_committed(kind: str) -> None:
    found = [str(path) for path in readable() if SECRETS[kind].search(text(path))]
    assert found == []


def test_no_file_names_a_package_registry() -> None:
    """Each machine's own pip and npm configuration says where packages come from."""
    assert lines_with(REGISTRY, readable()) == []


def test_every_silenced_check_has_a_reason() -> None:
    silenced = re.compile(r"#\s*(noqa|type: ignore)(?!.*(--|#))")
    files = [path for path in python(*CODE) if path != ME]
    assert lines_with(silenced, files) == []
