"""The demo's vote: noticed three weeks ago and open since a few days, as a real one would be.

A vote opens 16 days after its notice at the earliest, and nobody waits for that at a first run:
the same use cases are called with the clock standing where they would have been called.
"""

from contextlib import AbstractContextManager, suppress
from datetime import date, timedelta

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict
from chalicelib.voting import public as voting
from chalicelib.voting.events import RollAsked
from chalicelib.voting.service import drafting, moves, notices, votes
from chalicelib.voting.service.votes import State
from chalicelib.voting.tables.rolls import RollState
from infra.one_machine.demo_town import HEYUAN

NOTICE, OPENED_BEFORE, OPEN_FOR = timedelta(17), timedelta(4), timedelta(30)
MORNING = timedelta(hours=9)
SCRUTINEERS = ("person-lin", "person-chen", "person-bai")
MATTERS = (
    drafting.MatterWish(
        number=5,
        title="使用维修资金更换1号楼电梯",
        text="使用建筑物专项维修资金人民币48万元更换1号楼1单元电梯，由质监部门验收后付款。",
    ),
    drafting.MatterWish(
        number=8,
        title="在东门设置便民快递柜",
        text="利用东门内共有部分设置快递柜一组，收益归全体业主共有。",
    ),
)
LIVE = frozenset({State.DRAFT, State.NOTICED, State.OPEN})


def ensure() -> str:
    """Return the id of the vote that is open; one that a killed run left is gone on with."""
    found = votes.of_staff(_chair(), None, limit=10, after=None).items
    at = clock.now()
    live = [vote for vote in found if vote.state in LIVE and vote.closes_at > at]
    today = procedure.day_of(at)
    vote = live[0] if live else _drafted(today)
    if vote.state is State.DRAFT:
        _notice(vote)
    moves.move(HEYUAN.community_id, vote.vote_id, at=at)
    return vote.vote_id


def _drafted(today: date) -> votes.VoteView:
    opens_on = today - OPENED_BEFORE
    wish = drafting.Wish(
        title="2026年第二次业主大会表决",
        items=MATTERS,
        opens_on=opens_on,
        closes_on=opens_on + OPEN_FOR,
        scrutineers=SCRUTINEERS,
    )
    with _standing_on(opens_on - NOTICE):
        return drafting.draft(_chair(), None, wish)


def _notice(vote: votes.VoteView) -> None:
    """Freeze the roll of a draft and give its notice, 17 days before it opens."""
    community, vote_id = vote.community_id, vote.vote_id
    with _standing_on(procedure.day_of(vote.opens_at) - NOTICE):
        if notices.show_roll(_chair(), None, vote_id).state is not RollState.FROZEN:
            with suppress(Conflict):  # a killed run has asked for it
                notices.freeze_roll(_chair(), None, vote_id)
            voting.freeze_roll(RollAsked(community, vote_id))
        notices.give_notice(_chair(), None, vote_id)


def _chair() -> Caller:
    """Return the committee's chair, as their token names them."""
    roles, path = ("committee_chair",), HEYUAN.path
    return Caller("person-wei", HEYUAN.community_id, "committee", roles, 2**40, path)


def _standing_on(day: date) -> AbstractContextManager[None]:
    return clock.standing_at(procedure.start_of(day) + MORNING)
