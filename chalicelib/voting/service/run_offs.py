"""The use case of a run-off: who tied stands again for the seats that were left (LAW.md 1.5)."""

from dataclasses import dataclass
from datetime import date

from chalicelib.core.auth import Caller
from chalicelib.voting.rules import Deeming, Parking
from chalicelib.voting.service import drafting, options, votes
from chalicelib.voting.service.votes import VoteView

SECOND = "（再次投票）"


@dataclass(frozen=True)
class RunOffWish:
    """Which item's tie is to be broken, and when."""

    item_id: str
    opens_on: date
    closes_on: date
    paper_hours: int = 48


def draft(caller: Caller, community_id: str | None, vote_id: str, wish: RunOffWish) -> VoteView:
    """Draft the run-off of a tie: its own vote, with its own roll, notice and window.

    Raises NotFound `no_such_vote`, Unprocessable `no_run_off`, `vote_of_another_convener`,
    `vote_not_in_that_state` before the result is published, and as `drafting.draft`.
    """
    first = votes.convened(caller, community_id, vote_id)
    _, item = options.tied_item(first.community_id, vote_id, wish.item_id)
    matter = drafting.MatterWish(
        int(item["number"]), item["title"], item["text"], run_off=(vote_id, wish.item_id)
    )
    clause = first.clause or {}
    return drafting.draft(
        caller,
        first.community_id,
        drafting.Wish(
            title=first.title.removesuffix(SECOND)[:90] + SECOND,
            items=[matter],
            opens_on=wish.opens_on,
            closes_on=wish.closes_on,
            paper_hours=wish.paper_hours,
            deeming=Deeming(first.deeming),
            warning=str(clause.get("warning", "")),
            parking=Parking(first.parking),
            paths=tuple(first.paths),
            scrutineers=tuple(first.scrutineers),
        ),
    )
