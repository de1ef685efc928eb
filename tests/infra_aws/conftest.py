"""The synthesised templates, once for all tests.

Run in .venv-infra (`make synth`); other environments have no CDK and leave this folder out.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("aws_cdk") is None:
    collect_ignore_glob = ["test_*.py"]

Resources = dict[str, dict[str, Any]]


class Template:
    """One synthesised template, asked by resource type."""

    def __init__(self, path: Path) -> None:
        self.resources: Resources = json.loads(path.read_text(encoding="utf-8"))["Resources"]

    def of(self, kind: str) -> Resources:
        """Return the resources of `AWS::{kind}` by logical id."""
        return {
            name: resource
            for name, resource in self.resources.items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def properties(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the properties of each resource of `AWS::{kind}`."""
        for resource in self.of(kind).values():
            yield resource["Properties"]

    def named(self, kind: str, key: str, value: str) -> dict[str, Any]:
        """Return the properties of the one resource whose property `key` is `value`."""
        (found,) = (p for p in self.properties(kind) if p.get(key) == value)
        return found


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from infra.aws import plan  # noqa: PLC0415 -- collected where there is no CDK, too
    from infra.stack import assemble  # noqa: PLC0415 -- as above
    from infra.synth import context  # noqa: PLC0415 -- as above

    packages = tmp_path_factory.mktemp("packages")
    for name in plan.PACKAGES:
        (packages / name).mkdir()
        (packages / name / "app.py").write_text("# stands for the package\n", encoding="utf-8")
    out = tmp_path_factory.mktemp("assembly")
    assemble(plan.load(packages), outdir=str(out), context=context()).synth()
    return out


@pytest.fixture(scope="session")
def linli(assembly: Path) -> Template:
    return Template(assembly / "Linli.template.json")


@pytest.fixture(scope="session")
def account(assembly: Path) -> Template:
    return Template(assembly / "Account.template.json")
