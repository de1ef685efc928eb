"""Use cases of slates: a call for candidates of the committee, or for bids of companies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.identity import public as identity
from chalicelib.nominations.public import nominations
from chalicelib.voting.events import SlateOpened
from chalicelib.voting.tables.bylaws import Bylaws
from chalicelib.voting.tables.slates import Slate

Filling, Standing = nominations.Filling, nominations.Standing

REFUSALS: Mapping[str, str] = {
    "slate_seats": "席位数不正确，选聘物业服务企业只能选出一家",
    "slate_days": "截止日须在公告后3天至60天之间",
    "slate_closed": "报名已截止或已列入表决，不能再变更",
    "slate_still_open": "报名尚未截止，不能列入表决",
    "slate_put_already": "该名单已列入另一次表决",
    "slate_of_companies": "这是选聘物业服务企业，不接受个人报名",
    "slate_of_people": "这是业主委员会选举，不接受企业投标",
    "candidate_not_an_owner": "业主委员会委员须为本小区业主，也只能由业主推荐",
    "candidacy_not_standing": "该候选人或投标已不在名单中",
    "candidates_too_few": "候选人少于应选人数，请延长报名后再列入表决",
    "candidates_too_many": "一次表决最多40名候选人或40份投标",
    "committee_seats": "业主委员会人数须为单数且不少于5人",
    "committee_term": "业主委员会任期为1至5年",
}
"""What the rules' codes say to people."""


@dataclass(frozen=True)
class SlateWish:
    """A call: for how many seats and years, and until the end of which day (of China)."""

    filling: nominations.Filling
    title: str
    text: str
    seats: int
    term_years: int
    last_day: date


@dataclass(frozen=True)
class SlateView:
    """A call as everybody sees it; `vote_id` is the vote that it was noticed with."""

    slate_id: str
    community_id: str
    filling: str
    title: str
    text: str
    seats: int
    term_years: int
    last_day: date
    is_open: bool
    vote_id: str | None
    opened_at: datetime


@dataclass(frozen=True)
class SlatePage:
    """One page of calls, the newest first."""

    items: list[SlateView]
    next: str | None


def announce(caller: Caller, community_id: str | None, wish: SlateWish) -> SlateView:
    """Call for candidates or bids, and let everybody know of it.

    Raises NotFound `no_such_community`, Unprocessable `slate_seats`, `slate_days`,
    `committee_seats` (odd, at least five: 物业管理条例 15, LAW.md 1.3), `committee_term`.
    """
    community_id, at = identity.estate_in_sight(caller, community_id), clock.now()
    today = procedure.day_of(at)
    require(nominations.slate_refusal(wish.filling, wish.seats, wish.last_day, today))
    _require_committee(community_id, wish)
    row = Slate(
        community_id=community_id,
        slate_id=ids.new_id("slate"),
        filling=wish.filling.value,
        title=wish.title,
        text=wish.text,
        seats=wish.seats,
        term_years=0 if wish.filling is Filling.COMPANY else wish.term_years,
        last_day=wish.last_day.isoformat(),
        audience=caller.audience,
        opened_by=caller.subject_id,
        opened_at=clock.epoch_ms(at),
    )
    told = SlateOpened(
        community_id, row.slate_id, row.filling, row.title, wish.last_day.isoformat(), at
    )
    shown = view(row)
    outbox.commit(row, events=(told,), answer=shown)
    return shown


def _require_committee(community_id: str, wish: SlateWish) -> None:
    """Raise Unprocessable unless so many may be elected for so long; a vacancy is any number."""
    if wish.filling is Filling.COMPANY:
        return
    limits = Bylaws.of(community_id).limits()
    whole = wish.filling is Filling.COMMITTEE
    seats = wish.seats if whole else limits.least_seats | 1
    require(procedure.committee_refusal(seats, wish.term_years, limits))


def extend(caller: Caller, community_id: str | None, slate_id: str, last_day: date) -> SlateView:
    """Give more time: to a later day, counted from today; for all alike.

    Raises NotFound `no_such_slate`, Unprocessable `slate_closed`, `slate_days`,
    `vote_of_another_convener`.
    """
    row = convened(caller, community_id, slate_id)
    facts, today = row.facts(), procedure.day_of(clock.now())
    require(nominations.extension_refusal(facts, last_day, today))
    row.last_day = last_day.isoformat()
    outbox.commit(row)
    return view(row)


def show(caller: Caller, slate_id: str) -> SlateView:
    """Show a call to a resident; raises NotFound `no_such_slate`."""
    return view(found(caller.community_id, slate_id))


def show_in_sight(caller: Caller, community_id: str | None, slate_id: str) -> SlateView:
    """Show a call to committee or officers; raises NotFound `no_such_slate`."""
    return view(in_sight(caller, community_id, slate_id))


def listed(caller: Caller, community_id: str | None, *, limit: int, after: str | None) -> SlatePage:
    """Return one page of the calls of an estate in the caller's sight; one read."""
    community_id = identity.estate_in_sight(caller, community_id)
    rows, following = cursor.page(
        Slate.query,
        community_id,
        scan_index_forward=False,
        listing=f"slates/{community_id}",
        limit=limit,
        after=after,
    )
    return SlatePage([view(row) for row in rows], following)


def found(community_id: str, slate_id: str) -> Slate:
    """Return a slate of an estate; raises NotFound `no_such_slate`."""
    row = Slate.find(community_id, slate_id)
    if row is None:
        raise NotFound("no_such_slate", "没有找到该候选名单")
    return row


def in_sight(caller: Caller, community_id: str | None, slate_id: str) -> Slate:
    """Return a slate of an estate in the caller's sight; raises NotFound `no_such_slate`."""
    return found(identity.estate_in_sight(caller, community_id), slate_id)


def convened(caller: Caller, community_id: str | None, slate_id: str) -> Slate:
    """Return a slate that the caller's side opened.

    Raises NotFound `no_such_slate`, Unprocessable `vote_of_another_convener`.
    """
    row = in_sight(caller, community_id, slate_id)
    if row.audience != caller.audience:
        raise Unprocessable("vote_of_another_convener", "该名单由另一方召集，只能由召集方办理")
    return row


def unput(row: Slate) -> outbox.Given:
    """Return the condition that no vote with this slate has been noticed meanwhile."""
    return outbox.Given(Slate, row.community_id, row.slate_id, Slate.vote_id.does_not_exist())


def require(code: str | None) -> None:
    """Raise Unprocessable with the words of a code of the rules, if there is one."""
    if code is not None:
        raise Unprocessable(code, REFUSALS[code])


def view(row: Slate) -> SlateView:
    """Return a slate as everybody may see it."""
    facts = row.facts()
    today = procedure.day_of(clock.now())
    return SlateView(
        slate_id=row.slate_id,
        community_id=row.community_id,
        filling=row.filling,
        title=row.title,
        text=row.text,
        seats=int(row.seats),
        term_years=int(row.term_years),
        last_day=facts.last_day,
        is_open=not facts.is_put and today <= facts.last_day,
        vote_id=row.vote_id,
        opened_at=clock.from_epoch_ms(int(row.opened_at)),
    )
