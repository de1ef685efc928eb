"""`python -m infra.aws.package`: build the Lambda packages and print their sizes.

A package is wheels for Lambda's Python, our own code, Chalice's runtime (two files of it, not
its command-line tools), and bytecode: Lambda's file system is read-only, so without it every
cold start would compile everything anew. boto3 is left out: Lambda's Python brings one, and
nothing here needs a newer (`iot-data` has known `messageExpiry` since 1.29).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PathDistribution
from pathlib import Path

from infra.aws.plan import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "lambda"
FOUNDATIONS = ROOT / "build" / "foundations"
LAMBDA_PYTHON = "3.13"
LIMIT_MB = 250
"""Unzipped size that Lambda takes, layers included (AWS Lambda quotas)."""

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64")
"""Amazon Linux 2023 has glibc 2.34; onnxruntime's wheels need 2.28."""

MAGIC = {"3.13": "f30d0d0a"}
"""The bytecode's magic number (CPython Lib/importlib/_bootstrap_external.py)."""

VENDORED = {"chalice"}
LAMBDA_BRINGS = {"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six"}
OURS = ("app.py", "chalicelib", "functions", "tools/verify_vote.py")
"""The script is published beside each vote's log."""

EXTRAS = re.compile(r"\[.*?\]")
UNWANTED = ("__pycache__", "tests", "bin")
REQUIREMENTS = {"core": "requirements.txt", "inference": "requirements-inference.txt"}


def build(package: str, into: Path, python: str) -> Path:
    """Build one package for a Python version, and return its folder.

    Raises subprocess.CalledProcessError if a wheel is missing or a file does not compile.
    """
    folder = into / package
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_foundation(package, python), folder, copy_function=os.link)
    for name in OURS:
        _copy(ROOT / name, folder / name)
    _compile(folder, OURS, python)
    return folder


def _foundation(package: str, python: str) -> Path:
    """Return everything of a package but our own code, made when a requirement has changed."""
    stated = [*_pins(package), *roots(package), python, Path(__file__).read_text(encoding="utf-8")]
    digest = hashlib.sha256("\n".join(stated).encode()).hexdigest()[:16]
    folder = FOUNDATIONS / f"{package}-{python}-{digest}"
    if (folder / "chalice").exists():
        return folder
    making = folder.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    _install(package, making, python)
    _drop(making, LAMBDA_BRINGS)
    _prune(making)
    _vendor_chalice(making)
    _compile(making, [entry.name for entry in making.iterdir()], python)
    making.replace(folder)
    return folder


def roots(package: str) -> list[str]:
    """Return the requirements we chose ourselves for a package, without those left out."""
    files = ["requirements.txt", *([REQUIREMENTS[package]] if package != "core" else [])]
    return [
        line
        for file in files
        for line in _first_block(ROOT / file)
        if _name(line) not in VENDORED | LAMBDA_BRINGS
    ]


def _first_block(path: Path) -> Iterator[str]:
    """Yield the requirements before the first blank line: what they bring, pip works out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            return
        if not line.startswith(("#", "-")):
            yield line.split("#")[0].strip()


def _pins(package: str) -> Iterator[str]:
    """Yield every pinned version, without extras: pip takes none in constraints."""
    for file in sorted({"requirements.txt", REQUIREMENTS[package]}):
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if "==" in line and not line.startswith("#"):
                yield EXTRAS.sub("", line.split("#")[0])


def _name(requirement: str) -> str:
    return EXTRAS.sub("", requirement.partition("==")[0]).strip().lower()


def _install(package: str, folder: Path, python: str) -> None:
    constraints = folder.parent / f"{package}.constraints"
    constraints.write_text("\n".join(_pins(package)), encoding="utf-8")
    targets = [word for platform in PLATFORMS for word in ("--platform", platform)]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-compile",
            "--only-binary=:all:",
            "--implementation",
            "cp",
            "--python-version",
            python,
            *targets,
            "--target",
            str(folder),
            "--constraint",
            str(constraints),
            *roots(package),
        ],
        check=True,
    )


def _drop(folder: Path, names: Iterable[str]) -> None:
    """Remove installed distributions, file by file as they were recorded."""
    for info in list(folder.glob("*.dist-info")):
        distribution = PathDistribution(info)
        if _name(distribution.metadata["Name"]) not in names:
            continue
        for file in distribution.files or ():
            (folder / file).unlink(missing_ok=True)
    for empty in sorted(folder.rglob("*"), reverse=True):
        if empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()


def _vendor_chalice(folder: Path) -> None:
    """Copy the two files that answer requests; the rest of Chalice deploys and is not ours."""
    found = importlib.util.find_spec("chalice")
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).parent
    (folder / "chalice").mkdir()
    for name in ("__init__.py", "app.py"):
        shutil.copy2(source / name, folder / "chalice" / name)
    for licence in source.parent.glob("chalice-*.dist-info/**/LICENSE*"):
        shutil.copy2(licence, folder / "chalice" / "LICENSE")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _prune(folder: Path) -> None:
    for name in UNWANTED:
        for found in list(folder.rglob(name)):
            if found.is_dir():
                shutil.rmtree(found, ignore_errors=True)


def _compile(folder: Path, names: Sequence[str], python: str) -> None:
    """Write `.pyc` files that are trusted as they are: the package never changes."""
    if interpreter := _interpreter(python):
        subprocess.run(
            [
                interpreter,
                "-m",
                "compileall",
                "-qq",
                "-s",
                folder,
                "-p",
                "/var/task",
                "--invalidation-mode",
                "unchecked-hash",
                *(folder / name for name in names),
            ],
            check=True,
        )
        return
    modules = ROOT / ".venv-infra" / "node" / "node_modules"
    subprocess.run(
        ["node", Path(__file__).with_name("compile.mjs"), modules, folder, MAGIC[python], *names],
        check=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )


def _interpreter(python: str) -> str | None:
    """Return a Python of this version that runs; pyenv leaves shims of versions not chosen."""
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{python}")
    if (
        found
        and subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode == 0
    ):
        return found
    return None


def megabytes(folder: Path, pattern: str = "*") -> float:
    """Return what the files of a folder weigh, in MB of 2**20 bytes, as Lambda counts."""
    return sum(f.stat().st_size for f in folder.rglob(pattern) if f.is_file()) / 2**20


def _report(folder: Path, seconds: float) -> float:
    total = megabytes(folder)
    print(
        f"{folder.name:<10} {total:7.1f} MB unzipped of {LIMIT_MB}"
        f"  (bytecode {megabytes(folder, '*.pyc'):.1f} MB), built in {seconds:.1f} s"
    )
    parts = {
        entry.name: megabytes(entry) if entry.is_dir() else entry.stat().st_size / 2**20
        for entry in folder.iterdir()
    }
    for name, size in sorted(parts.items(), key=lambda part: -part[1])[:6]:
        print(f"    {size:7.1f}  {name}")
    return total


def main() -> int:
    """Build what the arguments name; 1 if a package is larger than Lambda takes."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m infra.aws.package")
    parser.add_argument("packages", nargs="*", default=list(PACKAGES))
    parser.add_argument("--into", type=Path, default=BUILD)
    parser.add_argument("--python", default=LAMBDA_PYTHON)
    chosen = parser.parse_args()
    too_large = False
    for package in chosen.packages:
        began = time.monotonic()
        folder = build(package, chosen.into, chosen.python)
        too_large |= _report(folder, time.monotonic() - began) > LIMIT_MB
    return int(too_large)


if __name__ == "__main__":
    raise SystemExit(main())
