"""Where staff look: all of their estate, or the part of it that they are appointed to."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.core import paths
from chalicelib.core.auth import Caller


def has_whole_estate(caller: Caller) -> bool:
    """Return whether a member of staff acts at the estate's own node, not at a part of it."""
    return not paths.part_of(caller.node_path, caller.community_id)


def sees(caller: Caller, path: str) -> bool:
    """Return whether what stands at a node lies in the caller's part of the estate."""
    return has_whole_estate(caller) or caller.sees(path)


def filter_of(caller: Caller, path: UnicodeAttribute) -> Condition | None:
    """Return the condition of rows in the caller's part, and of those that are everybody's.

    None: of all.
    """
    if has_whole_estate(caller):
        return None
    below = path.startswith(f"{caller.node_path}/")
    either: Condition = path.does_not_exist() | (path == caller.node_path) | below
    return either
