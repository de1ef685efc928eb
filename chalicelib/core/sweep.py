"""Sweeps over many rows: one row that cannot be dealt with never stops the others."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from chalicelib.core.errors import Conflict
from chalicelib.core.logs import logger

Key = TypeVar("Key")


def each(keys: Iterable[Key], deal: Callable[[Key], bool]) -> int:
    """Deal with every row; return how many `deal` said it changed.

    A Conflict means that somebody else did it meanwhile. Any other failure is logged, and
    the row comes again with the next sweep (SECURITY.md I20).
    """
    changed = 0
    for key in keys:
        try:
            changed += deal(key)
        except Conflict:
            logger().info("raced", extra={"key": str(key)[:100]})
        except Exception:  # noqa: BLE001 -- the rows behind this one must be dealt with
            logger().exception("row not swept", extra={"key": str(key)[:100]})
    return changed
