"""What access holds of a person, for their export."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Final

from chalicelib.access.service import (
    calls,
    credential_trails,
    credential_views,
    opening,
    pass_courses,
    ringing,
)

Rows = Iterator[tuple[str, dict[str, Any]]]

SOURCES: Final[tuple[Callable[[str, str], Rows], ...]] = (
    calls.held_of,
    credential_views.held_of,
    credential_trails.held_of,
    ringing.held_of,
    opening.held_of,
    pass_courses.held_of,
)
"""Each file that keeps something of residents has its `held_of` here."""


def held_of(community_id: str, person_id: str) -> Rows:
    """Yield (kind, row) of all that access holds of a person."""
    return chain.from_iterable(source(community_id, person_id) for source in SOURCES)
