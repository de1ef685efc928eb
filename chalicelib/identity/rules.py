"""Pure rules of identity."""

from enum import StrEnum


class Tie(StrEnum):
    """What ties a person to a flat (房屋): ownership, lease, or kinship."""

    OWNER = "owner"
    TENANT = "tenant"
    FAMILY = "family"
    CHILD = "child"


ANSWERING = frozenset({Tie.OWNER, Tie.TENANT, Tie.FAMILY})
"""Ties that may answer a visitor: the adults of the flat."""
