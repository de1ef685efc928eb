"""Votes as people see them, and where each use case finds its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock, cursor
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.identity import public as identity
from chalicelib.voting.rules import ITEMS
from chalicelib.voting.service import casting
from chalicelib.voting.tables.bylaws import Bylaws
from chalicelib.voting.tables.votes import VoteRow

State = procedure.State
OPENED = frozenset({State.OPEN, State.CLOSED, State.OBJECTION, State.FINAL, State.ANNULLED})
PUBLISHED = frozenset({State.OBJECTION, State.FINAL, State.ANNULLED})

REFUSALS: Mapping[str, str] = {
    "vote_not_in_that_state": "表决当前所处阶段不允许此操作",
    "vote_items_frozen": "表决已公告，事项和规则不能再修改",
    "vote_notice_too_short": "公告日与开始投票日至少相隔16天（公告当日不计）",
    "vote_roll_published_late": "业主名册须在开始投票前至少16天公示",
    "vote_record_date_late": "名册登记日不能晚于名册公示日",
    "vote_window_length": "投票期须在5天至60天之间",
    "vote_objection_late": "异议期已过",
    "vote_objection_period": "异议期未满",
    "vote_objections_unanswered": "尚有异议未答复",
    "vote_items": "表决事项不能为空，且编号不能重复",
    "vote_item_number": "表决事项须为民法典第278条所列九项之一",
    "vote_candidates": "候选人与席位设置不正确",
    "deeming_clause_missing": "议事规则中没有视同条款",
    "deeming_clause_changed": "视同条款与备案文本不一致",
    "deeming_clause_not_noticed": "公告中须写明视同条款及其后果",
    "deeming_not_allowed_here": "本地或本小区不允许采用该视同规则",
}
"""What the rules' codes say to people."""


@dataclass(frozen=True)
class Matter:
    """One item of a vote, with the words of article 278 beside the convener's.

    `names` says who the candidates are; `run_off_of` is the vote whose tie this is to break,
    and `run_off` the vote that breaks the tie of this one.
    """

    id: str
    number: int
    statute: str
    title: str
    text: str
    candidates: list[str]
    seats: int
    names: dict[str, str] = field(default_factory=dict)
    term_years: int = 0
    run_off_of: str | None = None
    run_off: str | None = None


@dataclass(frozen=True)
class Base:
    """An area in 0.01 m² and heads."""

    area: int
    heads: int


@dataclass(frozen=True)
class VoteView:
    """A vote; `turnout` once it is open, `result` once it is published, times with offset.

    `legal_notice` says what the vote is worth in law; it stands beside whatever is shown.
    """

    vote_id: str
    community_id: str
    title: str
    state: State
    legal_mode: str
    legal_notice: str
    items: list[Matter]
    deeming: str
    clause: dict[str, str] | None
    invalid_participates: bool
    named_allowed: bool
    parking: str
    paths: list[str]
    record_on: date | None
    noticed_on: date | None
    opens_at: datetime
    closes_at: datetime
    paper_until: datetime
    roll: Base
    roll_root: str | None
    rules_hash: str | None
    h0: str | None
    petition_id: str | None = None
    turnout: Base | None = None
    result: dict[str, Any] | None = None
    published_at: datetime | None = None
    object_until: date | None = None
    unanswered: int = 0
    stuck: str | None = None
    annulment: dict[str, str] | None = None


@dataclass(frozen=True)
class VotePage:
    """One page of votes, the newest first."""

    items: list[VoteView] = field(default_factory=list)
    next: str | None = None


def for_resident(caller: Caller, vote_id: str) -> VoteView:
    """Show a vote that was noticed to a resident; raises NotFound `no_such_vote`."""
    return shown_to_all(noticed(caller.community_id, vote_id))


def for_staff(caller: Caller, community_id: str | None, vote_id: str) -> VoteView:
    """Show a vote, a draft too, to committee or officers; raises NotFound `no_such_vote`."""
    return shown_to_all(in_sight(caller, community_id, vote_id))


def of_residents(caller: Caller, *, limit: int, after: str | None) -> VotePage:
    """Return one page of the votes of the caller's estate that were noticed; one read."""
    return _page(caller.community_id, drafts=False, limit=limit, after=after)


def of_staff(
    caller: Caller, community_id: str | None, *, limit: int, after: str | None
) -> VotePage:
    """Return one page of the votes of an estate in sight, drafts too; one read."""
    community_id = identity.estate_in_sight(caller, community_id)
    return _page(community_id, drafts=True, limit=limit, after=after)


def noticed(community_id: str, vote_id: str) -> VoteRow:
    """Return a vote that everybody may know of; raises NotFound `no_such_vote`."""
    row = VoteRow.find(community_id, vote_id)
    if row is None or row.stands() is State.DRAFT:
        raise no_such_vote()
    return row


