"""Who passed at doors that ask: unreadable at rest, found by who may look (LAW.md P5).

The row of a decision has no holder, flat or person in clear: `holder_key` finds those of one
credential or pass, and `who` seals it for the door's own question asked again.
"""

import hashlib
import hmac

from chalicelib.access.tables.decisions import DecisionRow
from chalicelib.core import keyring
from chalicelib.core.table import tenant_key


def holder_key(community_id: str, holder: str) -> str:
    """Return the blind index of a credential's or pass's decisions in a community."""
    key = keyring.derived("decisions/holder")
    said = f"{community_id}\x1f{holder}".encode()
    return tenant_key(community_id, "h", hmac.digest(key, said, hashlib.sha256).hex()[:32])


def close(row: DecisionRow, holder: str) -> None:
    """Put into a decision whom it was about, sealed; nothing for nobody."""
    if holder:
        row.holder_key = holder_key(row.community_id, holder)
        row.who = keyring.seal(holder.encode(), _bound(row))


def holder_of(row: DecisionRow) -> str | None:
    """Return the credential or pass that a decision was about."""
    sealed = row.who
    return keyring.unseal(bytes(sealed), _bound(row)).decode() if sealed else None


def erase(community_id: str, holder: str) -> None:
    """Delete what was decided about a credential or pass."""
    for row in list(DecisionRow.by_holder.query(holder_key(community_id, holder))):
        row.delete()


def _bound(row: DecisionRow) -> str:
    return f"decision\x1f{row.request_key}"
