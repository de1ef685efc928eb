"""What surveys hold of a person: that they answered, until it is counted, and never what."""

from collections.abc import Iterator
from typing import Any

from chalicelib.core.table import tenant_key
from chalicelib.surveys.tables import Participation


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (kind, row) of the surveys that a person has answered."""
    for row in Participation.query(tenant_key(community_id, person_id), consistent_read=True):
        if row.is_live():
            yield "survey_participations", {"survey_id": row.survey_id}


def forget(community_id: str, person_id: str) -> int:
    """Delete that a person has answered; return how many rows went. What they said names nobody."""
    rows = list(Participation.query(tenant_key(community_id, person_id), consistent_read=True))
    for row in rows:
        row.delete()
    return len(rows)
