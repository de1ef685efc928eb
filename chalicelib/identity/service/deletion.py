"""A person's right to be forgotten (PIPL 47): what goes at once, what goes soon, what stays.

One transaction ends sign-ins, consents and ties and destroys the data key; an owner, or
who works here, keeps name and phone and loses the rest. `finish` then takes what is no row
of the person's own, and the sweep brings it back until it is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chalicelib.core import clock, media, outbox, revocations, sealing, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.logs import logger
from chalicelib.core.table import Row, shard_of, tenant_key
from chalicelib.identity.events import AccountErased, PersonForgotten
from chalicelib.identity.rules.deletion import Ground, Kept, kept
from chalicelib.identity.rules.people import OWNING, BindingState, Tie
from chalicelib.identity.rules.privacy import due
from chalicelib.identity.service import consent, guardians, moves, people, sign_in
from chalicelib.identity.service.moves import HOMELESS_FOR
from chalicelib.identity.tables.audits import Deletion
from chalicelib.identity.tables.people import Binding, Person, Phone, Residency

OPTIONAL: Final = ("id_number", "born", "id_index", "account_key")
"""What of a person's row no contract needs."""

NAMING: Final = (*OPTIONAL, "name", "phone", "phone_index")
"""What of a person's row names them or leads to them."""

MOST_TIES: Final = 15
"""Ties that end with the deletion itself; what is left ends when it is finished."""

RETENTION: Final = "retention"
"""Who asked for a deletion that nobody asked for."""


@dataclass(frozen=True)
class DeletionView:
    """What was asked for, when all of it is done, and what stays on which ground."""

    person_id: str
    asked_at: datetime
    due_at: datetime
    kept: list[Kept]


@dataclass(frozen=True)
class _Work:
    """What a deletion writes, deletes and announces."""

    rows: list[Row] = field(default_factory=list)
    deletes: list[Row] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)


def delete(
    caller: Caller, person_id: str | None = None, *, at: datetime | None = None
) -> DeletionView:
    """Forget the caller, or their child under 14, or what of them no contract needs.

    What was sealed is unreadable from this instant in every table; in a backup when that of
    the data keys is over, too (35 days). Who was forgotten gets the first answer again. An
    owner's account is erased each time, and the rest when they own nothing here any more.
    Raises NotFound `no_such_person`, Unprocessable `guardian_required` for a child alone,
    `guardian_of_child`, Conflict `lost_race`.
    """
    at, community_id = at or clock.now(), caller.community_id
    subject_id = guardians.subject(caller, person_id, deciding=True)
    earlier = Deletion.find(community_id, subject_id)
    if earlier is not None and not earlier.grounds:
        outbox.commit(answer=_view(earlier))
        return _view(earlier)
    return _commit(earlier, community_id, subject_id, caller.subject_id, at)


def forget_leavers(*, at: datetime | None = None, limit: int = 100) -> int:
    """Forget who has had no home for long enough (`moves.HOMELESS_FOR`); return how many."""
    at = at or clock.now()
    return sweep.each(list(Person.overdue(at, limit)), lambda key: _forget_leaver(key, at))


def finish(event: PersonForgotten | AccountErased) -> None:
    """Do the rest of a deletion: late ties, wishes and their evidence; twice changes nothing."""
    _finish((event.community_id, event.person_id))


def finish_deletions(*, at: datetime | None = None, limit: int = 100) -> int:
    """Finish what nobody finished yet, and complain of what is overdue; return how many."""
    at = at or clock.now()
    return sweep.each(list(Deletion.open(limit)), lambda key: _watched(key, at))


def replay(community_id: str) -> int:
    """Erase again whom a restored backup brought back (LAW.md 3.2); return how many."""
    return sum(_again(noted) for noted in Deletion.query(community_id, consistent_read=True))


def _commit(
    noted: Deletion | None, community_id: str, person_id: str, by: str, at: datetime
) -> DeletionView:
    """Erase what may go, and note it, all or nothing."""
    person, homes = Person.find(community_id, person_id), people.homes_of(community_id, person_id)
    grounds = _grounds(person, homes)
    going = [home for home in homes if not (grounds and Tie(home.tie) in OWNING)]
    noted = noted or Deletion(community_id=community_id, person_id=person_id)
    noted.asked_at, noted.asked_by = clock.epoch_ms(at), by
    noted.grounds, noted.due_at = [ground.value for ground in grounds], clock.epoch_ms(due(at))
    noted.finished_at, noted.shard = None, shard_of("deletion", person_id)
    work = _erased(community_id, person_id, person, whole=not grounds, at=at)
    last = len(going) == len(homes)
    over = moves.ended(community_id, going[:MOST_TIES], at, last_home=last)
    stopped, told = consent.ended(community_id, person_id, by, at)
    audience = people.RESIDENT if grounds else None
    view = _view(noted)
    outbox.commit(
        noted,
        *work.rows,
        *over.rows,
        *stopped,
        revocations.of_person(community_id, person_id, audience, at),
        events=(*told, *over.events, _announced(noted, view)),
        deletes=(*work.deletes, *over.deletes),
        answer=view,
    )
    return view


