"""What is held of a person's messages: for their export, and to be deleted when they go."""

from collections.abc import Iterator
from typing import Any

from chalicelib.core import clock, outbox
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.events import AccountErased, PersonForgotten
from chalicelib.notices.tables.notices import MessageConsent, Notice

AT_ONCE = 100
"""Items of a transaction (DynamoDB)."""


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the messages to a person, and what they agreed to be sent."""
    key = tenant_key(community_id, person_id)
    for row in Notice.query(key):
        if row.is_live():
            yield (
                "notices",
                {
                    "about": row.about,
                    "cause_id": row.cause_id,
                    "state": row.state,
                    "reason": row.reason or "",
                    "made_at": clock.from_epoch_ms(int(row.made_at)).isoformat(),
                },
            )
    for consent in MessageConsent.query(key):
        said = {"template_id": consent.template_id, "left": int(consent.left)}
        yield "message_consents", said


def forget(event: PersonForgotten | AccountErased) -> None:
    """Delete the messages to a person and what they agreed to; a repetition finds nothing."""
    key = tenant_key(event.community_id, event.person_id)
    rows: list[Row] = [*Notice.query(key), *MessageConsent.query(key)]
    for start in range(0, len(rows), AT_ONCE):
        outbox.commit(deletes=rows[start : start + AT_ONCE])
