"""The rows of every domain, for both homes: a table is made because a row class names it."""

import importlib
import pkgutil
from typing import Any

OF_CORE = ("chalicelib.core.outbox", "chalicelib.core.wechat")
"""Own the tables outbox, once and wechat_tokens."""


def load() -> dict[str, type[Any]]:
    """Import every domain's `tables`, a file or a folder; return the row classes by short name.

    Raises what a module raises as it loads.
    """
    domains = importlib.import_module("chalicelib")
    for module in pkgutil.walk_packages(domains.__path__, "chalicelib.", onerror=_raise):
        if module.name.split(".")[2:3] == ["tables"]:
            importlib.import_module(module.name)
    for name in OF_CORE:
        importlib.import_module(name)
    rows: dict[str, type[Any]] = importlib.import_module("chalicelib.core.table").tables()
    return rows


def _raise(_package: str) -> None:
    """Let through what `walk_packages` would swallow: a table would be missing, unsaid."""
    raise  # noqa: PLE0704 -- called from within its except clause
