"""What is shown at a door, and the entry that it stands for: hashed, sealed, found by one key."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.access.rules.allow_lists import Entry
from chalicelib.core import keyring, sealing
from chalicelib.core.table import tenant_key


def card_index(community_id: str, number: str) -> str:
    """Return the keyed hash of a card's number, in hex: what is kept, compared and listed.

    The key is the estate's own, because its doors hold it: one that is stolen tells nothing of
    another estate's cards.
    """
    return sealing.index(f"card/{community_id}", number)


def card_number(text: str) -> str:
    """Return the one spelling of a card's number: no spaces, dashes or colons, capitals."""
    return sealing.normal("card", text.replace(":", ""))


def edge_keys(community_id: str) -> dict[str, bytes]:
    """Return the estate's keys that its doors compare by: of cards, and of PINs."""
    return {
        "card": keyring.derived(f"blind-index/card/{community_id}"),
        "pin": keyring.derived(f"pin/{community_id}"),
    }


def mark_key(community_id: str, what: str, value: str) -> str:
    """Return the key of a mark: what is shown (`card`, `pin`, `holder`) and its hash or id."""
    return tenant_key(community_id, what, value)


def sealed(community_id: str, entry: Entry) -> dict[str, Any]:
    """Return an entry as it is kept: the secret of its rotating code is sealed."""
    plain = entry.plain
    if entry.qr_key:
        secret = base64.b64decode(entry.qr_key)
        kept = keyring.seal(secret, _context(community_id, entry.id))
        plain["qr_key"] = base64.b64encode(kept).decode()
    return plain


def opened(community_id: str, kept: Mapping[str, Any]) -> Entry:
    """Return the entry that `sealed` kept."""
    entry = Entry.of(kept)
    if not entry.qr_key:
        return entry
    secret = keyring.unseal(base64.b64decode(entry.qr_key), _context(community_id, entry.id))
    return replace(entry, qr_key=base64.b64encode(secret).decode())


def _context(community_id: str, entry_id: str) -> str:
    return f"entry/{community_id}/{entry_id}"
