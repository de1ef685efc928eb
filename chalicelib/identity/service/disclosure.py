"""An authority asks for a person's data: case, document, officer; two releases; an end."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core import audit, clock, ids, keyring, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Refusal
from chalicelib.identity.rules import disclosure as rules
from chalicelib.identity.rules.disclosure import DisclosureState, Verdict
from chalicelib.identity.rules.privacy import Kept, in_time, kept_until
from chalicelib.identity.service.profiles import Profile, person_of, profile
from chalicelib.identity.service.sight import community_in_sight
from chalicelib.identity.tables.audits import Disclosure

TAG = 16
"""Hexadecimal digits of the watermark's HMAC: a leaked page proves whose it was."""


@dataclass(frozen=True)
class Asked:
    """What an authority asks, with its case and document."""

    community_id: str | None
    subject_id: str
    fields: list[str]
    case_number: str
    document_number: str
    document_sha256: str
    officer_name: str
    officer_badge: str
    purpose: str
    hours: int
    secret_days: int = 0


@dataclass(frozen=True)
class Disclosed:
    """The data, in the clear, and the mark that it carries."""

    values: dict[str, str]
    unit_ids: list[str] | None
    watermark: str
    view_id: str


@dataclass(frozen=True)
class DisclosureView:
    """A request, how far it has come, and the data once it is released to its asker."""

    disclosure_id: str
    community_id: str
    state: DisclosureState
    subject_id: str
    fields: list[str]
    case_number: str
    document_number: str
    document_sha256: str
    officer_name: str
    officer_badge: str
    purpose: str
    asked_by: str
    asked_at: datetime
    ends_at: datetime
    released_by: list[str]
    refused_by: str | None
    disclosed: Disclosed | None = None


REFUSALS: dict[str, tuple[type[Refusal], str]] = {
    "own_disclosure": (Forbidden, "申请人不能审批自己的调取申请"),
    "disclosure_settled": (Conflict, "该调取申请已办结或已过期"),
    "second_person_required": (Conflict, "须由另一名安全管理员复核"),
}


def ask(caller: Caller, asked: Asked, *, at: datetime | None = None) -> DisclosureView:
    """Take down a request; nobody sees anything by it yet.

    Raises NotFound `no_such_person` (also for a community out of the caller's sight).
    """
    at = at or clock.now()
    community_id = community_in_sight(caller, asked.community_id)
    if person_of(community_id, asked.subject_id) is None:
        raise NotFound("no_such_person", "没有找到该人员")
    ends = at + timedelta(hours=rules.WAITS_HOURS)
    secret = at + timedelta(days=asked.secret_days) if asked.secret_days else None
    row = Disclosure(
        community_id=community_id,
        disclosure_id=ids.new_id("dis"),
        state=DisclosureState.ASKED.value,
        subject_id=asked.subject_id,
        fields=sorted(set(asked.fields)),
        case_number=asked.case_number,
        document_number=asked.document_number,
        document_sha256=asked.document_sha256,
        officer_name=asked.officer_name,
        officer_badge=asked.officer_badge,
        purpose=asked.purpose,
        asked_by=caller.subject_id,
        asked_at=clock.epoch_ms(at),
        hours=asked.hours,
        ends_at=clock.epoch_ms(ends),
        hidden_until=clock.epoch_ms(secret) if secret else None,
        expires=kept_until(Kept.SHARING, ends),
    )
    view = _view(row, at)
    outbox.commit(row, answer=view)
    return view


def judge(
    caller: Caller,
    disclosure_id: str,
    verdict: Verdict,
    *,
    community_id: str | None = None,
    at: datetime | None = None,
) -> DisclosureView:
    """Release or refuse a request; two different people of the security duty release it.

    Raises NotFound `no_such_disclosure`, Forbidden `own_disclosure`, Conflict
    `disclosure_settled`, `second_person_required`, `lost_race`.
    """
    at = at or clock.now()
    row = _found(caller, community_id, disclosure_id, at)
    state = _state(row, at)
    if reason := rules.refusal(state, caller.subject_id, row.asked_by, row.released_by):
        kind, message = REFUSALS[reason]
        raise kind(reason, message)
    if verdict is Verdict.RELEASE:
        row.released_by = [*row.released_by, caller.subject_id]
    else:
        row.refused_by = caller.subject_id
    after = rules.judged(verdict, row.released_by)
    row.state = after.value
    if after is DisclosureState.RELEASED:
        ends = at + timedelta(hours=int(row.hours))
        row.ends_at, row.expires = clock.epoch_ms(ends), kept_until(Kept.SHARING, ends)
    view = _view(row, at)
    outbox.commit(row, answer=view)
    return view


def show(
    caller: Caller,
    disclosure_id: str,
    *,
    community_id: str | None = None,
    at: datetime | None = None,
) -> DisclosureView:
    """Return a request; with the data if it is released, in time, and the caller's own.

    Each look at the data is on record before it goes out, as any other. Raises NotFound
    `no_such_disclosure`, `person_forgotten`, Unavailable `audit_unavailable`.
    """
    at = at or clock.now()
    row = _found(caller, community_id, disclosure_id, at)
    readable = _state(row, at) is DisclosureState.RELEASED and row.asked_by == caller.subject_id
    return _view(row, at, _disclosed(caller, row, at) if readable else None)


def _disclosed(caller: Caller, row: Disclosure, at: datetime) -> Disclosed:
    found = profile(row.community_id, row.subject_id)
    if found is None:
        raise NotFound("no_such_person", "没有找到该人员")
    values = {field: found.fields[field] for field in row.fields if field in found.fields}
    hidden = clock.from_epoch_ms(int(row.hidden_until)) if row.hidden_until else None
    look = audit.Look(
        community_id=row.community_id,
        subject_id=row.subject_id,
        purpose=row.purpose,
        ticket=row.case_number,
        fields=list(row.fields),
        hidden_until=hidden,
    )
    view_id = audit.record(caller, look)
    return Disclosed(values, _units(row, found), _watermark(caller, row, at), view_id)


def _units(row: Disclosure, found: Profile) -> list[str] | None:
    return [home.unit_id for home in found.homes] if "units" in row.fields else None


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


def _found(
    caller: Caller, community_id: str | None, disclosure_id: str, at: datetime
) -> Disclosure:
    try:
        row = Disclosure.find(community_in_sight(caller, community_id), disclosure_id)
    except NotFound:
        row = None
    if row is None or not in_time(row.expires, at):
        raise NotFound("no_such_disclosure", "没有找到该调取申请")
    return row


def _state(row: Disclosure, at: datetime) -> DisclosureState:
    return rules.state_at(DisclosureState(row.state), row.ends_at, clock.epoch_ms(at))


def _view(row: Disclosure, at: datetime, disclosed: Disclosed | None = None) -> DisclosureView:
    return DisclosureView(
        disclosure_id=row.disclosure_id,
        community_id=row.community_id,
        state=_state(row, at),
        subject_id=row.subject_id,
        fields=list(row.fields),
        case_number=row.case_number,
        document_number=row.document_number,
        document_sha256=row.document_sha256,
        officer_name=row.officer_name,
        officer_badge=row.officer_badge,
        purpose=row.purpose,
        asked_by=row.asked_by,
        asked_at=clock.from_epoch_ms(int(row.asked_at)),
        ends_at=clock.from_epoch_ms(int(row.ends_at)),
        released_by=list(row.released_by),
        refused_by=row.refused_by,
        disclosed=disclosed,
    )
