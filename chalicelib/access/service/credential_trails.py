"""What doors that ask decided about a person's credentials: for their export, deleted with them."""

from collections.abc import Iterator
from typing import Any

from chalicelib.access.service import trails
from chalicelib.access.tables.credentials import Credential
from chalicelib.access.tables.decisions import DecisionRow
from chalicelib.core import clock
from chalicelib.core.table import tenant_key


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was decided when a person showed a credential of theirs, for their export."""
    for credential_id in _of_person(community_id, person_id):
        key = trails.holder_key(community_id, credential_id)
        for row in DecisionRow.by_holder.query(key):
            if row.is_live():
                yield (
                    "decisions",
                    {
                        "credential_id": credential_id,
                        "device_id": row.device_id,
                        "allow": bool(row.allow),
                        "reason": row.reason,
                        "direction": row.direction,
                        "at": clock.from_epoch_ms(int(row.at)).isoformat(),
                    },
                )


def forget(community_id: str, person_id: str) -> None:
    """Delete what was decided about a person's credentials, withdrawn ones as well."""
    for credential_id in _of_person(community_id, person_id):
        trails.erase(community_id, credential_id)


def _of_person(community_id: str, person_id: str) -> list[str]:
    """Return a person's credentials: the withdrawn outlive what was decided about them."""
    found = Credential.query(tenant_key(community_id, person_id), consistent_read=True)
    return [row.credential_id for row in found]
