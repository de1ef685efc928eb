"""Ballots that come too many at once: each is a row first, then has its turn (record 0003).

A FIFO queue with a group per vote wakes one consumer at a time for it; the consumer fills the
log many at a time. Who waits asks again, under the same key or by the ballot's number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.ballot_log.public import chain
from chalicelib.core import clock, ids, outbox, queue, sweep
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Refusal
from chalicelib.core.logs import logger
from chalicelib.core.reading import Wish, at_once
from chalicelib.core.table import shard_of
from chalicelib.voting.service import placing
from chalicelib.voting.service.placing import Ready
from chalicelib.voting.tables.ballots import BallotRow
from chalicelib.voting.tables.log import CommitRow, LogHead, vote_key
from chalicelib.voting.tables.waiting import DONE, WAITING, CastRow

QUEUE = "ballots.fifo"
AT_ONCE = 16
"""Ballots of one transaction: six items each, and the head; DynamoDB takes a hundred."""

OVERDUE = timedelta(seconds=30)
TRIES = 20


class State(StrEnum):
    """Where a ballot is."""

    TAKEN = "TAKEN"
    WAITING = "WAITING"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Cast:
    """What became of a ballot; of one that is taken, its place in the log (times: epoch ms)."""

    vote_id: str
    community_id: str
    group: str
    by: str
    commit: str
    state: State
    type: str
    cast_id: str | None = None
    seq: int | None = None
    hash: str | None = None
    time: int | None = None
    refusal: str | None = None
    legal_mode: str = "CONSULTATIVE"


def taken(head: LogHead, by: str, entry: chain.Entry, *, cast_id: str | None = None) -> Cast:
    """Return the answer to a ballot that has its place."""
    return Cast(
        vote_id=head.vote_id,
        community_id=head.community_id,
        group=entry.group,
        by=by,
        commit=entry.commit,
        state=State.TAKEN,
        type=entry.type.value,
        cast_id=cast_id,
        seq=entry.seq,
        hash=entry.hash,
        time=entry.server_time,
        legal_mode=head.legal_mode,
    )


def queue_up(head: LogHead, ready: Ready, at: datetime) -> Cast:
    """Keep a ballot for its turn and wake whoever fills the log; it counts as of now."""
    cast_id = ids.new_id("cast")
    row = CastRow(
        vote_key=head.vote_key,
        place=WAITING + cast_id,
        cast_id=cast_id,
        community_id=head.community_id,
        vote_id=head.vote_id,
        group=ready.draft.group,
        by=ready.by,
        type=ready.draft.type.value,
        commit=ready.draft.commit,
        area=ready.area,
        legal_mode=head.legal_mode,
        sealed=ready.sealed,
        received_at=clock.epoch_ms(at),
        shard=shard_of("casts", cast_id),
        due_at=clock.epoch_ms(at + OVERDUE),
    )
    answer = view(row)
    outbox.commit(row, answer=answer)
    try:
        wake(head.vote_key, cast_id)
    except Exception:  # noqa: BLE001 -- the ballot is safe, and the sweep finds it
        logger().exception("ballot waits for the sweep", extra={"cast": cast_id})
    return answer


def wake(vote_key_: str, cause: str) -> None:
    """Have a vote's line looked at; messages of one vote are dealt with one by one."""
    told = queue.message({"vote_key": vote_key_}, group=vote_key_, once=cause)
    queue.send(QUEUE, told)


def drain(vote_key_: str) -> int:
    """Give everybody in a vote's line their place, or the reason why not; return how many."""
    done = 0
    for _ in range(TRIES):
        line = CastRow.waiting(vote_key_, AT_ONCE)
        while line:
            try:
                done += _serve(vote_key_, line)
            except Conflict:
                break  # somebody else's ballot came between
            line = CastRow.waiting(vote_key_, AT_ONCE)
        else:
            return done
    raise Conflict("lost_race", "操作已被其他人抢先完成，请刷新后再试")


def drain_overdue(*, at: datetime | None = None, limit: int = 200) -> int:
    """Serve the lines whose message was lost; return in how many votes."""
    keys = CastRow.overdue(at or clock.now(), limit)
    return sweep.each(keys, lambda key: drain(key) > 0)


