"""What identity holds of a person, row by row, for their export (PIPL 45)."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from chalicelib.core import audit, clock, sealing
from chalicelib.core.table import tenant_key
from chalicelib.identity.service import guardians, people, posts, sign_in
from chalicelib.identity.service.audit import told
from chalicelib.identity.service.profiles import profile
from chalicelib.identity.tables.audits import Deletion
from chalicelib.identity.tables.consents import Consent
from chalicelib.identity.tables.people import Binding
from chalicelib.identity.tables.sessions import Session

Row = dict[str, Any]


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, Row]]:
    """Yield (kind, row) of everything, kind after kind, the oldest row of each first.

    Left out are secrets (keys, tokens) and what the law keeps from the person for a time.
    """
    kinds = {
        "person": _person,
        "homes": _homes,
        "wishes": _wishes,
        "children": _children,
        "posts": _posts,
        "wechat": _wechat,
        "consents": _consents,
        "views": _views,
        "sessions": _sessions,
        "deletion": _deletion,
    }
    for kind, rows in kinds.items():
        for row in rows(community_id, person_id):
            yield kind, row


def units_known(community_id: str, person_id: str) -> list[str]:
    """Return the flats that a person lives in, or ever wished to: all that we know of."""
    homes = {tie.unit_id for tie in people.homes_of(community_id, person_id)}
    wishes = Binding.by_person.query(tenant_key(community_id, person_id))
    return sorted(homes | {row.unit_id for row in wishes})


def _person(community_id: str, person_id: str) -> Iterable[Row]:
    try:
        found = profile(community_id, person_id)
    except sealing.Forgotten:
        return []
    return [{"person_id": person_id, **found.fields}] if found else []


def _homes(community_id: str, person_id: str) -> Iterable[Row]:
    for tie in people.homes_of(community_id, person_id):
        yield {"unit_id": tie.unit_id, "tie": tie.tie, "guardian_id": tie.guardian_id}


def _wishes(community_id: str, person_id: str) -> Iterable[Row]:
    for row in Binding.by_person.query(tenant_key(community_id, person_id)):
        yield {
            "binding_id": row.binding_id,
            "unit_id": row.unit_id,
            "tie": row.tie,
            "guardian_id": row.guardian_id,
            "state": row.state,
            "evidence_key": row.evidence_key,
            "reason": row.reason,
            "asked_at": _iso(row.asked_at),
            "decided_at": _iso(row.decided_at),
        }


def _children(community_id: str, person_id: str) -> Iterable[Row]:
    return [{"person_id": child} for child in guardians.wards(community_id, person_id)]


def _posts(_community_id: str, person_id: str) -> Iterable[Row]:
    return [asdict(post) for post in posts.held_by(person_id)]


def _wechat(community_id: str, person_id: str) -> Iterable[Row]:
    account = sign_in.wechat_of(community_id, person_id)
    return [{"openid": account.openid}] if account is not None else []


def _consents(community_id: str, person_id: str) -> Iterable[Row]:
    rows = Consent.query(
        tenant_key(community_id, person_id),
        filter_condition=Consent.expires > int(clock.now().timestamp()),
    )
    for row in rows:
        yield {
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


def _views(community_id: str, person_id: str) -> Iterable[Row]:
    after = None
    while True:
        page = audit.views_of(community_id, person_id, limit=100, after=after)
        for look in told(page.items):
            yield asdict(look) | {
                "roles": " ".join(look.roles),
                "fields": " ".join(look.fields),
                "at": look.at.isoformat(),
            }
        if (after := page.next) is None:
            return


def _sessions(community_id: str, person_id: str) -> Iterable[Row]:
    for row in Session.query(tenant_key(community_id, person_id)):
        if row.is_live():
            yield {
                "session_id": row.session_id,
                "audience": row.audience,
                "device": row.device,
                "started_at": _iso(row.started_at),
            }


def _deletion(community_id: str, person_id: str) -> Iterable[Row]:
    row = Deletion.find(community_id, person_id)
    if row is not None:
        yield {
            "asked_at": _iso(row.asked_at),
            "due_at": _iso(row.due_at),
            "kept_on_ground_of": " ".join(row.grounds),
            "finished_at": _iso(row.finished_at),
        }


def _iso(epoch_ms: float | None) -> str | None:
    return None if epoch_ms is None else clock.from_epoch_ms(int(epoch_ms)).isoformat()
