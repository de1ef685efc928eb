"""Use cases of objections: to a roll before the vote opens, to a result after it is published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.core import audit, clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unprocessable
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity import public as identity
from chalicelib.voting.events import ObjectionAnswered, ObjectionRaised, RollAsked
from chalicelib.voting.service import votes
from chalicelib.voting.service.votes import State
from chalicelib.voting.tables.objections import Objection
from chalicelib.voting.tables.rolls import Roll, RollOwner, RollState, RollUnit
from chalicelib.voting.tables.votes import VoteRow


class About(StrEnum):
    """What is objected to."""

    ROLL = "ROLL"
    RESULT = "RESULT"


OPEN, UPHELD, DISMISSED = "OPEN", "UPHELD", "DISMISSED"


@dataclass(frozen=True)
class Correction:
    """What an upheld objection changes of a unit of the roll; None leaves it as it is.

    `area` is in 0.01 m²; `owners` are people of the community, who also may cast.
    """

    unit_id: str
    area: int | None = None
    owners: tuple[str, ...] | None = None
    is_parking: bool | None = None
    is_disputed: bool | None = None


@dataclass(frozen=True)
class ObjectionView:
    """An objection as everybody may see it: what was answered, not who asked in which words."""

    objection_id: str
    vote_id: str
    about: About
    unit_id: str
    state: str
    answer: str
    raised_at: datetime
    answered_at: datetime | None
    legal_notice: str


@dataclass(frozen=True)
class ObjectionSeen:
    """An objection as who answers it reads it: on the record."""

    objection: ObjectionView
    person_id: str
    text: str
    view_id: str


@dataclass(frozen=True)
class ObjectionPage:
    """One page of the objections of a vote, the oldest first."""

    items: list[ObjectionView]
    next: str | None


def raise_objection(
    caller: Caller, vote_id: str, about: About, text: str, *, unit_id: str = ""
) -> ObjectionView:
    """Take down an owner's objection; the vote does not open, nor end, before it is answered.

    Raises NotFound `no_such_vote`, Forbidden `not_an_owner`, Unprocessable
    `vote_not_in_that_state`, `vote_objection_late`, Conflict `lost_race` if the vote moved.
    """
    vote, at = votes.noticed(caller.community_id, vote_id), clock.now()
    _require_time(vote, about, at)
    if not _is_owner(vote, caller.subject_id):
        raise Forbidden("not_an_owner", "只有业主可以提出异议")
    row = Objection(
        vote_key=vote.vote_key,
        objection_id=ids.new_id("obj"),
        community_id=vote.community_id,
        vote_id=vote_id,
        about=about.value,
        person_id=caller.subject_id,
        person_key=tenant_key(vote.community_id, caller.subject_id),
        unit_id=unit_id,
        text=text,
        state=OPEN,
        raised_at=clock.epoch_ms(at),
    )
    raised = ObjectionRaised(vote.community_id, vote_id, row.objection_id, about.value, at)
    shown = _view(row, vote)
    outbox.commit(row, given=[_counted(vote, 1)], events=(raised,), answer=shown)
    return shown


def answer(
    caller: Caller,
    community_id: str | None,
    objection: tuple[str, str],
    *,
    upheld: bool,
    text: str,
    correction: Correction | None = None,
) -> ObjectionView:
    """Answer an objection (vote, objection); one to the roll may correct a unit of it.

    The roll is then grouped anew, under a new root. Raises NotFound `no_such_vote`,
    `no_such_objection`, Unprocessable `correction_not_upheld`, `correction_of_result`,
    `correction_area`, Conflict `already_answered`, `roll_under_way`, `lost_race`.
    """
    vote_id, objection_id = objection
    vote, at = votes.convened(caller, community_id, vote_id), clock.now()
    row = _found(vote, objection_id)
    if row.state != OPEN:
        raise Conflict("already_answered", "该异议已答复")
    rows, asked = _corrected(vote, row, correction, upheld=upheld) if correction else ((), ())
    row.state, row.answer = UPHELD if upheld else DISMISSED, text
    row.answered_by, row.answered_at = caller.subject_id, clock.epoch_ms(at)
    told = ObjectionAnswered(vote.community_id, vote_id, objection_id, row.person_id, row.state, at)
    shown = _view(row, vote)
    outbox.commit(row, *rows, given=[_counted(vote, -1)], events=(told, *asked), answer=shown)
    return shown


def seen(
    caller: Caller, community_id: str | None, vote_id: str, objection_id: str
) -> ObjectionSeen:
    """Show an objection with its author and words to who answers it: its own ticket.

    Raises NotFound `no_such_vote`, `no_such_objection`, and as `audit.viewing`.
    """
    vote = votes.convened(caller, community_id, vote_id)
    row = _found(vote, objection_id)
    look = audit.Look(
        vote.community_id, row.person_id, "voting_objection", objection_id, ["objection"]
    )
    view_id = audit.record(caller, look)
    return ObjectionSeen(_view(row, vote), row.person_id, row.text, view_id)


def listed(vote: VoteRow, *, limit: int, after: str | None) -> ObjectionPage:
    """Return one page of the objections of a vote, without authors and their words."""
    rows, following = cursor.page(
        Objection.query,
        vote.vote_key,
        listing=f"objections/{vote.vote_key}",
        limit=limit,
        after=after,
    )
    return ObjectionPage([_view(row, vote) for row in rows], following)


def _require_time(vote: VoteRow, about: About, at: datetime) -> None:
    today, state = procedure.day_of(at), vote.stands()
    if about is About.ROLL:
        votes.require(procedure.roll_objection_refusal(state, vote.day("opens_on"), today))
        return
    votes.require_state(vote, State.OBJECTION)
    published = procedure.day_of(clock.from_epoch_ms(int(vote.published_at or 0)))
    votes.require(procedure.objection_refusal(state, published, today, votes.limits(vote)))


def _is_owner(vote: VoteRow, person_id: str) -> bool:
    """Return whether somebody is on the roll, or owns a flat and says that they should be."""
    on_roll = RollOwner.lines(vote.community_id, person_id, vote.vote_id)
    return bool(on_roll) or identity.owns_here(vote.community_id, person_id)


def _counted(vote: VoteRow, more: int) -> outbox.Given:
    """Return the count of what is unanswered, if the vote is still in its state."""
    return outbox.Given(
        VoteRow,
        vote.community_id,
        vote.vote_id,
        VoteRow.state == vote.state,
        [VoteRow.unanswered.set(VoteRow.unanswered + more)],
    )


def _corrected(
    vote: VoteRow, row: Objection, correction: Correction, *, upheld: bool
) -> tuple[Sequence[Row], Sequence[Any]]:
    """Return the rows of a correction, and the event that has the roll grouped anew."""
    if not upheld:
        raise Unprocessable("correction_not_upheld", "驳回的异议不能更正名册")
    if row.about != About.ROLL or vote.stands() is not State.NOTICED:
        raise Unprocessable("correction_of_result", "投票开始后名册不能再更正")
    roll = Roll.find(vote.community_id, vote.vote_id)
    if roll is None or roll.state != RollState.FROZEN:
        raise Conflict("roll_under_way", "名册正在生成，请稍候")
    unit = _unit(vote, correction)
    row.correction = {"unit_id": unit.unit_id, "area": int(unit.area), "owners": unit.owners}
    roll.state, roll.after, roll.root = RollState.UNGROUPING.value, None, None
    return (unit, roll), (RollAsked(vote.community_id, vote.vote_id),)


def _unit(vote: VoteRow, correction: Correction) -> RollUnit:
    """Return the unit as corrected; one that was forgotten is put on the roll."""
    unit = RollUnit.find(vote.vote_key, correction.unit_id) or RollUnit(
        vote_key=vote.vote_key,
        unit_id=correction.unit_id,
        room=correction.unit_id,
        area=0,
        area_source="CORRECTED",
        owners=[f"unknown:{correction.unit_id}"],
    )
    if correction.area is not None:
        unit.area, unit.area_source = correction.area, "CORRECTED"
    if correction.owners is not None:
        owners = sorted(set(correction.owners))
        unit.owners = owners or [f"unknown:{correction.unit_id}"]
        unit.voters, unit.holding, unit.developer = owners, "OWNED", ""
    if correction.is_parking is not None:
        unit.is_parking = correction.is_parking
    if correction.is_disputed is not None:
        unit.is_disputed = correction.is_disputed
    if unit.area <= 0:
        raise Unprocessable("correction_area", "更正后的房屋须有面积")
    return unit


def _found(vote: VoteRow, objection_id: str) -> Objection:
    row = Objection.find(vote.vote_key, objection_id)
    if row is None:
        raise NotFound("no_such_objection", "没有找到该异议")
    return row


def _view(row: Objection, vote: VoteRow) -> ObjectionView:
    answered = clock.from_epoch_ms(int(row.answered_at)) if row.answered_at else None
    return ObjectionView(
        objection_id=row.objection_id,
        vote_id=row.vote_id,
        about=About(row.about),
        unit_id=row.unit_id,
        state=row.state,
        answer=row.answer,
        raised_at=clock.from_epoch_ms(int(row.raised_at)),
        answered_at=answered,
        legal_notice=votes.legal_notice(vote),
    )
