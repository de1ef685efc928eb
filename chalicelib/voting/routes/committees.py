"""HTTP of what is chosen between, and what follows: options, run-offs, committees."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.voting.schemas import committees as schemas
from chalicelib.voting.schemas.bids import OptionsReply
from chalicelib.voting.schemas.votes import Estate, EstatePaging, VoteReply
from chalicelib.voting.service import committees, options, run_offs, votes

router = web.Router(__name__)
VOTE = "/resident/votes/{vote_id}"


@router.get(f"{VOTE}/options", permission="voting.take_part", reply=OptionsReply, refuses=(404,))
def list_options(caller: Caller, vote_id: str, query: Paging) -> options.OptionPage:
    """List the candidates and bids of a vote as they were noticed."""
    vote = votes.noticed(caller.community_id, vote_id)
    return options.listed(vote, limit=query.limit, after=query.cursor)


@router.get(
    f"{VOTE}/options/{{option_id}}/documents",
    permission="voting.take_part",
    reply=schemas.DocumentsReply,
    refuses=(404,),
)
def list_documents(caller: Caller, vote_id: str, option_id: str) -> options.Documents:
    """List where the documents of a bid can be read."""
    return options.documents(votes.noticed(caller.community_id, vote_id), option_id)


@router.get("/resident/committees", permission="voting.take_part", reply=schemas.CommitteesReply)
def list_committees(caller: Caller, query: Paging) -> committees.CommitteePage:
    """List who was elected to the committee of one's estate, the newest first."""
    return committees.listed(caller, None, limit=query.limit, after=query.cursor)


def list_estates_options(caller: Caller, vote_id: str, query: EstatePaging) -> options.OptionPage:
    """List the candidates and bids of a vote as they were noticed."""
    vote = votes.in_sight(caller, query.community_id, vote_id)
    return options.listed(vote, limit=query.limit, after=query.cursor)


def list_estates_documents(
    caller: Caller, vote_id: str, option_id: str, query: Estate
) -> options.Documents:
    """List where the documents of a bid can be read."""
    return options.documents(votes.in_sight(caller, query.community_id, vote_id), option_id)


def draft_run_off(caller: Caller, vote_id: str, body: schemas.RunOffAsked) -> votes.VoteView:
    """Draft the vote that breaks a tie; it is noticed once the first result is final."""
    said = dict(body)
    community_id = said.pop("community_id")
    return run_offs.draft(caller, community_id, vote_id, run_offs.RunOffWish(**said))


def list_estates_committees(caller: Caller, query: EstatePaging) -> committees.CommitteePage:
    """List who was elected to the committee of an estate, the newest first."""
    return committees.listed(caller, query.community_id, limit=query.limit, after=query.cursor)


for _audience in ("committee", "government"):
    _vote = f"/{_audience}/votes/{{vote_id}}"
    router.get(
        f"{_vote}/options", permission="voting.read", reply=OptionsReply, refuses=(400, 404)
    )(list_estates_options)
    router.get(
        f"{_vote}/options/{{option_id}}/documents",
        permission="voting.read",
        reply=schemas.DocumentsReply,
        refuses=(400, 404),
    )(list_estates_documents)
    router.post(
        f"{_vote}/run-off",
        permission="voting.convene",
        reply=VoteReply,
        once=True,
        refuses=(400, 404, 422),
    )(draft_run_off)
    router.get(
        f"/{_audience}/committees",
        permission="voting.read",
        reply=schemas.CommitteesReply,
        refuses=(400, 404),
    )(list_estates_committees)


@router.post(
    "/government/committees/{committee_id}/filing",
    permission="voting.supervise",
    reply=schemas.CommitteeReply,
    once=True,
    refuses=(400, 404, 409, 422),
)
def file_committee(
    caller: Caller, committee_id: str, body: schemas.FilingAsked
) -> committees.CommitteeView:
    """Note that a committee was filed with street and district."""
    return committees.file(caller, body.community_id, committee_id, body.filed_on, body.document)
