"""Which rows there are for anybody: those of an import count once it is complete."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from chalicelib.core.table import Row
from chalicelib.identity.rules.sheets import ImportState
from chalicelib.identity.tables.imports import ImportJob

Kind = TypeVar("Kind", bound=Row)
"""A row with an `import_id` and a `community_id`."""


def shown(rows: Iterable[Kind]) -> Iterator[Kind]:
    """Yield the rows that are there: not those of an import under way."""
    return (row for row in rows if is_shown(row))


def existing(row: Kind | None) -> Kind | None:
    """Return a row that is there, or None."""
    return row if row is not None and is_shown(row) else None


def is_shown(row: Any) -> bool:
    """Return whether a row is there: of no import, or of one that is complete."""
    if row.import_id is None:
        return True
    try:
        return _complete(row.community_id, row.import_id)
    except _UnderWayError:
        return False


class _UnderWayError(Exception):
    """Not complete yet: raised, so that it is not remembered."""


@lru_cache(maxsize=4_096)
def _complete(community_id: str, import_id: str) -> bool:
    """Remember what never changes again; one read for a process and an import."""
    job = ImportJob.find(community_id, import_id)
    if job is None or job.state != ImportState.COMPLETE:
        raise _UnderWayError
    return True
