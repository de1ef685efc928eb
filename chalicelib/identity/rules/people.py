"""Pure rules of people and their flats."""

import re
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum


class Tie(StrEnum):
    """What ties a person to a flat (房屋): ownership, lease, kinship, or care."""

    OWNER = "owner"
    CO_OWNER = "co_owner"
    TENANT = "tenant"
    FAMILY = "family"
    CHILD = "child"
    CARER = "carer"


OWNING = frozenset({Tie.OWNER, Tie.CO_OWNER})
"""Ties of those whom the flat belongs to (业主、共有人; Civil Code 271, 301)."""

ANSWERING = OWNING | {Tie.TENANT, Tie.FAMILY}
"""Ties that may answer a visitor: the adults who live there, not a carer (护理员) by the hour."""

GUARDING = OWNING | {Tie.TENANT, Tie.FAMILY}
"""Ties of those who can be a child's guardian within the flat (Civil Code 27)."""

CHILD_UNTIL_AGE = 14
"""Below this age a guardian decides on personal information (PIPL 31)."""

MOST_WISHES = 5
"""Bindings that one person may have waiting: more would be guessing at flats."""

CALENDAR = timezone(timedelta(hours=8))
"""Whose days say how old a child is: China's."""


class BindingState(StrEnum):
    """How far a wish to be tied to a flat has come."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    ENDED = "ENDED"


class Decider(StrEnum):
    """In which capacity somebody decides on a binding."""

    OWNER = "owner"
    PROPERTY = "property"


def wish_refusal(tie: Tie, evidence_key: str | None, guardian_id: str | None) -> str | None:
    """Return why a wish to be tied to a flat cannot be taken, or None.

    Who says that a flat is theirs, or leased to them, shows it (产权证、租赁合同).
    """
    if tie in OWNING | {Tie.TENANT} and not evidence_key:
        return "evidence_required"
    return guardian_refusal(tie, guardian_id)


def guardian_refusal(tie: Tie, guardian_id: str | None) -> str | None:
    """Return why a guardian is missing or out of place, or None."""
    if tie is Tie.CHILD and not guardian_id:
        return "guardian_required"
    if tie is not Tie.CHILD and guardian_id:
        return "guardian_only_for_children"
    return None


def child_refusal(born: date | None, on: date, decider: Decider, *, acts_alone: bool) -> str | None:
    """Return why somebody cannot be made a child under guardianship, or None.

    Whose birthday nobody knows is the company's to judge, not another resident's; and no
    child at all who `acts_alone`: who owns a flat, or signs in with a phone of their own.
    """
    if born is not None:
        return None if is_child(born, on) else "not_a_child"
    if acts_alone:
        return "not_a_child"
    return None if decider is Decider.PROPERTY else "property_decides"


def may_decide(decider: Decider, tie: Tie) -> bool:
    """Return whether an owner of the flat, or the company, decides on this tie.

    Who owns a flat is read off the register, not said by its owner of today.
    """
    return decider is Decider.PROPERTY or tie not in OWNING


def day_of(at: datetime) -> date:
    """Return the day that an instant is in, in China."""
    return at.astimezone(CALENDAR).date()


def is_child(born: date, on: date) -> bool:
    """Return whether somebody is under 14 on a day; the 14th birthday itself is not under."""
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return age < CHILD_UNTIL_AGE


def is_evidence_of(person_id: str, community_id: str, key: str) -> bool:
    """Return whether a key names a picture that this person may have uploaded as evidence."""
    return bool(_EVIDENCE.fullmatch(key.removeprefix(evidence_folder(community_id, person_id))))


def evidence_folder(community_id: str, person_id: str) -> str:
    """Return where a person's evidence stands (产权证、租赁合同、户口簿), without the last "/"."""
    return f"{community_id}/evidence/{person_id}"


_EVIDENCE = re.compile(r"/[0-9a-f]{64}\.(jpg|png|webp)")
_PHONE = re.compile(r"1[3-9]\d{9}")
_ID_NUMBER = re.compile(r"\d{17}[\dX]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_phone(text: str) -> bool:
    """Return whether this is a mobile number of mainland China, without prefix."""
    return bool(_PHONE.fullmatch(text))


def is_id_number(text: str) -> bool:
    """Return whether this is a resident's ID number: date and check digit (GB 11643-1999)."""
    if not _ID_NUMBER.fullmatch(text) or born_on(text) is None:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=False))
    return "10X98765432"[total % 11] == text[17]


def born_on(id_number: str) -> date | None:
    """Return the birthday that an ID number names, or None for no day of the calendar."""
    try:
        return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
    except ValueError:
        return None
