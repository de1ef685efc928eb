"""Use cases of a draft: what is put to the owners, when, and by which rules."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import ballots
from chalicelib.core import clock, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.paths import within
from chalicelib.identity import public as identity
from chalicelib.voting.rules import Deeming, Parking
from chalicelib.voting.service import options, petitions, votes
from chalicelib.voting.service.votes import State, VoteView
from chalicelib.voting.tables.bylaws import Bylaws
from chalicelib.voting.tables.votes import VoteRow

MOST_OPTIONS = 80
"""Of all items together: they are frozen in the transaction of the notice, which has 100 rows."""

SCRUTINEERS = range(2, 8)
"""How many there may be: two enter each paper ballot, and a third settles what differs."""


@dataclass(frozen=True)
class MatterWish:
    """A matter to be put: which of article 278's items, and the convener's words.

    Who is put in an election, or which company, comes from a slate, or from the tie of an
    earlier vote (vote, item).
    """

    number: int
    title: str
    text: str
    candidates: tuple[str, ...] = ()
    seats: int = 0
    slate_id: str | None = None
    run_off: tuple[str, str] | None = None


@dataclass(frozen=True)
class Wish:
    """What a convener wishes to put to the owners below `paths` (none: the whole estate).

    Open from the start of `opens_on` to the start of `closes_on`; paper ballots are entered for
    `paper_hours` after, by the `scrutineers` (监票人), people of the estate. `warning` tells
    owners what silence means where `deeming` is not STRICT.
    """

    title: str
    items: Sequence[MatterWish]
    opens_on: date
    closes_on: date
    paper_hours: int = 48
    deeming: Deeming = Deeming.STRICT
    warning: str = ""
    parking: Parking = Parking.INCLUDE
    paths: tuple[str, ...] = ()
    petition_id: str | None = None
    scrutineers: tuple[str, ...] = ()


def draft(caller: Caller, community_id: str | None, wish: Wish) -> VoteView:
    """Draft a vote for the caller's side to convene.

    Raises NotFound `no_such_community`, `no_such_node`, `no_such_petition`, Unprocessable for
    items, days or a deeming that no vote can have, and `petition_not_reached`.
    """
    community_id = identity.estate_in_sight(caller, community_id)
    row = VoteRow(
        community_id=community_id,
        vote_id=ids.new_id("vote"),
        state=State.DRAFT.value,
        audience=caller.audience,
        convened_by=caller.subject_id,
        drafted_at=clock.epoch_ms(clock.now()),
    )
    _write(row, wish)
    made = votes.view(row)
    outbox.commit(row, answer=made)
    return made


def redraft(caller: Caller, community_id: str | None, vote_id: str, wish: Wish) -> VoteView:
    """Write a draft anew; raises as `draft`, and Unprocessable `vote_items_frozen` once noticed.

    Its roll has to be frozen again if the affected units changed.
    """
    row = votes.convened(caller, community_id, vote_id)
    votes.require(procedure.change_refusal(row.stands()))
    _write(row, wish)
    outbox.commit(row)
    return votes.view(row)


def _write(row: VoteRow, wish: Wish) -> None:
    bylaws = Bylaws.of(row.community_id)
    today = procedure.day_of(clock.now())
    votes.require(procedure.draft_refusal(wish.opens_on, wish.closes_on, today, bylaws.limits()))
    row.items = _items(row, wish)
    row.title = wish.title
    row.node_path = identity.standing_at(row.community_id, "")
    row.paths = _paths(row, wish)
    row.parking, row.legal_mode = wish.parking.value, bylaws.legal_mode
    row.named_allowed, row.invalid_participates = bylaws.named_allowed, bylaws.invalid_participates
    _deem(row, wish, bylaws)
    _set_days(row, wish)
    row.scrutineers = _scrutineers(row.community_id, wish.scrutineers)
    row.petition_id = petitions.reached(row.community_id, wish.petition_id)


def _items(row: VoteRow, wish: Wish) -> list[dict[str, Any]]:
    """Return what is put; raises Unprocessable for what no ballot can say."""
    sources = [_source(row, said) for said in wish.items]
    items = [
        ballots.Item(f"i{place}", said.number, source.candidates, source.seats)
        for place, (said, source) in enumerate(zip(wish.items, sources, strict=True), 1)
    ]
    votes.require(ballots.items_refusal(items))
    if sum(len(item.candidates) for item in items) > MOST_OPTIONS:
        raise Unprocessable("candidates_too_many", "一次表决的候选人和投标总数过多")
    return [
        {**item.as_json(), "title": said.title, "text": said.text, **source.more}
        for item, said, source in zip(items, wish.items, sources, strict=True)
    ]


def _source(row: VoteRow, said: MatterWish) -> options.Source:
    """Return whom an item lets owners choose between; elections have a slate behind them."""
    if said.run_off is not None:
        return options.of_run_off(row, said.number, said.run_off)
    if said.slate_id is not None:
        return options.of_slate(row, said.number, said.slate_id)
    if said.seats and said.number in options.ELECTIONS:
        raise Unprocessable("vote_slate_required", "选举和选聘须先公告并征集候选名单")
    return options.Source(tuple(said.candidates), said.seats)


def _paths(row: VoteRow, wish: Wish) -> list[str]:
    """Return the nodes whose units are affected: only those who share a part vote on it."""
    paths = [identity.standing_at(row.community_id, path) for path in wish.paths or ("",)]
    if any(within(one, other) for one in paths for other in paths if one is not other):
        raise Unprocessable("vote_paths_overlap", "受影响的范围不能互相重叠")
    return paths


def _scrutineers(community_id: str, people: tuple[str, ...]) -> list[str]:
    """Return who enters paper ballots: nobody, or several people of the estate.

    Raises Unprocessable `vote_scrutineers`.
    """
    if people and (len(people) not in SCRUTINEERS or len(set(people)) < len(people)):
        raise Unprocessable("vote_scrutineers", "监票人须为2至7人且不得重复")
    if not all(identity.lives_in(community_id, person) for person in people):
        raise Unprocessable("vote_scrutineers", "监票人须为本小区居民")
    return list(people)


def _deem(row: VoteRow, wish: Wish, bylaws: Bylaws) -> None:
    """Take over the clause on file; raises Unprocessable if silence may not be deemed anything."""
    row.deeming, row.clause = wish.deeming.value, None
    if wish.deeming is Deeming.STRICT:
        return
    digest = hashlib.sha256(bylaws.clause.encode()).hexdigest()
    allowed = wish.deeming.value in bylaws.deeming
    warned = bool(wish.warning)
    votes.require(
        procedure.clause_refusal(
            procedure.Clause(
                bylaws.clause,
                digest,
                is_in_notice=True,
                warns_of_consequence=warned,
                is_allowed_here=allowed,
            )
        )
    )
    row.clause = {"text": bylaws.clause, "sha256": digest, "warning": wish.warning}


def _set_days(row: VoteRow, wish: Wish) -> None:
    row.opens_on, row.closes_on = wish.opens_on.isoformat(), wish.closes_on.isoformat()
    opens, closes = procedure.start_of(wish.opens_on), procedure.start_of(wish.closes_on)
    row.opens_at, row.closes_at = clock.epoch_ms(opens), clock.epoch_ms(closes)
    row.paper_until = clock.epoch_ms(closes + timedelta(hours=wish.paper_hours))
