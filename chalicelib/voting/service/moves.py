"""What the server's clock does to votes: opens, closes, publishes, ends, and lets go of them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import chain
from chalicelib.core import clock, outbox, sweep
from chalicelib.core.errors import Unprocessable
from chalicelib.voting.events import VoteClosed, VoteOpened
from chalicelib.voting.service import casting, publication, votes
from chalicelib.voting.service.votes import State
from chalicelib.voting.tables.rolls import Roll, RollState
from chalicelib.voting.tables.votes import VoteRow

AT_ONCE = 50
"""Votes of a shard that one sweep deals with; the others come with the next, a minute later."""

AGAIN = timedelta(minutes=10)
"""When a vote that could not open is looked at again."""


def move_due(*, at: datetime | None = None) -> int:
    """Move every vote whose time has come, by one arrow; return how many moved."""
    at = at or clock.now()
    return sweep.each(list(VoteRow.overdue(at, AT_ONCE)), lambda key: move(*key, at=at))


def move(community_id: str, vote_id: str, *, at: datetime | None = None) -> bool:
    """Move one vote if its time has come; said twice it moves once. Raises Conflict `lost_race`.

    The index that lists what is due is a moment late: the row itself says what is.
    """
    at = at or clock.now()
    vote = VoteRow.find(community_id, vote_id)
    if vote is None or vote.due_at is None or vote.due_at > clock.epoch_ms(at):
        return False
    return _MOVES[vote.stands()](vote, at)


def _open(vote: VoteRow, at: datetime) -> bool:
    """Open a noticed vote, and its log with it, unless something is in its way."""
    roll = Roll.find(vote.community_id, vote.vote_id)
    limits = votes.limits(vote)
    today = procedure.day_of(at)
    stuck = procedure.opening_refusal(int(vote.unanswered), today, vote.day("closes_on"), limits)
    if roll is None or roll.state != RollState.FROZEN or roll.root != vote.roll_root:
        stuck = stuck or "roll_not_frozen"
    if stuck:
        return _stay(vote, stuck, at)
    votes.require(procedure.move_refusal(vote.stands(), State.OPEN))
    vote.state, vote.stuck = State.OPEN.value, None
    vote.h0 = chain.opened(vote.vote_id, str(vote.roll_root), str(vote.rules_hash)).hash
    vote.wakes(int(vote.closes_at))
    still = outbox.Given(Roll, vote.community_id, vote.vote_id, Roll.root == vote.roll_root)
    told = VoteOpened(vote.community_id, vote.vote_id, vote.h0, at)
    outbox.commit(vote, casting.open_log(vote), given=(still,), events=(told,))
    return True


def _stay(vote: VoteRow, stuck: str, at: datetime) -> bool:
    """Say why a vote did not open; one whose window has become too short never will."""
    vote.stuck = stuck
    gone = stuck == "vote_window_length"
    vote.wakes(None if gone else clock.epoch_ms(at + AGAIN))
    outbox.commit(vote)
    return False


def _close(vote: VoteRow, _at: datetime) -> bool:
    votes.require(procedure.move_refusal(vote.stands(), State.CLOSED))
    vote.state, vote.closed_at = State.CLOSED.value, vote.closes_at
    vote.wakes(int(vote.paper_until))
    until = clock.from_epoch_ms(int(vote.paper_until))
    closed = clock.from_epoch_ms(int(vote.closes_at))
    told = VoteClosed(vote.community_id, vote.vote_id, closed, until)
    outbox.commit(vote, events=(told,))
    return True


def _never(_vote: VoteRow, _at: datetime) -> bool:
    raise Unprocessable("vote_not_in_that_state", "草稿不由时钟推进")


_MOVES: Mapping[State, Callable[[VoteRow, datetime], bool]] = {
    State.DRAFT: _never,
    State.NOTICED: _open,
    State.OPEN: _close,
    State.CLOSED: publication.publish,
    State.OBJECTION: publication.finish,
    State.FINAL: publication.forget,
    State.ANNULLED: publication.forget,
}
