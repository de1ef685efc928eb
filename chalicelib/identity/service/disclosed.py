"""What a released disclosure shows its asker: on record before it goes out, and marked."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import audit, clock, keyring, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import TooMany
from chalicelib.identity.service.profiles import Profile, profile
from chalicelib.identity.tables.audits import Disclosure

TAG = 16
"""Hexadecimal digits of the watermark's HMAC: a leaked page proves whose it was."""


@dataclass(frozen=True)
class DisclosedPerson:
    """One person's data, in the clear, and the look that is on record."""

    subject_id: str
    values: dict[str, str]
    unit_ids: list[str] | None
    view_id: str


@dataclass(frozen=True)
class Disclosed:
    """The data, and the line to print across each page."""

    people: list[DisclosedPerson]
    watermark: str


def disclosed(caller: Caller, row: Disclosure, at: datetime) -> Disclosed:
    """Return the data of a released request, after a look at each person is on record.

    Who was forgotten since is left out. Raises TooMany `too_many_subjects`, Unavailable
    `audit_unavailable`.
    """
    known = [one for one in (_profile(row, subject) for subject in row.subject_ids) if one]
    views = audit.viewing_all(caller, [_look(row, one) for one in known])
    if not all(views):
        raise TooMany("too_many_subjects", "一小时内查看的人员过多，请稍后再试", retry_after=3_600)
    people = [_person(row, one, str(view)) for one, view in zip(known, views, strict=True)]
    return Disclosed(people, _watermark(caller, row, at))


def _profile(row: Disclosure, subject_id: str) -> Profile | None:
    try:
        return profile(row.community_id, subject_id)
    except sealing.Forgotten:
        return None


def _look(row: Disclosure, found: Profile) -> audit.Look:
    return audit.Look(
        community_id=row.community_id,
        subject_id=found.person_id,
        purpose=row.purpose,
        ticket=row.case_number,
        fields=list(row.fields),
        hidden_until=clock.from_epoch_ms(int(row.hidden_until)) if row.hidden_until else None,
    )


def _person(row: Disclosure, found: Profile, view_id: str) -> DisclosedPerson:
    values = {field: found.fields[field] for field in row.fields if field in found.fields}
    units = [home.unit_id for home in found.homes] if "units" in row.fields else None
    return DisclosedPerson(found.person_id, values, units, view_id)


def _watermark(caller: Caller, row: Disclosure, at: datetime) -> str:
    """Return the line to print across the page: case, officer, reader, instant, and its tag."""
    said = " ".join(
        (
            row.case_number,
            row.officer_badge,
            caller.subject_id,
            row.disclosure_id,
            at.isoformat(timespec="seconds"),
        )
    )
    key = keyring.derived("disclosure-watermark")
    return f"{said} {hmac.digest(key, said.encode(), hashlib.sha256).hex()[:TAG]}"
