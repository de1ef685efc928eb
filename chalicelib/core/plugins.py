"""Plugins: explicit names, one file each, loaded on first use and never discovered."""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType


class Registry:
    """The plugins of one package, such as `chalicelib.devices.drivers`.

    `names` is the whole list: a file that is not named does not exist for us, and an
    architecture test proves that folder and names agree.
    """

    def __init__(self, package: str, names: Sequence[str]) -> None:
        self.package = package
        self.names = tuple(names)

    def load(self, name: str) -> ModuleType:
        """Return the plugin's module; KeyError for a name that is not in the list."""
        if name not in self.names:
            raise KeyError(f"{self.package} has no plugin {name!r}; it has {self.names}")
        return import_module(f"{self.package}.{name}")
