"""Plugins: a folder's files are exactly the names of its registry, and share one shape."""

import inspect
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from chalicelib.core.plugins import Registry
from tests.architecture.source import dotted, python, text

KINDS = {"drivers", "detectors", "decoders", "channels", "gateways", "adapters"}


def folders() -> list[Path]:
    return sorted({p.parent for p in python("chalicelib") if p.parent.name in KINDS})


@cache
def registries() -> dict[str, Registry]:
    """Every registry that a module of a domain holds, by its package."""
    found: dict[str, Registry] = {}
    for path in python("chalicelib"):
        if "Registry(" in text(path) and path.parts[1] != "core":
            values = vars(import_module(dotted(path))).values()
            found |= {value.package: value for value in values if isinstance(value, Registry)}
    return found


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_the_folder_is_its_list_of_names(folder: Path) -> None:
    package = dotted(folder)
    assert package in registries(), f"no Registry({package!r}, NAMES) in the domain"
    files = {p.stem for p in python("chalicelib") if p.parent == folder} - {"__init__"}
    assert files == set(registries()[package].names)


def test_every_registry_has_its_folder() -> None:
    assert set(registries()) == {dotted(folder) for folder in folders()}


@pytest.mark.parametrize("folder", folders(), ids=str)
def test_plugins_of_a_folder_have_one_shape(folder: Path) -> None:
    """What two plugins both offer they offer alike, and all share at least one function."""
    registry = registries()[dotted(folder)]
    shapes = [shape(registry.load(name)) for name in registry.names]
    assert set.intersection(*(set(shape) for shape in shapes)), "nothing in common"
    for offered in set().union(*shapes):
        assert len({shape[offered] for shape in shapes if offered in shape}) == 1, offered


def shape(module: ModuleType) -> dict[str, str]:
    """The module's own public functions and how their parameters are passed."""
    return {
        name: ", ".join(f"{p.kind} {p.name}" for p in inspect.signature(value).parameters.values())
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


def test_an_unnamed_plugin_is_no_plugin() -> None:
    registry = Registry("chalicelib.core", ("money",))
    assert registry.load("money").__name__ == "chalicelib.core.money"
    with pytest.raises(KeyError, match="has no plugin 'clock'"):
        registry.load("clock")
