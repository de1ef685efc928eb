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
    """Synthesised templates as if they were one, asked by resource type."""

    def __init__(self, *paths: Path) -> None:
        templates = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        exports = {
            output["Export"]["Name"]: output["Value"]
            for template in templates
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }
        self.resources: Resources = {}
        for template in templates:
            assert not self.resources.keys() & template["Resources"].keys()
            self.resources |= _imported(template["Resources"], exports)

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


def _imported(part: Any, exports: dict[str, Any]) -> Any:
    """Return a part of a template with what it imports from the others in place."""
    if isinstance(part, dict):
        name = part.get("Fn::ImportValue")
        if isinstance(name, str) and name in exports:
            return exports[name]
        return {key: _imported(value, exports) for key, value in part.items()}
    return [_imported(one, exports) for one in part] if isinstance(part, list) else part


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
    """Everything but what an account has once."""
    apart = {"Account.template.json"}
    return Template(*(p for p in sorted(assembly.glob("*.template.json")) if p.name not in apart))


@pytest.fixture(scope="session")
def account(assembly: Path) -> Template:
    return Template(assembly / "Account.template.json")
