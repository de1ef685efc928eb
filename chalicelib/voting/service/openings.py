"""Openings after the close: an owner's own paper or proxy ballot, and any to a scrutineer.

What somebody else entered for a group its owners may check: the paper ballot as two scrutineers
read it, the ballot that a proxy cast. Of a ballot that an owner cast online their own phone
keeps the opening, and no page of ours proves a choice to a buyer of votes (LAW.md 1.7.9).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.ballot_log.public import chain
from chalicelib.core import audit
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden, NotFound, Unprocessable
from chalicelib.core.reading import Wish, at_once
from chalicelib.voting.service import casting, papers, sealing_choices, votes
from chalicelib.voting.tables.ballots import BallotRow, PaperRow
from chalicelib.voting.tables.log import CLOSED, LogHead, vote_key
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow

BY_OTHERS = frozenset({chain.Type.PAPER, chain.Type.PROXY})


@dataclass(frozen=True)
class Opened:
    """What a ballot says; `verify_vote.py --opening` takes `seq`, `choice` and `nonce`.

    `scan_sha256` is that of the paper which it was read from.
    """

    vote_id: str
    group: str
    seq: int
    type: str
    channel: str
    choice: Mapping[str, Any]
    nonce: str
    scan_sha256: str | None
    legal_notice: str


@dataclass(frozen=True)
class _Case:
    vote: VoteRow
    line: RollLine
    ballot: BallotRow
    opened: Opened


def own(caller: Caller, vote_id: str, group: str) -> Opened:
    """Return how the ballot of the caller's group was entered for them; after the close only.

    Raises NotFound `no_such_vote`, `no_such_group`, `no_such_ballot`; Forbidden
    `ballot_not_yours`; Unprocessable `choices_sealed`, `opening_in_app` for one cast by its owners.
    """
    case = _case(caller, vote_id, group)
    if caller.subject_id not in {*case.line.owners, *case.line.voters}:
        raise Forbidden("ballot_not_yours", "您不是该户的业主")
    if case.ballot.standing() not in BY_OTHERS:
        raise Unprocessable(
            "opening_in_app", "本户由业主本人在线投票，选票内容保存在投票人的手机上"
        )
    return case.opened


def scrutinised(caller: Caller, vote_id: str, group: str) -> Opened:
    """Return what a group's ballot says to a scrutineer, after the close; the look is on record.

    Raises as `own`, Forbidden `not_a_scrutineer`, and as `audit.viewing`.
    """
    case = _case(caller, vote_id, group, scrutineer=True)
    people = [one for one in case.line.owners if ":" not in one] or [group]
    for person in people:
        look = audit.Look(caller.community_id, person, "voting_opening", vote_id, ["choice"])
        audit.record(caller, look)
    return case.opened


def _case(caller: Caller, vote_id: str, group: str, *, scrutineer: bool = False) -> _Case:
    key = vote_key(caller.community_id, vote_id)
    vote, head, line, ballot, paper = at_once(
        Wish(VoteRow, caller.community_id, vote_id),
        Wish(LogHead, key, None),
        Wish(RollLine, key, group),
        Wish(BallotRow, key, group),
        Wish(PaperRow, key, group),
    )
    if vote is None:
        raise casting.no_such_vote()
    if scrutineer:
        papers.require_scrutineer(caller, vote)
    if line is None:
        raise casting.no_such_group()
    if head is None or head.status != CLOSED:
        raise Unprocessable("choices_sealed", "选票内容在表决日志封存后方可查看")
    if ballot is None or ballot.standing() is None:
        raise NotFound("no_such_ballot", "没有找到这张选票")
    return _Case(vote, line, ballot, _opened(vote, head, ballot, paper))


def _opened(vote: VoteRow, head: LogHead, ballot: BallotRow, paper: PaperRow | None) -> Opened:
    said = sealing_choices.opened(head, ballot)
    is_paper = paper is not None and ballot.standing() is chain.Type.PAPER
    return Opened(
        vote_id=vote.vote_id,
        group=ballot.group,
        seq=said.seq,
        type=str(ballot.type),
        channel=ballot.channel,
        choice=said.choice,
        nonce=said.nonce,
        scan_sha256=paper.scan_sha256 if paper and is_paper else None,
        legal_notice=votes.legal_notice(vote),
    )
