"""What is held of a person's passages: for their export, and to be taken out when they go."""

from collections.abc import Iterator
from typing import Any

from chalicelib.core import clock
from chalicelib.identity.events import AccountErased, PersonForgotten
from chalicelib.passages.service import seals, watching
from chalicelib.passages.service.seals import Details
from chalicelib.passages.tables.passages import PassageRow
from chalicelib.passages.tables.reviews import Review

AT_ONCE = 100


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a person's passages and those of their visitors, the newest first."""
    batch: list[PassageRow] = []
    key = seals.trail_key(community_id, person_id)
    for row in PassageRow.by_trail.query(key, scan_index_forward=False):
        if row.is_live():
            batch.append(row)
        if len(batch) == AT_ONCE:
            yield from _told(batch)
            batch = []
    yield from _told(batch)


def _told(rows: list[PassageRow]) -> Iterator[tuple[str, dict[str, Any]]]:
    told = seals.details_of(rows) if rows else {}
    for row in rows:
        details = told.get(row.passage_id, Details())
        yield (
            "passages",
            {
                "at": clock.from_epoch_ms(int(row.at)).isoformat(),
                "place_id": row.place_id,
                "outcome": row.outcome,
                "method": row.method,
                "direction": row.direction,
                "as": row.holder,
                "companions": int(row.companions),
                "unit_id": details.unit_id,
                "plate": details.plate,
            },
        )


def forget(event: PersonForgotten | AccountErased) -> None:
    """Take a person out of their passages, which then are nobody's and are counted as before.

    Each is changed by itself, so that a repetition goes on where the last one stopped.
    """
    key = seals.trail_key(event.community_id, event.person_id)
    for row in PassageRow.by_trail.query(key):
        columns = PassageRow.trail_key, PassageRow.mark_key, PassageRow.who, PassageRow.said
        row.changed([column.remove() for column in columns], PassageRow.place_key.exists())
    watching.forget(list(Review.of_trail.query(key)))