def _grounds(person: Person | None, homes: Sequence[Residency]) -> list[Ground]:
    grounds = []
    if any(Tie(home.tie) in OWNING for home in homes):
        grounds.append(Ground.STILL_OWNER)
    if person is not None and person.login:
        grounds.append(Ground.STILL_EMPLOYED)
    return grounds


def _erased(
    community_id: str, person_id: str, person: Person | None, *, whole: bool, at: datetime
) -> _Work:
    """Return what erases a person, or what of them no contract needs; nothing if it is gone."""
    work = _Work()
    if person is not None:
        work.deletes.extend(sign_in.links_of(person))
        left = any(getattr(person, name) is not None for name in OPTIONAL)
        if left if not whole else person.forgotten_at is None:
            work.rows.extend(_emptied(person, whole=whole, at=at, claims=work.deletes))
    if whole:
        try:
            work.rows.append(sealing.destroyed(community_id, person_id))
        except sealing.Forgotten:
            return work  # nothing was ever sealed for them
    return work


def _emptied(person: Person, *, whole: bool, at: datetime, claims: list[Row]) -> list[Row]:
    """Return a person's row without what goes, under a new data key if something stays.

    Copies of the row in backups open by no key that is kept.
    """
    if whole:
        held = Phone.find(person.phone_index or "", person.community_id)
        claims.extend([held] if held is not None and held.person_id == person.person_id else [])
        for name in NAMING:
            setattr(person, name, None)
        person.leaves(None)
        person.forgotten_at = clock.epoch_ms(at)
        return [person]
    stays = {name: people.opened(person, name) for name in ("name", "phone")}
    key = sealing.renewed(person.community_id, person.person_id)
    for name in OPTIONAL:
        setattr(person, name, None)
    people.seal(person, {name: text for name, text in stays.items() if text}, key)
    return [person, key]


def _announced(noted: Deletion, view: DeletionView) -> PersonForgotten | AccountErased:
    who = (noted.community_id, noted.person_id)
    if noted.grounds:
        return AccountErased(*who, tuple(noted.grounds), view.asked_at, view.due_at)
    return PersonForgotten(*who, view.asked_at, view.due_at)


def _forget_leaver(key: tuple[str, str], at: datetime) -> bool:
    """Forget somebody without a home; whoever found one, or may, is left alone."""
    person = Person.find(*key)
    if person is None or person.forget_at is None or person.forget_at > clock.epoch_ms(at):
        return False
    whose = tenant_key(*key)
    if list(Residency.by_person.query(whose, limit=1)):  # one of an import under way counts, too
        person.leaves(None)
    elif person.login or any(row.state == BindingState.PENDING for row in _wishes(*key)):
        person.leaves(at + HOMELESS_FOR)
    else:
        _commit(Deletion.find(*key), *key, RETENTION, at)
        return True
    outbox.commit(person)
    return False


def _watched(key: tuple[str, str], at: datetime) -> bool:
    noted = Deletion.find(*key)
    if noted is not None and noted.shard and noted.due_at < clock.epoch_ms(at):
        logger().error("deletion overdue", extra={"person_id": noted.person_id})
    return _finish(key)


def _finish(key: tuple[str, str]) -> bool:
    noted = Deletion.find(*key)
    if noted is None or noted.finished_at:
        return False
    for home in people.homes_of(*key):
        if not (noted.grounds and Tie(home.tie) in OWNING):
            moves.move_out(home.community_id, home.unit_id, home.person_id)
    for wish in _wishes(*key):
        _clear(wish)
    noted.finished_at, noted.shard = clock.epoch_ms(clock.now()), None
    outbox.commit(noted)
    return True


def _wishes(community_id: str, person_id: str) -> list[Binding]:
    return list(Binding.by_person.query(tenant_key(community_id, person_id), limit=100))


def _clear(seen: Binding) -> None:
    """Take evidence and words off a wish; nobody decides on it any more."""
    row = Binding.find(seen.community_id, seen.binding_id)
    if row is None:
        return
    if row.evidence_key:
        media.erase(row.evidence_key)
    row.evidence_key = row.reason = None
    if row.state == BindingState.PENDING:
        row.state = BindingState.ENDED.value
        row.state_key = people.state_key(row.community_id, BindingState.ENDED)
    outbox.commit(row)


def _again(noted: Deletion) -> bool:
    community_id, person_id, at = noted.community_id, noted.person_id, clock.now()
    person = Person.find(community_id, person_id)
    work = _erased(community_id, person_id, person, whole=not noted.grounds, at=at)
    stopped, told = consent.ended(community_id, person_id, noted.asked_by, at)
    audience = people.RESIDENT if noted.grounds else None
    over = revocations.of_person(community_id, person_id, audience, at)
    outbox.commit(*work.rows, *stopped, over, events=told, deletes=work.deletes)
    noted.finished_at, noted.shard = None, shard_of("deletion", person_id)
    outbox.commit(noted)  # `finish` comes again: ties and evidence are back as well
    return bool(work.rows)


def _view(row: Deletion) -> DeletionView:
    return DeletionView(
        person_id=row.person_id,
        asked_at=clock.from_epoch_ms(int(row.asked_at)),
        due_at=clock.from_epoch_ms(int(row.due_at)),
        kept=kept(row.grounds),
    )
