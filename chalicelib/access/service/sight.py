"""Where staff look: all of their estate, or the part of it that they are appointed to."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.core.auth import Caller


def sees(caller: Caller, path: str) -> bool:
    """Return whether what stands at a node lies in the caller's part of the estate."""
    return caller.has_whole_estate or caller.sees(path)


def filter_of(caller: Caller, path: UnicodeAttribute) -> Condition | None:
    """Return the condition of rows in the caller's part, and of those that are everybody's.

    None: of all.
    """
    if caller.has_whole_estate:
        return None
    below = path.startswith(f"{caller.node_path}/")
    either: Condition = path.does_not_exist() | (path == caller.node_path) | below
    return either
