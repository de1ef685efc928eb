"""A ballot's place in the log: one transaction holds the entry, the head, and what stands now.

Rows only: who may cast, and what, others have found out before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.ballot_log.public import chain
from chalicelib.core import clock, outbox
from chalicelib.core.errors import Conflict, Refusal, Unprocessable
from chalicelib.core.table import Row
from chalicelib.voting.events import BallotEntered
from chalicelib.voting.tables.ballots import BallotRow
from chalicelib.voting.tables.log import OPEN, CommitRow, EntryRow, LogHead

SETTLES = timedelta(seconds=60)
"""After the close of the online channel: what was accepted in time and waits goes in first.

More than two servers' clocks differ, and than a request lives.
"""

MESSAGES = {
    "ballot_already_cast": "本户已投票，如需更改请选择改票",
    "ballot_channel": "这种选票不能由此渠道提交",
    "ballot_nothing_stands": "本户没有可更改或作废的选票",
    "ballot_own_stands": "业主本人已投票，代理票无效",
    "ballot_paper_is_final": "本户的纸质选票已登记，不能再更改",
    "ballot_replayed": "这张选票已提交过，请重新生成后再投",
    "ballot_unconfirmed": "投票人数较多，请稍后查询结果",
    "vote_closed": "投票已截止",
    "vote_not_open": "投票尚未开始",
    "vote_settling": "正在登记截止前提交的选票，请一分钟后再试",
}

CHOICES = {
    "ballot_candidates_unsorted": "候选人须按顺序各列一次",
    "ballot_commit_wrong": "选票的承诺值与内容不符",
    "ballot_items": "须对每一项议题作出选择，且不得增加",
    "ballot_nonce": "选票的随机数须为32字节",
    "ballot_option_unknown": "选票上有不存在的选项",
    "ballot_too_many_candidates": "所选候选人超过应选人数",
}


@dataclass(frozen=True)
class Ready:
    """A ballot as it goes into the log: its draft, its weight, its sealed opening, who did it."""

    draft: chain.Draft
    area: int
    sealed: bytes
    by: str


@dataclass(frozen=True)
class Placed:
    """The entry, and every row but the head's that makes it so."""

    entry: chain.Entry
    rows: tuple[Row, ...]
    event: BallotEntered


def placed(head: LogHead, standing: BallotRow | None, ready: Ready, at_ms: int) -> Placed:
    """Put a ballot behind the head, which is turned; raises Conflict with a code of `MESSAGES`.

    Its time is the server's, and never before that of the entry ahead of it.
    """
    draft, before = ready.draft, standing.standing() if standing else None
    at_ms = max(at_ms, int(head.time))
    if head.status != OPEN:
        raise refusal("vote_closed")
    code = chain.refusal(draft, before, head.window(), at_ms)
    if code:
        raise refusal(code)
    entry, end = chain.appended(head.end(), draft, at_ms)
    head.seq, head.hash, head.time = end.seq, end.hash, end.time
    heads = (draft.type is not chain.Type.VOID) - (before is not None)
    head.cast_heads = int(head.cast_heads) + heads
    head.cast_area = int(head.cast_area) + heads * ready.area
    rows = (
        EntryRow.of(head.vote_key, entry),
        _ballot(head, standing, ready, entry),
        CommitRow(commit_key=CommitRow.key(head.vote_key, draft.commit)),
    )
    return Placed(entry, rows, _event(head, entry))


def save(
    head: LogHead,
    before: chain.Head,
    puts: Sequence[Placed],
    at: datetime,
    *,
    answer: Any = None,
    more: Sequence[Row] = (),
    deletes: Sequence[Row] = (),
) -> None:
    """Commit entries and the head behind them; raises Conflict `lost_race`."""
    outbox.commit(
        _with_head(head, before, clock.epoch_ms(at)),
        *(row for put in puts for row in put.rows),
        *more,
        events=[put.event for put in puts],
        deletes=deletes,
        answer=answer,
    )


def refusal(code: str) -> Refusal:
    """Return the refusal of a ballot: of its choice (422), or of its place in the log (409)."""
    if code in CHOICES:
        return Unprocessable(code, CHOICES[code])
    return Conflict(code, MESSAGES[code])


def settling(head: LogHead, at_ms: int) -> bool:
    """Return whether ballots of the online channel may still be on their way into the log."""
    over_ms = at_ms - int(head.closes_at)
    return 0 <= over_ms < SETTLES / timedelta(milliseconds=1)


def _ballot(
    head: LogHead, standing: BallotRow | None, ready: Ready, entry: chain.Entry
) -> BallotRow:
    ballot = standing or BallotRow(vote_key=head.vote_key, group=entry.group)
    kind = None if entry.type is chain.Type.VOID else entry.type.value
    now: dict[str, Any] = {
        "type": kind,
        "channel": entry.channel.value,
        "seq": entry.seq,
        "hash": entry.hash,
        "commit": entry.commit,
        "server_time": entry.server_time,
        "area": ready.area,
        "by": ready.by,
        "sealed": ready.sealed,
    }
    for name, value in now.items():
        setattr(ballot, name, value)
    return ballot


def _with_head(head: LogHead, before: chain.Head, at_ms: int) -> tuple[LogHead, Condition]:
    """Return the head to be saved, on LAW.md 1.7.3's condition: as it was read, and open."""
    held = (LogHead.hash == before.hash) & (LogHead.seq == before.seq) & (LogHead.status == OPEN)
    return head, held & (LogHead.paper_until > at_ms)


def _event(head: LogHead, entry: chain.Entry) -> BallotEntered:
    return BallotEntered(
        community_id=head.community_id,
        vote_id=head.vote_id,
        group=entry.group,
        seq=entry.seq,
        type=entry.type.value,
        channel=entry.channel.value,
        entered_ms=entry.server_time,
    )
