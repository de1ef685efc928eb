"""What follows from a final election: who sits, until when, and by when it is to be filed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.table import Row
from chalicelib.identity import public as identity
from chalicelib.nominations.public import nominations
from chalicelib.voting.events import CommitteeAnnulled, CommitteeElected, CompanySelected
from chalicelib.voting.service import options, votes
from chalicelib.voting.service.votes import State
from chalicelib.voting.tables.slates import Committee, OptionRow
from chalicelib.voting.tables.votes import VoteRow

ELECTED, ANNULLED = "ELECTED", "ANNULLED"


@dataclass(frozen=True)
class Outcome:
    """Rows and facts that are committed with the end of a vote."""

    rows: list[Row] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class CommitteeView:
    """A committee as everybody sees it; `is_late` if it should have been filed (条例 16)."""

    committee_id: str
    vote_id: str
    filling: str
    state: str
    members: list[str]
    seats: int
    to_fill: int
    is_over: bool
    elected_on: date
    ends_on: date
    file_by: date
    filed_on: date | None
    is_late: bool
    legal_notice: str


@dataclass(frozen=True)
class CommitteePage:
    """One page of the committees of an estate, the newest first."""

    items: list[CommitteeView]
    next: str | None


def outcome(vote: VoteRow, state: procedure.State, at: datetime) -> Outcome:
    """Return what follows from the end of a vote: who is elected, or is no more."""
    made = Outcome()
    for said in vote.items:
        if "filling" not in said or not vote.result:
            continue
        if state is State.ANNULLED:
            _undo(made, vote, said)
        elif said["filling"] == nominations.Filling.COMPANY:
            _select(made, vote, said, at)
        else:
            _elect(made, vote, said, at)
    return made


def _elect(made: Outcome, vote: VoteRow, said: dict[str, Any], at: datetime) -> None:
    result = options.result_of(vote, said["id"])
    row = Committee.find(vote.community_id, _id_of(vote, said)) or _new(vote, said)
    filled = nominations.filled(result, int(said["seats_in_all"]), said.get("before", ()))
    if not filled.elected or row.state == ANNULLED:
        return
    today = procedure.day_of(at)
    row.members = [*row.members, *_members(vote, said, result["elected"])]
    row.to_fill, row.is_over = filled.to_fill, filled.is_over
    row.elected_on = today.isoformat()
    row.ends_on = procedure.term_ends(today, int(said["term_years"])).isoformat()
    row.file_by = procedure.file_by(today, votes.limits(vote)).isoformat()
    made.rows.append(row)
    made.events.append(
        CommitteeElected(
            community_id=vote.community_id,
            committee_id=row.committee_id,
            vote_id=vote.vote_id,
            filling=row.filling,
            members=tuple(member["person_id"] for member in row.members),
            to_fill=filled.to_fill,
            is_over=filled.is_over,
            ends_on=row.ends_on,
            file_by=row.file_by,
            legal_mode=vote.legal_mode,
            elected_at=at,
        )
    )


def _select(made: Outcome, vote: VoteRow, said: dict[str, Any], at: datetime) -> None:
    for option in options.result_of(vote, said["id"])["elected"]:
        row = OptionRow.get(vote.vote_key, option, consistent_read=True)
        made.events.append(
            CompanySelected(
                community_id=vote.community_id,
                vote_id=vote.vote_id,
                bid_id=option,
                company_id=row.content["company_id"],
                legal_mode=vote.legal_mode,
                selected_at=at,
            )
        )


def _undo(made: Outcome, vote: VoteRow, said: dict[str, Any]) -> None:
    """Take away what an annulled vote gave: all of it, or the seats of its own round."""
    row = Committee.find(vote.community_id, _id_of(vote, said))
    if row is None or row.state == ANNULLED:
        return
    kept = [member for member in row.members if member["vote_id"] != vote.vote_id]
    row.members, row.to_fill, row.is_over = kept, int(row.seats) - len(kept), False
    if row.vote_id == vote.vote_id:
        row.state, row.members = ANNULLED, []
    made.rows.append(row)
    left = tuple(member["person_id"] for member in row.members)
    made.events.append(CommitteeAnnulled(vote.community_id, row.committee_id, vote.vote_id, left))


def _members(vote: VoteRow, said: dict[str, Any], elected: Sequence[str]) -> list[dict[str, str]]:
    found = [OptionRow.get(vote.vote_key, option, consistent_read=True) for option in elected]
    return [
        {
            "option_id": row.option_id,
            "person_id": str(row.person_id),
            "name": said["names"][row.option_id],
            "vote_id": vote.vote_id,
        }
        for row in found
    ]


def _id_of(vote: VoteRow, said: dict[str, Any]) -> str:
    """Return the committee's id: that of the first round's vote and item."""
    root = said.get("root") or {"vote_id": vote.vote_id, "item_id": said["id"]}
    return f"{root['vote_id']}-{root['item_id']}"


def _new(vote: VoteRow, said: dict[str, Any]) -> Committee:
    committee_id = _id_of(vote, said)
    return Committee(
        community_id=vote.community_id,
        committee_id=committee_id,
        vote_id=committee_id.rpartition("-")[0],
        item_id=committee_id.rpartition("-")[2],
        filling=said["filling"],
        seats=said["seats_in_all"],
        term_years=said["term_years"],
        legal_mode=vote.legal_mode,
        state=ELECTED,
    )


def file(
    caller: Caller, community_id: str | None, committee_id: str, filed_on: date, document: str
) -> CommitteeView:
    """Note that a committee was filed with street and district (备案, 条例 16).

    Raises NotFound `no_such_committee`, Conflict `committee_filed`, Unprocessable
    `committee_annulled`.
    """
    row = Committee.find(identity.estate_in_sight(caller, community_id), committee_id)
    if row is None:
        raise NotFound("no_such_committee", "没有找到该业主委员会")
    if row.state == ANNULLED:
        raise Unprocessable("committee_annulled", "该选举结果已被撤销，不能备案")
    if row.filed_on:
        raise Conflict("committee_filed", "该业主委员会已备案")
    row.filed_on, row.document = filed_on.isoformat(), document
    shown = _view(row)
    outbox.commit(row, answer=shown)
    return shown


def listed(
    caller: Caller, community_id: str | None, *, limit: int, after: str | None
) -> CommitteePage:
    """Return one page of the committees of an estate in sight, the newest first; one read."""
    community_id = identity.estate_in_sight(caller, community_id)
    rows, following = cursor.page(
        Committee.query,
        community_id,
        scan_index_forward=False,
        listing=f"committees/{community_id}",
        limit=limit,
        after=after,
    )
    return CommitteePage([_view(row) for row in rows], following)


def _view(row: Committee) -> CommitteeView:
    file_by = date.fromisoformat(row.file_by)
    return CommitteeView(
        committee_id=row.committee_id,
        vote_id=row.vote_id,
        filling=row.filling,
        state=row.state,
        members=[member["name"] for member in row.members],
        seats=int(row.seats),
        to_fill=int(row.to_fill),
        is_over=row.is_over,
        elected_on=date.fromisoformat(row.elected_on),
        ends_on=date.fromisoformat(row.ends_on),
        file_by=file_by,
        filed_on=date.fromisoformat(row.filed_on) if row.filed_on else None,
        is_late=not row.filed_on and procedure.day_of(clock.now()) > file_by,
        legal_notice=procedure.SHOWN[procedure.LegalMode(row.legal_mode)],
    )
