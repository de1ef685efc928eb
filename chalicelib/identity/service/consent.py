"""Use cases of consent: ask, give, refuse, take back, and insist on it before any use."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity.events import ConsentGiven, ConsentWithdrawn
from chalicelib.identity.rules import consent as rules
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, Standing, State
from chalicelib.identity.service import guardians
from chalicelib.identity.tables.consents import Consent, ConsentStanding, standing_of, standings_of

REFUSALS = {
    "consent_text_changed": "同意文本已更新，请阅读新版本后再作决定",
    "consent_quiet": "您近期已表示不同意，30天内不再询问",
}


@dataclass(frozen=True)
class Asked:
    """What a person was shown and what they said."""

    purpose: Purpose
    decision: Decision
    channel: Channel
    text_version: str
    text_sha256: str
    person_id: str | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class ConsentView:
    """One purpose: its text, and how the person stands towards it."""

    purpose: Purpose
    state: State
    consent_id: str | None
    expires_at: datetime | None
    quiet_until: datetime | None
    may_ask: bool
    text: str
    text_version: str
    text_sha256: str
    kinds: tuple[str, ...]
    recipient: str
    sensitive: bool


@dataclass(frozen=True)
class Consents:
    """Every purpose there is, for one person."""

    person_id: str
    items: list[ConsentView]


def require_consent(community_id: str, person_id: str, purpose: Purpose | str) -> None:
    """Insist that a person's data may be used for a purpose, now.

    One consistent read. Raises Unprocessable `consent_required` unless a consent stands
    that is neither withdrawn nor past its end, and was given to what today's text asks for.
    """
    if not _standing(community_id, person_id, Purpose(purpose)).holds(clock.now()):
        raise Unprocessable(
            "consent_required",
            "须先取得本人同意",
            details={"purpose": Purpose(purpose).value},
        )


def may_ask(community_id: str, person_id: str, purpose: Purpose | str) -> bool:
    """Return whether a person may be asked now; no reminder goes out unless this is true."""
    return _standing(community_id, person_id, Purpose(purpose)).may_be_asked(clock.now())


def consents(caller: Caller, person_id: str | None = None) -> Consents:
    """Return how the caller, or a child of theirs, stands towards every purpose."""
    subject = guardians.subject(caller, person_id)
    rows = standings_of(caller.community_id, subject)
    return Consents(subject, [_view(purpose, rows.get(purpose)) for purpose in Purpose])


def decide(caller: Caller, asked: Asked, *, at: datetime | None = None) -> ConsentView:
    """Take down a decision; the same decision on the same text changes nothing.

    Raises NotFound `no_such_person`, Unprocessable `guardian_required`,
    `consent_text_changed`, `consent_quiet`, Conflict `lost_race`.
    """
    at = at or clock.now()
    subject = guardians.subject(caller, asked.person_id, deciding=True)
    row = standing_of(caller.community_id, subject, asked.purpose)
    standing = row.standing if row else Standing()
    if row is not None and _repeated(row, asked, at):
        return _view(asked.purpose, row)
    shown = (asked.text_version, asked.text_sha256)
    if reason := rules.refusal(standing, asked.channel, shown, asked.purpose, at):
        raise Unprocessable(reason, REFUSALS[reason])
    after = rules.decided(asked.decision, asked.purpose, at, asked.until)
    if after.at(at).state is State.EXPIRED:
        raise Unprocessable("consent_already_over", "同意的截止时间已过")
    record = _record(caller, subject, asked, after, at)
    turned = _turned(record, row, after)
    events = _announced(record, standing.state, after.state, at)
    outbox.commit(record, turned, events=events)
    return _view(asked.purpose, turned)


def withdraw(caller: Caller, consent_id: str, *, at: datetime | None = None) -> ConsentView:
    """Take a consent back, the caller's own or a child's; a second time changes nothing.

    An older record's id takes back what stands now: nobody is told to look for another.
    Raises NotFound `no_such_consent` (also for another person's), Conflict `lost_race`.
    """
    at = at or clock.now()
    named = _found(caller, consent_id)
    purpose = Purpose(named.purpose)
    row = standing_of(caller.community_id, named.person_id, purpose)
    assert row is not None, "a record without a standing"
    if row.state == State.GIVEN:
        record = current(row)
        outbox.commit(*_withdrawn(record, row, caller.subject_id, at), events=(gone(record, at),))
    return _view(purpose, row)


def ended(
    community_id: str, person_id: str, by: str, at: datetime
) -> tuple[list[Consent | ConsentStanding], list[ConsentWithdrawn]]:
    """Return the rows and events that end every consent of a person, for the caller's commit."""
    rows: list[Consent | ConsentStanding] = []
    events = []
    for row in standings_of(community_id, person_id).values():
        if row.state != State.GIVEN:
            continue
        record = current(row)
        rows += _withdrawn(record, row, by, at)
        events.append(gone(record, at))
    return rows, events


def _found(caller: Caller, consent_id: str) -> Consent:
    """Return a record of the caller's own, or of a child's: an id alone finds nothing."""
    for subject in guardians.subjects(caller):
        record = Consent.find(tenant_key(caller.community_id, subject), consent_id)
        if record is not None and record.decision == Decision.GIVEN:
            return record
    raise NotFound("no_such_consent", "没有找到该同意记录")


def _repeated(row: ConsentStanding, asked: Asked, at: datetime) -> bool:
    """Return whether the current record says the same already: a second tap is one tap."""
    said = row.standing.at(at).state.value == asked.decision.value
    return said and not asked.until and bool(row.text_sha256 == asked.text_sha256)


def current(row: ConsentStanding) -> Consent:
    """Return the record that a standing rests on."""
    record = Consent.find(row.person_key, row.consent_id)
    assert record is not None, "a standing without a record"
    return record


def _standing(community_id: str, person_id: str, purpose: Purpose) -> Standing:
    row = standing_of(community_id, person_id, purpose)
    return row.standing if row else Standing()


def _record(
    caller: Caller, subject_id: str, asked: Asked, after: Standing, at: datetime
) -> Consent:
    notice = rules.current(asked.purpose)
    return Consent(
        person_key=tenant_key(caller.community_id, subject_id),
        consent_id=ids.new_id("con"),
        community_id=caller.community_id,
        person_id=subject_id,
        guardian_id=caller.subject_id if caller.subject_id != subject_id else None,
        purpose=asked.purpose.value,
        decision=asked.decision.value,
        kinds=list(notice.kinds),
        recipient=notice.recipient,
        text_version=notice.version,
        text_sha256=notice.sha256,
        channel=asked.channel.value,
        decided_at=clock.epoch_ms(at),
        ends_at=clock.epoch_ms(after.expires) if after.expires else None,
        expires=kept_until(Kept.CONSENT, after.expires or at),
    )


def _turned(record: Consent, row: ConsentStanding | None, after: Standing) -> ConsentStanding:
    """Return the standing's row after a record, made now if this is the first one."""
    if row is None:
        row = ConsentStanding(
            person_key=record.person_key,
            purpose=record.purpose,
            community_id=record.community_id,
            person_id=record.person_id,
        )
    row.consent_id = record.consent_id
    return row.turn(after)


def _withdrawn(
    record: Consent, row: ConsentStanding, by: str, at: datetime
) -> tuple[Consent, ConsentStanding]:
    record.withdrawn_at, record.withdrawn_by = clock.epoch_ms(at), by
    record.expires = kept_until(Kept.CONSENT, at)
    return record, row.turn(rules.withdrawn(row.standing, at))


def _announced(
    record: Consent, was: State, now: State, at: datetime
) -> tuple[ConsentGiven | ConsentWithdrawn, ...]:
    """Return what others must hear: a refusal ends a consent, also one past its end."""
    if now is State.GIVEN:
        return (ConsentGiven(*_named(record), at, clock.from_epoch_ms(int(record.ends_at))),)
    return (gone(record, at),) if was is State.GIVEN else ()


def gone(record: Consent, at: datetime) -> ConsentWithdrawn:
    """Return what whoever relied on a consent must hear when it ends."""
    return ConsentWithdrawn(*_named(record), at)


def _named(record: Consent) -> tuple[str, str, str, str]:
    return record.community_id, record.person_id, record.consent_id, record.purpose


def _view(purpose: Purpose, row: ConsentStanding | None) -> ConsentView:
    notice, at = rules.current(purpose), clock.now()
    standing = (row.standing if row else Standing()).at(at)
    return ConsentView(
        purpose=purpose,
        state=standing.state,
        consent_id=row.consent_id if row else None,
        expires_at=standing.expires,
        quiet_until=standing.quiet_until,
        may_ask=standing.may_be_asked(at),
        text=notice.text,
        text_version=notice.version,
        text_sha256=notice.sha256,
        kinds=notice.kinds,
        recipient=notice.recipient,
        sensitive=notice.sensitive,
    )
