"""Checkpoints: hourly and at the close, signed, for witnesses outside (LAW.md 1.7.5).

Without witnesses a chain does not stop its keeper from writing everything anew.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import chain
from chalicelib.core import clock, cursor, outbox, signatures, sweep
from chalicelib.core.auth import Caller
from chalicelib.voting.events import CheckpointSigned
from chalicelib.voting.service import casting
from chalicelib.voting.tables.log import OPEN, Checkpoint, LogHead
from chalicelib.voting.tables.votes import VoteRow

EVERY_MS = 3_600_000


@dataclass(frozen=True)
class Witnessed:
    """One page of a log's checkpoints, the newest first."""

    items: list[Checkpoint]
    next: str | None
    legal_notice: str


def sign_due(*, at: datetime | None = None, limit: int = 200) -> int:
    """Sign a checkpoint of every open log that is due; return how many."""
    at = at or clock.now()
    return sweep.each(list(LogHead.unwitnessed(at, limit)), lambda key: _sign(key, at))


def made(head: LogHead, at: datetime, *, is_last: bool) -> tuple[Checkpoint, CheckpointSigned]:
    """Return a log's signed checkpoint, and the fact that witnesses are told."""
    point = chain.checkpoint(head.end(), clock.epoch_ms(at))
    signature = signatures.signed(chain.checkpoint_bytes(point))
    row = Checkpoint(
        vote_key=head.vote_key,
        time=clock.epoch_ms(at),
        seq=head.seq,
        hash=head.hash,
        signature=signature,
        is_last=is_last,
    )
    told = CheckpointSigned(
        community_id=head.community_id,
        vote_id=head.vote_id,
        seq=int(head.seq),
        hash=head.hash,
        time_ms=clock.epoch_ms(at),
        signature=signature,
        is_last=is_last,
    )
    return row, told


def listed(caller: Caller, vote_id: str, *, limit: int, after: str | None) -> Witnessed:
    """Return a page of a vote's checkpoints; raises NotFound `no_such_vote`."""
    vote = VoteRow.find(caller.community_id, vote_id)
    if vote is None:
        raise casting.no_such_vote()
    rows, following = cursor.page(
        Checkpoint.query,
        vote.vote_key,
        scan_index_forward=False,
        listing=f"checkpoints/{vote.vote_key}",
        limit=limit,
        after=after,
    )
    notice = procedure.SHOWN[procedure.LegalMode(vote.legal_mode)]
    return Witnessed(rows, following, notice)


def _sign(key: str, at: datetime) -> bool:
    head = LogHead.find(key)
    if head is None or head.status != OPEN or (head.due_at or 0) > clock.epoch_ms(at):
        return False
    row, told = made(head, at, is_last=False)
    head.due_at = clock.epoch_ms(at) + EVERY_MS
    outbox.commit(row, (head, LogHead.status == OPEN), events=(told,))
    return True
