"""Use cases of candidates: owners nominate a flat, stand themselves, withdraw, are struck off."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.nominations.public import nominations
from chalicelib.voting.events import CandidacyEnded, CandidateStood, FlatNominated
from chalicelib.voting.service import slates
from chalicelib.voting.service.slates import Standing
from chalicelib.voting.tables.slates import Candidacy, FlatNomination, Slate


@dataclass(frozen=True)
class CandidateView:
    """Somebody who stands, in their own words; the id is the option of the ballot."""

    candidacy_id: str
    slate_id: str
    name: str
    statement: str
    state: str
    reason: str
    stood_at: datetime


@dataclass(frozen=True)
class CandidatePage:
    """One page of candidates, ordered by id."""

    items: list[CandidateView]
    next: str | None


@dataclass(frozen=True)
class OwnStanding:
    """What a slate means to the caller: their flats that were proposed, whether they stand."""

    slate_id: str
    is_owner: bool
    nominated: dict[str, int]
    candidacy: CandidateView | None


@dataclass(frozen=True)
class NominationView:
    """A flat whose owners the caller has proposed."""

    slate_id: str
    unit_id: str


def nominate(caller: Caller, slate_id: str, unit_id: str) -> NominationView:
    """Propose the owners of a flat: they say themselves whether one of them stands.

    A flat and no name, so that nobody learns here who lives where. Raises NotFound
    `no_such_slate`, Conflict `nominated_already`, Unprocessable `slate_of_companies`,
    `slate_closed`, `candidate_not_an_owner`.
    """
    slate, at = slates.found(caller.community_id, slate_id), clock.now()
    _require_open(slate, caller, at)
    row = FlatNomination(
        person_key=tenant_key(slate.community_id, caller.subject_id),
        line=f"{slate_id}#{unit_id}",
        community_id=slate.community_id,
        slate_id=slate_id,
        slate_key=slate.slate_key,
        unit_id=unit_id,
        expires=kept_until(Kept.CANDIDACY, at),
    )
    if row.has_twin():
        raise Conflict("nominated_already", "您已推荐过该户业主")
    shown = NominationView(slate_id, unit_id)
    told = FlatNominated(slate.community_id, slate_id, unit_id, at)
    outbox.commit(row, given=(slates.unput(slate),), events=(told,), answer=shown)
    return shown


def stand(caller: Caller, slate_id: str, statement: str) -> CandidateView:
    """Stand for the committee, proposed or not; one's name and words are then published.

    Who withdrew may stand again; who was struck off may not. Raises as `nominate`, Conflict
    `standing_already`, Unprocessable `candidacy_not_standing`.
    """
    slate, at = slates.found(caller.community_id, slate_id), clock.now()
    _require_open(slate, caller, at)
    row = _mine(slate, caller.subject_id) or _new(slate, caller.subject_id)
    if row.state == Standing.STANDING:
        raise Conflict("standing_already", "您已报名")
    slates.require("candidacy_not_standing" if row.state == Standing.STRUCK else None)
    row.name = identity.name_of(slate.community_id, caller.subject_id)
    row.statement, row.state = statement, Standing.STANDING.value
    row.stood_at, row.expires = clock.epoch_ms(at), kept_until(Kept.CANDIDACY, at)
    shown = _view(row)
    told = CandidateStood(slate.community_id, slate_id, row.candidacy_id, at)
    outbox.commit(row, given=(slates.unput(slate),), events=(told,), answer=shown)
    return shown


def withdraw(caller: Caller, slate_id: str) -> CandidateView:
    """Stand no more; possible until the vote is noticed.

    Raises NotFound `no_such_slate`, `no_such_candidacy`, Unprocessable `slate_closed`,
    `candidacy_not_standing`.
    """
    slate = slates.found(caller.community_id, slate_id)
    row = _mine(slate, caller.subject_id)
    if row is None:
        raise no_such_candidacy()
    return _end(slate, row, Standing.WITHDRAWN, "")


def strike(
    caller: Caller, community_id: str | None, slate_id: str, candidacy_id: str, reason: str
) -> CandidateView:
    """Strike somebody off who may not be elected, with the reason, which everybody reads.

    Raises as `withdraw`, and Unprocessable `vote_of_another_convener`.
    """
    slate = slates.convened(caller, community_id, slate_id)
    row = Candidacy.find(slate.slate_key, candidacy_id)
    if row is None:
        raise no_such_candidacy()
    return _end(slate, row, Standing.STRUCK, reason)


def own(caller: Caller, slate_id: str) -> OwnStanding:
    """Show what a slate means to the caller; one read for each flat of theirs, and two."""
    slate = slates.found(caller.community_id, slate_id)
    row = _mine(slate, caller.subject_id)
    units = identity.owned_by(slate.community_id, caller.subject_id)
    counted = {unit: _nominations(slate, unit) for unit in units}
    return OwnStanding(
        slate_id=slate_id,
        is_owner=bool(units),
        nominated={unit: count for unit, count in counted.items() if count},
        candidacy=_view(row) if row else None,
    )


def listed(slate: Slate, *, limit: int, after: str | None) -> CandidatePage:
    """Return one page of who stands, or stood and was struck off; one read."""
    rows, following = cursor.page(
        Candidacy.query,
        slate.slate_key,
        filter_condition=Candidacy.state != Standing.WITHDRAWN.value,
        listing=f"candidacies/{slate.slate_key}",
        limit=limit,
        after=after,
    )
    return CandidatePage([_view(row) for row in rows], following)


def standing(slate: Slate) -> list[Candidacy]:
    """Return everybody who stands, ordered by id: an order that favours nobody."""
    rows = Candidacy.query(slate.slate_key, consistent_read=True)
    return [row for row in rows if row.state == Standing.STANDING and row.is_live()]


def no_such_candidacy() -> NotFound:
    """Return the refusal of a candidate who does not stand there."""
    return NotFound("no_such_candidacy", "没有找到该候选人")


def _require_open(slate: Slate, caller: Caller, at: datetime) -> None:
    owner = identity.owns_here(slate.community_id, caller.subject_id)
    today = procedure.day_of(at)
    slates.require(nominations.nomination_refusal(slate.facts(), today, is_owner=owner))


def _end(slate: Slate, row: Candidacy, state: nominations.Standing, reason: str) -> CandidateView:
    slates.require(nominations.change_refusal(slate.facts(), Standing(row.state)))
    row.state, row.reason = state.value, reason
    shown = _view(row)
    told = CandidacyEnded(
        slate.community_id, slate.slate_id, row.candidacy_id, row.person_id, state.value
    )
    outbox.commit(row, given=(slates.unput(slate),), events=(told,), answer=shown)
    return shown


def _mine(slate: Slate, person_id: str) -> Candidacy | None:
    return Candidacy.find(slate.slate_key, _id_of(slate, person_id))


def _new(slate: Slate, person_id: str) -> Candidacy:
    return Candidacy(
        slate_key=slate.slate_key,
        candidacy_id=_id_of(slate, person_id),
        community_id=slate.community_id,
        slate_id=slate.slate_id,
        person_id=person_id,
        person_key=tenant_key(slate.community_id, person_id),
        state=Standing.WITHDRAWN.value,
    )


def _id_of(slate: Slate, person_id: str) -> str:
    return ids.derived("cand", slate.community_id, slate.slate_id, person_id)


def _nominations(slate: Slate, unit_id: str) -> int:
    return FlatNomination.by_flat.count(slate.slate_key, FlatNomination.unit_id == unit_id)


def _view(row: Candidacy) -> CandidateView:
    return CandidateView(
        candidacy_id=row.candidacy_id,
        slate_id=row.slate_id,
        name=row.name,
        statement=row.statement,
        state=row.state,
        reason=row.reason,
        stood_at=clock.from_epoch_ms(int(row.stood_at)),
    )
