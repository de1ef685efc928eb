"""Pure rules of credentials: kinds, states, who may have how many, and what a receipt moves."""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final


class CredentialKind(StrEnum):
    """By what somebody passes."""

    CARD = "card"
    QR = "qr"
    PIN = "pin"
    PHONE = "phone"
    FINGERPRINT = "fingerprint"
    FACE = "face"


ON_DEVICE: Final = frozenset({CredentialKind.FINGERPRINT, CredentialKind.FACE})
"""Taken at the device and kept in it alone (LAW.md P3): we know on which, and nothing more."""

BY_RESIDENT: Final = frozenset(CredentialKind) - {CredentialKind.CARD}
"""What residents give themselves; a card is a thing that somebody hands out."""


CODED: Final = frozenset({CredentialKind.QR, CredentialKind.PHONE, CredentialKind.PIN})
"""What is shown comes from a secret of 128 bits: a rotating code, or eight digits."""


class CredentialState(StrEnum):
    """Where a credential is."""

    ISSUED = "ISSUED"
    ACTIVE = "ACTIVE"
    WITHDRAWN = "WITHDRAWN"


ARROWS: Mapping[CredentialState, frozenset[CredentialState]] = {
    CredentialState.ISSUED: frozenset({CredentialState.ACTIVE, CredentialState.WITHDRAWN}),
    CredentialState.ACTIVE: frozenset({CredentialState.WITHDRAWN}),
    CredentialState.WITHDRAWN: frozenset(),
}
"""The only legal transitions: a withdrawn credential is never given back, another is issued."""


class OnDevice(StrEnum):
    """Where a credential is with one device."""

    ENROL_SENT = "ENROL_SENT"
    ENROLLED = "ENROLLED"
    ENROL_FAILED = "ENROL_FAILED"
    WITHDRAW_SENT = "WITHDRAW_SENT"
    WITHDRAWN = "WITHDRAWN"


_D = OnDevice
RECEIPTS: Mapping[str, tuple[OnDevice, frozenset[OnDevice]]] = {
    "credential.enrolled": (_D.ENROLLED, frozenset({_D.ENROL_SENT, _D.ENROL_FAILED})),
    "credential.enrol_failed": (_D.ENROL_FAILED, frozenset({_D.ENROL_SENT})),
    "credential.withdrawn": (_D.WITHDRAWN, frozenset({_D.WITHDRAW_SENT})),
}
"""What a device's word moves a credential to, and from where alone: a late `enrolled` after the
order to withdraw changes nothing, and after its receipt the order is given again."""

WITHDRAWABLE: Final = frozenset({_D.ENROL_SENT, _D.ENROLLED, _D.ENROL_FAILED})
"""A failed enrolment is withdrawn too: nobody knows what it left in the device."""

ENROL_WITHIN: Final = timedelta(hours=24)
"""So long a device is asked again to take a face or finger; withdrawing is asked for ever."""

MOST_OF_KIND: Final = 5
"""Live credentials of one kind that one person has for one flat."""

SECRET_BYTES: Final = 16
"""128 bits (SECURITY.md 5)."""

_CARD = re.compile(r"[0-9A-Z]{4,40}")


def may_follow(state: CredentialState, following: CredentialState) -> bool:
    """Return whether a credential may go from one state to the other."""
    return following in ARROWS[state]


def card_refusal(number: str) -> str | None:
    """Return why a normalised card number is none, or None: digits or hex, 4 to 40 of them."""
    return None if _CARD.fullmatch(number) else "bad_card_number"


def last_four(number: str) -> str:
    """Return what people tell their cards apart by: fewer of a short number, never half of it."""
    return number[-min(4, len(number) // 3) :]


def wish_refusal(kind: CredentialKind, number: str, *, by_staff: bool) -> str | None:
    """Return why a credential of a kind is not given, or None."""
    if not by_staff and kind not in BY_RESIDENT:
        return "by_property_only"
    if (kind is CredentialKind.CARD) != bool(number):
        return (
            "card_number_required" if kind is CredentialKind.CARD else "card_number_only_for_cards"
        )
    return None
