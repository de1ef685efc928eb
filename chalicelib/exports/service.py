"""The use case of an export: ask every domain what it holds of a person.

A domain that comes to hold something of residents has a `held_of` in its `public`, and a
place in `SOURCES`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.access import public as access
from chalicelib.core import clock, cursor
from chalicelib.core.auth import Caller
from chalicelib.exports.rules import as_csv
from chalicelib.identity import public as identity
from chalicelib.notices import public as notices
from chalicelib.passages import public as passages
from chalicelib.surveys import public as surveys
from chalicelib.vehicles import public as vehicles
from chalicelib.voting import public as voting

Row = dict[str, Any]
Source = Callable[[str, str], Iterator[tuple[str, Row]]]
"""Community and person → (kind, row) of all that a domain holds of them, kind after kind."""

SOURCES: tuple[Source, ...] = (
    identity.held_of,
    access.held_of,
    voting.held_of,
    surveys.held_of,
    vehicles.held_of,
    passages.held_of,
    notices.held_of,
)
PAGE = 500
"""Rows of one answer: some 200 kB, of the 6 MB that Lambda lets out."""


@dataclass(frozen=True)
class Export:
    """One page of all that is held of a person: as JSON, and each kind of row as CSV."""

    person_id: str
    community_id: str
    made_at: datetime
    data: dict[str, list[Row]]
    csv: dict[str, str]
    next: str | None


def export(
    caller: Caller,
    person_id: str | None = None,
    *,
    after: str | None = None,
    at: datetime | None = None,
    page: int = PAGE,
) -> Export:
    """Return a page of everything of the caller, or of their child; after a deletion, what stays.

    Raises NotFound `no_such_person` for somebody who is no child of theirs.
    """
    community_id, subject_id = caller.community_id, identity.spoken_for(caller, person_id)
    name = f"export/{community_id}/{subject_id}"
    start = int((cursor.unseal(after, listing=name) or {"from": 0})["from"])
    rows = (row for source in SOURCES for row in source(community_id, subject_id))
    found = list(islice(rows, start, start + page + 1))
    data: dict[str, list[Row]] = {}
    for kind, row in found[:page]:
        data.setdefault(kind, []).append(row)
    more = {"from": start + page} if len(found) > page else None
    return Export(
        person_id=subject_id,
        community_id=community_id,
        made_at=at or clock.now(),
        data=data,
        csv={kind: as_csv(rows) for kind, rows in data.items()},
        next=cursor.seal(more, listing=name),
    )
