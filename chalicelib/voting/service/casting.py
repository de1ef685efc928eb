"""Casting a ballot online: one read of everything that bears on it, one transaction."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import ballots, canon, chain
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.core.reading import Wish, at_once
from chalicelib.core.table import Row, shard_of
from chalicelib.voting.rules import Weight
from chalicelib.voting.service import placing, sealing_choices, waiting
from chalicelib.voting.service.placing import Ready
from chalicelib.voting.service.waiting import Cast
from chalicelib.voting.tables.ballots import BallotRow, ProxyRow
from chalicelib.voting.tables.log import CommitRow, LogHead, vote_key
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow

TRIES = 2
"""How often a place in the log is tried for; whoever lost so often waits in line for one."""

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Said:
    """What a voter's app sends: the choice, the nonce that it keeps, and the seal of both."""

    choice: ballots.Choice
    nonce: str
    commit: str
    replaces: bool = False


@dataclass(frozen=True)
class Desk:
    """Everything that bears on a group's ballot, as it was read at once."""

    vote: VoteRow
    head: LogHead
    line: RollLine
    standing: BallotRow | None
    proxy: ProxyRow | None


def open_log(vote: VoteRow) -> Row:
    """Return the head of a vote's log, to be committed with the vote that it opens.

    `vote.h0` binds roll and rules; the log begins with it and a data key of its own.
    """
    assert vote.h0, "a log begins with H0"
    return LogHead(
        vote_key=vote.vote_key,
        community_id=vote.community_id,
        vote_id=vote.vote_id,
        hash=vote.h0,
        opens_at=vote.opens_at,
        closes_at=vote.closes_at,
        paper_until=vote.paper_until,
        legal_mode=vote.legal_mode,
        sealed_key=sealing_choices.new_key(vote.vote_key),
        roll_area=vote.roll_area,
        roll_heads=vote.roll_heads,
        shard=shard_of("ballots", vote.vote_id),
        due_at=int(vote.opens_at) + HOUR_MS,
    )


def turnout(vote: VoteRow) -> Weight:
    """Return the weight of the ballots that stand; nothing before the log is open."""
    head = LogHead.find(vote.vote_key)
    return Weight(int(head.cast_area), int(head.cast_heads)) if head else Weight(0, 0)


def cast(caller: Caller, vote_id: str, group: str, said: Said) -> Cast:
    """Cast, replace, or cast as a proxy; two DynamoDB calls if nobody else comes between.

    Under many at once the ballot waits in line and is answered `WAITING`: it is safe and in
    time. Raises NotFound `no_such_vote`, `no_such_group`; Forbidden `ballot_not_yours`; and
    what `placing.refusal` says of place and choice.
    """
    for attempt in range(TRIES):
        at = clock.now()
        desk = desk_of(caller.community_id, vote_id, group, said.commit)
        ready = _ready(desk, caller, said)
        before = desk.head.end()
        put = placing.placed(desk.head, desk.standing, ready, clock.epoch_ms(at))
        answer = waiting.taken(desk.head, caller.subject_id, put.entry)
        try:
            placing.save(desk.head, before, [put], at, answer=answer)
        except Conflict:
            time.sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311 -- jitter, no secret
        else:
            return answer
    return waiting.queue_up(desk.head, ready, at)


def desk_of(community_id: str, vote_id: str, group: str, commit: str) -> Desk:
    """Return everything that bears on a group's ballot, in one consistent read.

    Raises NotFound; Conflict `vote_not_open`, `vote_closed`, and `ballot_replayed` for a seal that
    the log has already, whoever's it is.
    """
    key = vote_key(community_id, vote_id)
    vote, head, line, standing, proxy, used = at_once(
        Wish(VoteRow, community_id, vote_id),
        Wish(LogHead, key, None),
        Wish(RollLine, key, group),
        Wish(BallotRow, key, group),
        Wish(ProxyRow, key, group),
        Wish(CommitRow, CommitRow.key(key, commit), None),
    )
    if vote is None:
        raise no_such_vote()
    if line is None:
        raise no_such_group()
    if head is None:
        raise placing.refusal("vote_not_open")
    if vote.stands() is not procedure.State.OPEN:
        raise placing.refusal("vote_closed")
    if used is not None:
        raise placing.refusal("ballot_replayed")
    return Desk(vote, head, line, standing, proxy)


def no_such_vote() -> NotFound:
    """Return the refusal for a vote that is not there for the caller."""
    return NotFound("no_such_vote", "没有找到该表决")


def no_such_group() -> NotFound:
    """Return the refusal for a group that is not on the vote's roll."""
    return NotFound("no_such_group", "表决名册中没有该户")


def check_choice(
    items: Sequence[ballots.Item], choice: ballots.Choice, *, on_paper: bool = False
) -> None:
    """Raise the refusal of a choice that cannot be sealed."""
    code = ballots.choice_refusal(items, choice, on_paper=on_paper)
    if code:
        raise placing.refusal(code)


def _ready(desk: Desk, caller: Caller, said: Said) -> Ready:
    kind = _kind(desk, caller.subject_id, replaces=said.replaces)
    check_choice(desk.vote.put(), said.choice)
    nonce = bytes.fromhex(said.nonce)
    if len(nonce) != canon.NONCE:
        raise placing.refusal("ballot_nonce")
    if canon.commitment(dict(said.choice), nonce) != said.commit:
        raise placing.refusal("ballot_commit_wrong")
    group = desk.line.group
    return Ready(
        chain.Draft(kind, group, chain.Channel.ONLINE, said.commit),
        int(desk.line.area),
        sealing_choices.sealed(desk.head, group, said.commit, said.choice, said.nonce),
        caller.subject_id,
    )


def _kind(desk: Desk, person_id: str, *, replaces: bool) -> chain.Type:
    """Return what the caller's ballot is: the group's own, or that of its proxy."""
    if desk.line.may_cast(person_id):
        return chain.Type.REPLACE if replaces else chain.Type.CAST
    proxy = desk.proxy
    if proxy is not None and not proxy.is_withdrawn and proxy.holder_id == person_id:
        return chain.Type.PROXY
    raise Forbidden("ballot_not_yours", "您不是该户的投票人，也没有该户的书面委托")
