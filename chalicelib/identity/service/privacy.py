"""A person's rights over their data: take it along (PIPL 45), have it deleted (PIPL 47)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from chalicelib.core import audit, clock, outbox, revocations, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity.events import PersonForgotten
from chalicelib.identity.rules.privacy import as_csv, due
from chalicelib.identity.service import consent
from chalicelib.identity.service.profiles import SEALED, homes, person_of, profile
from chalicelib.identity.service.sessions import sessions_of
from chalicelib.identity.service.sign_in import links_of
from chalicelib.identity.tables.audits import Deletion
from chalicelib.identity.tables.consents import Consent

MOST_ROWS = 1_000
"""Rows of one kind in an export; a person has a few dozen."""

NAMING = (*SEALED, "phone_index", "id_index")
"""The attributes of a person's row that name them."""


@dataclass(frozen=True)
class Export:
    """All that identity holds of a person: as JSON, and each kind of row as CSV."""

    person_id: str
    community_id: str
    made_at: datetime
    data: dict[str, list[dict[str, Any]]]
    csv: dict[str, str]


@dataclass(frozen=True)
class DeletionView:
    """What was asked for, and when all of it is done."""

    person_id: str
    asked_at: datetime
    due_at: datetime


def export(caller: Caller, *, at: datetime | None = None) -> Export:
    """Return everything of the caller, also after a deletion: then what the law has us keep."""
    community_id, person_id = caller.community_id, caller.subject_id
    gathered = {
        "person": _person(community_id, person_id),
        "homes": [asdict(home) for home in homes(community_id, person_id)],
        "consents": _consents(community_id, person_id),
        "views": _views(community_id, person_id),
        "sessions": _sessions(caller),
    }
    return Export(
        person_id=person_id,
        community_id=community_id,
        made_at=at or clock.now(),
        data=gathered,
        csv={kind: as_csv(rows) for kind, rows in gathered.items()},
    )


def delete(caller: Caller, *, at: datetime | None = None) -> DeletionView:
    """Destroy the caller's data key, end their consents and note the deletion, all or nothing.

    What was sealed is unreadable from this instant, in every copy; other domains hear
    PersonForgotten and finish by `due_at`. Every sign-in ends and the WeChat account is
    unlinked; rights of the home remain, they go with the residency. Asked again, the first
    answer stands. Raises Conflict `lost_race`.
    """
    at = at or clock.now()
    community_id, person_id = caller.community_id, caller.subject_id
    earlier = Deletion.find(community_id, person_id)
    if earlier is not None:
        outbox.commit(answer=_view(earlier))
        return _view(earlier)
    noted = Deletion(
        community_id=community_id,
        person_id=person_id,
        asked_at=clock.epoch_ms(at),
        asked_by=person_id,
        due_at=clock.epoch_ms(due(at)),
    )
    ended, told = consent.ended(community_id, person_id, person_id, at)
    view = _view(noted)
    forgotten = PersonForgotten(community_id, person_id, view.asked_at, view.due_at)
    outbox.commit(
        noted,
        *_erased(community_id, person_id),
        *ended,
        revocations.of_person(community_id, person_id, None, at),
        events=(*told, forgotten),
        deletes=links_of(community_id, person_id),
        answer=view,
    )
    return view


def replay_deletions(community_id: str) -> int:
    """Erase again whom a restored backup brought back (LAW.md 3.2); return how many.

    The list of deletions is never restored from an older copy: it is what this reads.
    """
    count = 0
    for noted in Deletion.query(community_id, consistent_read=True):
        rows = _erased(community_id, noted.person_id)
        links = links_of(community_id, noted.person_id)
        ended, told = consent.ended(community_id, noted.person_id, noted.person_id, clock.now())
        outbox.commit(*rows, *ended, events=told, deletes=links)
        count += bool(rows)
    return count


def _erased(community_id: str, person_id: str) -> Sequence[Row]:
    """Return the rows that name a person, emptied: the key, and what was sealed or indexed."""
    rows: list[Row] = []
    person = person_of(community_id, person_id)
    if person is not None and any(getattr(person, field) is not None for field in NAMING):
        for field in NAMING:
            setattr(person, field, None)
        rows.append(person)
    try:
        rows.append(sealing.destroyed(community_id, person_id))
    except sealing.Forgotten:
        return rows  # nothing was ever sealed for them
    return rows


def _person(community_id: str, person_id: str) -> list[dict[str, Any]]:
    try:
        found = profile(community_id, person_id)
    except sealing.Forgotten:
        return []
    return [{"person_id": person_id, **found.fields}] if found else []


def _consents(community_id: str, person_id: str) -> list[dict[str, Any]]:
    rows = Consent.query(
        tenant_key(community_id, person_id),
        filter_condition=Consent.expires > int(clock.now().timestamp()),
        limit=MOST_ROWS,
    )
    return [
        {
            "consent_id": row.consent_id,
            "purpose": row.purpose,
            "decision": row.decision,
            "kinds": " ".join(row.kinds),
            "recipient": row.recipient,
            "text_version": row.text_version,
            "text_sha256": row.text_sha256,
            "channel": row.channel,
            "guardian_id": row.guardian_id,
            "decided_at": _iso(row.decided_at),
            "ends_at": _iso(row.ends_at),
            "withdrawn_at": _iso(row.withdrawn_at),
        }
        for row in rows
    ]


def _views(community_id: str, person_id: str) -> list[dict[str, Any]]:
    page = audit.views_of(community_id, person_id, limit=MOST_ROWS, after=None)
    return [
        {
            "view_id": row.view_id,
            "viewer_id": row.viewer_id,
            "org": row.org,
            "purpose": row.purpose,
            "ticket": row.ticket,
            "fields": " ".join(row.fields),
            "at": _iso(row.at),
        }
        for row in page.items
    ]


def _sessions(caller: Caller) -> list[dict[str, Any]]:
    return [
        {
            "session_id": row.session_id,
            "device": row.device,
            "started_at": _iso(row.started_at),
        }
        for row in sessions_of(caller)
    ]


def _iso(epoch_ms: float | None) -> str | None:
    return None if epoch_ms is None else clock.from_epoch_ms(int(epoch_ms)).isoformat()


def _view(row: Deletion) -> DeletionView:
    return DeletionView(
        person_id=row.person_id,
        asked_at=clock.from_epoch_ms(int(row.asked_at)),
        due_at=clock.from_epoch_ms(int(row.due_at)),
    )