def in_sight(caller: Caller, community_id: str | None, vote_id: str) -> VoteRow:
    """Return a vote of an estate in the caller's sight; raises NotFound `no_such_vote`."""
    row = VoteRow.find(identity.estate_in_sight(caller, community_id), vote_id)
    if row is None:
        raise no_such_vote()
    return row


def convened(caller: Caller, community_id: str | None, vote_id: str) -> VoteRow:
    """Return a vote that the caller's side convenes: the committee's own, or the street's.

    Raises NotFound `no_such_vote`, Unprocessable `vote_of_another_convener`.
    """
    row = in_sight(caller, community_id, vote_id)
    if row.audience != caller.audience:
        raise Unprocessable("vote_of_another_convener", "该表决由另一方召集，只能由召集方办理")
    return row


def require(code: str | None) -> None:
    """Raise Unprocessable with the words of a code of the rules, if there is one."""
    if code is not None:
        raise Unprocessable(code, REFUSALS[code])


def require_state(row: VoteRow, *states: State) -> None:
    """Raise Unprocessable `vote_not_in_that_state` unless the vote is in one of these."""
    require(None if row.stands() in states else "vote_not_in_that_state")


def no_such_vote() -> NotFound:
    """Return the refusal of a vote that is not there for the caller."""
    return NotFound("no_such_vote", "没有找到该表决")


def shown_to_all(row: VoteRow) -> VoteView:
    """Return a vote with its turnout: while it is open nobody sees more; one read if it is."""
    turnout = casting.turnout(row) if row.stands() in OPENED else None
    return view(row, Base(turnout.area, turnout.heads) if turnout else None)


def view(row: VoteRow, turnout: Base | None = None) -> VoteView:
    """Return a vote as everybody may see it; no read but the bylaws' for the day of objecting."""
    state, published = row.stands(), _at(row.published_at)
    return VoteView(
        vote_id=row.vote_id,
        community_id=row.community_id,
        title=row.title,
        state=state,
        legal_mode=row.legal_mode,
        legal_notice=legal_notice(row),
        items=[_matter(said) for said in row.items],
        deeming=row.deeming,
        clause=row.clause,
        invalid_participates=row.invalid_participates,
        named_allowed=row.named_allowed,
        parking=row.parking,
        paths=list(row.paths),
        record_on=_day(row.record_on),
        noticed_on=_day(row.noticed_on),
        opens_at=clock.from_epoch_ms(int(row.opens_at)),
        closes_at=clock.from_epoch_ms(int(row.closes_at)),
        paper_until=clock.from_epoch_ms(int(row.paper_until)),
        roll=Base(int(row.roll_area), int(row.roll_heads)),
        roll_root=row.roll_root,
        rules_hash=row.rules_hash,
        h0=row.h0,
        petition_id=row.petition_id,
        turnout=turnout,
        result=row.result if state in PUBLISHED else None,
        published_at=published,
        object_until=procedure.object_by(procedure.day_of(published), limits(row))
        if published
        else None,
        unanswered=int(row.unanswered),
        stuck=row.stuck,
        annulment=row.annulment,
    )


def legal_notice(row: VoteRow) -> str:
    """Return the sentence that stands on every page of a vote."""
    return procedure.SHOWN[procedure.LegalMode(row.legal_mode)]


def limits(row: VoteRow) -> procedure.Periods:
    """Return the days that a vote was noticed with; of a draft, those on file."""
    if row.terms is None:
        return Bylaws.of(row.community_id).limits()
    return procedure.Periods(**row.terms["more"]["periods"])


def _page(community_id: str, *, drafts: bool, limit: int, after: str | None) -> VotePage:
    rows, following = cursor.page(
        VoteRow.query,
        community_id,
        filter_condition=None if drafts else VoteRow.state != State.DRAFT.value,
        scan_index_forward=False,
        listing=f"votes/{community_id}/{drafts}",
        limit=limit,
        after=after,
    )
    return VotePage([view(row) for row in rows], following)


def _matter(said: Mapping[str, Any]) -> Matter:
    number = int(said["number"])
    return Matter(
        said["id"],
        number,
        ITEMS[number],
        said["title"],
        said["text"],
        list(said["candidates"]),
        int(said["seats"]),
        dict(said.get("names", {})),
        int(said.get("term_years", 0)),
        said.get("run_off_of", {}).get("vote_id"),
        said.get("run_off"),
    )


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _at(epoch_ms: float | None) -> datetime | None:
    return None if epoch_ms is None else clock.from_epoch_ms(int(epoch_ms))
