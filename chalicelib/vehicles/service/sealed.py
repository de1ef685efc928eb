"""Plates at rest: under the key of who registered them, else under the master key (LAW.md P5)."""

from chalicelib.core import keyring, sealing

FIELD = "plate"


def seal(community_id: str, person_id: str, whose: str, text: str) -> tuple[bytes, str]:
    """Return a plate sealed, and the person whose key opens it; empty for the master key.

    `whose` is the id of the row that it is for. A person who was forgotten has no key.
    """
    if person_id:
        try:
            return sealing.seal(community_id, person_id, FIELD, text), person_id
        except sealing.Forgotten:
            pass
    return keyring.seal(text.encode(), _context(community_id, whose)), ""


def under(community_id: str, person_id: str, text: str) -> bytes:
    """Return a plate sealed under a resident's own key; raises Forgotten if they have none."""
    return sealing.seal(community_id, person_id, FIELD, text)


def opened(community_id: str, person_id: str | None, whose: str, sealed: bytes | None) -> str:
    """Return a plate in the clear; empty if there is none, or its person was forgotten."""
    if sealed is None:
        return ""
    if not person_id:
        return keyring.unseal(bytes(sealed), _context(community_id, whose)).decode()
    try:
        return sealing.open(community_id, person_id, FIELD, bytes(sealed))
    except sealing.Forgotten:
        return ""


def _context(community_id: str, whose: str) -> str:
    return f"vehicle\x1f{community_id}\x1f{whose}"
