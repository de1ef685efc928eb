"""Use cases after the close: the result is published, becomes final or is annulled, is archived."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain as joined
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.table import Row
from chalicelib.voting.events import ResultPublished, VoteEnded
from chalicelib.voting.service import committees, publishing, votes
from chalicelib.voting.service.votes import State, VoteView
from chalicelib.voting.tables.deliveries import DeliveryRow
from chalicelib.voting.tables.objections import Objection
from chalicelib.voting.tables.rolls import RollLine, RollUnit, owners_of
from chalicelib.voting.tables.slates import OptionRow
from chalicelib.voting.tables.votes import VoteRow

AT_ONCE = 90
PACKS = 100
"""Transactions of one run of the archive's end; what is left goes with the next."""


@dataclass(frozen=True)
class Annulment:
    """Why a vote is void: the court's or the authority's own words, and their document."""

    reason: str
    document: str
    document_sha256: str = ""


def publish(vote: VoteRow, at: datetime) -> bool:
    """Publish the result (公示) as soon as the log is closed and counted; False: come again."""
    if not (publishing.close(vote) and publishing.count(vote)):
        return False
    if vote.named_allowed:
        publishing.export(vote, publishing.NAMED)
    votes.require(procedure.move_refusal(vote.stands(), State.OBJECTION))
    until = procedure.object_by(procedure.day_of(at), votes.limits(vote))
    vote.state, vote.published_at = State.OBJECTION.value, clock.epoch_ms(at)
    vote.result = publishing.result(vote)
    vote.wakes(_start_ms(until + timedelta(days=1)))
    told = ResultPublished(vote.community_id, vote.vote_id, until.isoformat(), at)
    outbox.commit(vote, events=(told,))
    return True


def finish(vote: VoteRow, at: datetime) -> bool:
    """Make a published result final once nobody can object and all is answered."""
    published = procedure.day_of(clock.from_epoch_ms(int(vote.published_at or 0)))
    today = procedure.day_of(at)
    refusal = procedure.final_refusal(published, today, int(vote.unanswered), votes.limits(vote))
    if refusal:
        vote.stuck = refusal
        vote.wakes(_start_ms(today + timedelta(days=1)))
        outbox.commit(vote)
        return False
    _end(vote, State.FINAL, at)
    return True


def annul(caller: Caller, community_id: str | None, vote_id: str, why: Annulment) -> VoteView:
    """Annul a published result, by a court's judgment or the authority's order.

    Raises NotFound `no_such_vote`, Unprocessable `vote_not_in_that_state`.
    """
    vote = votes.in_sight(caller, community_id, vote_id)
    votes.require(procedure.move_refusal(vote.stands(), State.ANNULLED))
    vote.annulment = {
        "reason": why.reason,
        "document": why.document,
        "document_sha256": why.document_sha256,
    }
    return _end(vote, State.ANNULLED, clock.now())


def keep_longer(caller: Caller, community_id: str | None, vote_id: str, until: date) -> VoteView:
    """Keep roll, log and openings until a dispute has ended; raises NotFound `no_such_vote`.

    Raises Unprocessable `vote_not_in_that_state` before the vote has ended.
    """
    vote = votes.in_sight(caller, community_id, vote_id)
    votes.require_state(vote, State.FINAL, State.ANNULLED)
    vote.disputed_until = max(until.isoformat(), vote.disputed_until or "")
    vote.wakes(_start_ms(_kept_until(vote) + timedelta(days=1)))
    shown = votes.view(vote)
    outbox.commit(vote, answer=shown)
    return shown


def forget(vote: VoteRow, at: datetime) -> bool:
    """Delete roll, deliveries, objections and options past their time; the result stays.

    Returns whether all is gone by now: what is left goes with the next run.
    """
    if procedure.day_of(at) <= _kept_until(vote):
        vote.wakes(_start_ms(_kept_until(vote) + timedelta(days=1)))
        outbox.commit(vote)
        return False
    for _ in range(PACKS):
        gone = _some_of(vote)
        if not gone:
            vote.wakes(None)
            outbox.commit(vote)
            return True
        outbox.commit(deletes=gone)
    return False


def _end(vote: VoteRow, state: State, at: datetime) -> VoteView:
    vote.state, vote.stuck = state.value, None
    vote.ended_at = clock.epoch_ms(at)
    vote.wakes(_start_ms(_kept_until(vote) + timedelta(days=1)))
    shown = votes.view(vote)
    told = VoteEnded(vote.community_id, vote.vote_id, state.value, at)
    follows = committees.outcome(vote, state, at)
    outbox.commit(vote, *follows.rows, events=(told, *follows.events), answer=shown)
    return shown


def _kept_until(vote: VoteRow) -> date:
    """Return the last day of the archive: five years, and longer while there is a dispute.

    An owner has a year to go to court; a vote that is in dispute is kept until that ends.
    """
    ended = procedure.day_of(clock.from_epoch_ms(int(vote.ended_at or 0)))
    disputed = date.fromisoformat(vote.disputed_until) if vote.disputed_until else ended
    return procedure.keep_until(ended, disputed, votes.limits(vote))


def _some_of(vote: VoteRow) -> list[Row]:
    """Return some rows that are past their time, lines with what leads to them."""
    gone: list[Row] = []
    for line in RollLine.query(vote.vote_key, limit=AT_ONCE, consistent_read=True):
        leading = owners_of(line)
        if len(gone) + len(leading) >= AT_ONCE:
            break
        for row in leading:
            row.version = 1  # as it was written: nobody changes it
        gone += [line, *leading]
    if gone:
        return gone
    kinds: tuple[Any, ...] = (RollUnit, DeliveryRow, Objection, OptionRow)
    found = joined.from_iterable(
        kind.query(vote.vote_key, limit=AT_ONCE, consistent_read=True) for kind in kinds
    )
    return [row for _, row in zip(range(AT_ONCE), found, strict=False)]


def _start_ms(day: date) -> int:
    return clock.epoch_ms(procedure.start_of(day))
