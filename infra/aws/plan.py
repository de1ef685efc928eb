"""What the AWS home is made from: the running code itself, loaded once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.wakes import Function, Http, TopicRule
from infra import rows

PREFIX = "linli-"
"""Every physical name starts with it; `LINLI_TABLE_PREFIX` tells the code."""

PACKAGES = ("core", "inference")
"""The Lambda packages, folders below the package directory."""


@dataclass(frozen=True)
class Plan:
    """The manifest, the rows, the routes, and where the built packages lie."""

    functions: Sequence[Function]
    topic_rules: Sequence[TopicRule]
    rows: Mapping[str, type[Any]]
    api: Any
    packages: Path

    @property
    def audiences(self) -> dict[str, Function]:
        """Return the function that serves each audience, by audience."""
        return {
            wake.audience: function
            for function in self.functions
            for wake in function.wakes
            if isinstance(wake, Http)
        }


def load(packages: Path) -> Plan:
    """Import the manifest, every domain's tables and the API, and return the plan.

    Raises ImportError naming the module that cannot be loaded.
    """
    manifest = importlib.import_module("functions.manifest")
    return Plan(
        functions=manifest.FUNCTIONS,
        topic_rules=manifest.TOPIC_RULES,
        rows=rows.load(),
        api=importlib.import_module("app").app,
        packages=packages,
    )


def title(name: str) -> str:
    """Return a construct id of a physical name: `device-events` → `DeviceEvents`."""
    return "".join(part.capitalize() for part in name.replace("_", "-").split("-"))
