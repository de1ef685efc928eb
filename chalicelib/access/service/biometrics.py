"""Which consent a face or finger rests on: without it nothing is taken (PIPL 29, LAW.md P3)."""

from collections.abc import Mapping
from typing import Final

from chalicelib.access.rules.credentials import CredentialKind
from chalicelib.identity import public as identity

CONSENTS: Final[Mapping[CredentialKind, identity.Purpose]] = {
    CredentialKind.FACE: identity.Purpose.FACE_RECOGNITION,
    CredentialKind.FINGERPRINT: identity.Purpose.FINGERPRINT,
}
"""By kinds of `rules.credentials.ON_DEVICE`, all of them."""


def require_consent(community_id: str, person_id: str, kind: CredentialKind) -> None:
    """Refuse a face or finger whose consent does not stand; raises Unprocessable."""
    if kind in CONSENTS:
        identity.require_consent(community_id, person_id, CONSENTS[kind])