def is_empty(vote_key_: str) -> bool:
    """Return whether nobody waits for a place in a vote's log."""
    return not CastRow.waiting(vote_key_, 1)


def outcome(caller: Caller, vote_id: str, cast_id: str) -> Cast:
    """Return what became of the caller's ballot; raises NotFound `no_such_ballot`."""
    key = vote_key(caller.community_id, vote_id)
    done, waits = at_once(Wish(CastRow, key, DONE + cast_id), Wish(CastRow, key, WAITING + cast_id))
    row = done or waits
    if row is None or row.by != caller.subject_id:
        raise NotFound("no_such_ballot", "没有找到这张选票")
    return view(row)


def latest(answer: Cast) -> Cast:
    """Return what has become of an answered ballot since."""
    if answer.state is not State.WAITING or answer.cast_id is None:
        return answer
    key = vote_key(answer.community_id, answer.vote_id)
    row = CastRow.find(key, DONE + answer.cast_id)
    return view(row) if row else answer


def view(row: CastRow) -> Cast:
    """Return a ballot's row as its voter sees it."""
    state = State.REFUSED if row.refusal else State.TAKEN if row.seq else State.WAITING
    return Cast(
        vote_id=row.vote_id,
        community_id=row.community_id,
        group=row.group,
        by=row.by,
        commit=row.commit,
        state=state,
        type=row.type,
        cast_id=row.cast_id,
        seq=int(row.seq) if row.seq else None,
        hash=row.hash,
        time=int(row.server_time) if row.server_time else None,
        refusal=row.refusal,
        legal_mode=row.legal_mode,
    )


def _serve(vote_key_: str, line: Sequence[CastRow]) -> int:
    """Place the first of each group, all in one transaction; return how many were served."""
    served = _first_of_each(line)
    seals = list(dict.fromkeys(row.commit for row in served))
    head, *found = at_once(
        Wish(LogHead, vote_key_, None),
        *(Wish(BallotRow, vote_key_, row.group) for row in served),
        *(Wish(CommitRow, CommitRow.key(vote_key_, commit), None) for commit in seals),
    )
    before, puts, ends = head.end(), [], []
    commits = {commit for commit, seen in zip(seals, found[len(served) :], strict=True) if seen}
    for row, standing in zip(served, found[: len(served)], strict=True):
        try:
            if row.commit in commits:
                raise placing.refusal("ballot_replayed")
            put = placing.placed(head, standing, _ready(row), int(row.received_at))
        except Refusal as refused:
            ends.append(_ended(row, refused.code, None))
        else:
            commits.add(row.commit)
            puts.append(put)
            ends.append(_ended(row, None, put.entry))
    if puts:
        at = clock.from_epoch_ms(int(head.time))
        placing.save(head, before, puts, at, more=ends, deletes=served)
    else:
        outbox.commit(*ends, deletes=served)
    return len(served)


def _first_of_each(line: Sequence[CastRow]) -> list[CastRow]:
    """Return each group's first in the line: a transaction touches no row twice."""
    groups = set[str]()
    first = []
    for row in line:
        if row.group not in groups:
            groups.add(row.group)
            first.append(row)
    return first


def _ready(row: CastRow) -> Ready:
    draft = chain.Draft(chain.Type(row.type), row.group, chain.Channel.ONLINE, row.commit)
    return Ready(draft, int(row.area), bytes(row.sealed), row.by)


def _ended(row: CastRow, refusal: str | None, entry: chain.Entry | None) -> CastRow:
    return CastRow(
        vote_key=row.vote_key,
        place=DONE + row.cast_id,
        cast_id=row.cast_id,
        community_id=row.community_id,
        vote_id=row.vote_id,
        group=row.group,
        by=row.by,
        type=row.type,
        commit=row.commit,
        area=row.area,
        legal_mode=row.legal_mode,
        received_at=row.received_at,
        refusal=refusal,
        seq=entry.seq if entry else None,
        hash=entry.hash if entry else None,
        server_time=entry.server_time if entry else None,
    )
