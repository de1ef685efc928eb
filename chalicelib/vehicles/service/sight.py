"""Which cars staff see: all of their estate's, or those at the part of it that is theirs."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.core.auth import Caller


def sees(caller: Caller, path: str | None) -> bool:
    """Return whether a car was seen in the caller's part of the estate."""
    return caller.has_whole_estate or caller.sees(path or "")


def filter_of(caller: Caller, path: UnicodeAttribute) -> Condition | None:
    """Return the condition of rows in the caller's part of the estate; None: of all."""
    if caller.has_whole_estate:
        return None
    here = caller.node_path
    either: Condition = (path == here) | path.startswith(f"{here}/")
    return either
