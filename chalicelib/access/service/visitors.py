"""What visitors call themselves: sealed under their own key, so that it goes with them."""

from chalicelib.core import sealing

FIELD = "visitor_name"


def sealed_name(community_id: str, person_id: str, name: str) -> bytes | None:
    """Return what a visitor calls themselves, sealed, or None; one read if there is a name.

    Raises Forgotten `person_forgotten`.
    """
    plain = name.strip()
    return sealing.seal(community_id, person_id, FIELD, plain) if plain else None


def name_in(community_id: str, person_id: str, sealed: bytes | None) -> str:
    """Return what a visitor called themselves; empty if nothing, or if they are forgotten."""
    if sealed is None:
        return ""
    try:
        return sealing.open(community_id, person_id, FIELD, bytes(sealed))
    except sealing.Forgotten:
        return ""
