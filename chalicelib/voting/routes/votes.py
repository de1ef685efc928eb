"""HTTP of votes: drafted, noticed and ended by who convenes them, seen by everybody."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.voting.schemas import bylaws as filing
from chalicelib.voting.schemas import votes as schemas
from chalicelib.voting.service import bylaws, drafting, notices, publication, votes

router = web.Router(__name__)
CONVENERS = ("committee", "government")


@router.get("/resident/votes", permission="voting.take_part", reply=schemas.VotesReply)
def list_votes(caller: Caller, query: Paging) -> votes.VotePage:
    """List the votes of one's estate that were noticed, the newest first."""
    return votes.of_residents(caller, limit=query.limit, after=query.cursor)


@router.get(
    "/resident/votes/{vote_id}",
    permission="voting.take_part",
    reply=schemas.VoteReply,
    refuses=(404,),
)
def show_vote(caller: Caller, vote_id: str) -> votes.VoteView:
    """Show a vote: what is put, when, and once it is open who took part, but no choice."""
    return votes.for_resident(caller, vote_id)


def list_estates_votes(caller: Caller, query: schemas.EstatePaging) -> votes.VotePage:
    """List the votes of an estate, drafts too, the newest first."""
    return votes.of_staff(caller, query.community_id, limit=query.limit, after=query.cursor)


def show_estates_vote(caller: Caller, vote_id: str, query: schemas.Estate) -> votes.VoteView:
    """Show a vote of an estate, a draft too."""
    return votes.for_staff(caller, query.community_id, vote_id)


def draft_vote(caller: Caller, body: schemas.VoteAsked) -> votes.VoteView:
    """Draft a vote; nobody else sees it before it is noticed."""
    return drafting.draft(caller, body.community_id, _wish(body))


def redraft_vote(caller: Caller, vote_id: str, body: schemas.VoteAsked) -> votes.VoteView:
    """Write a draft anew; what was noticed cannot be changed any more."""
    return drafting.redraft(caller, body.community_id, vote_id, _wish(body))


def give_notice(caller: Caller, vote_id: str, body: schemas.Estate) -> votes.VoteView:
    """Notice a vote and its roll today; the clock opens and closes it."""
    return notices.give_notice(caller, body.community_id, vote_id)


def _wish(asked: schemas.VoteAsked) -> drafting.Wish:
    said = dict(asked)
    said.pop("community_id")
    items = [drafting.MatterWish(**dict(one)) for one in said.pop("items")]
    paths, scrutineers = tuple(said.pop("areas")), tuple(said.pop("scrutineers"))
    return drafting.Wish(items=items, paths=paths, scrutineers=scrutineers, **said)


for _audience in CONVENERS:
    router.get(
        f"/{_audience}/votes",
        permission="voting.read",
        reply=schemas.VotesReply,
        refuses=(400, 404),
    )(list_estates_votes)
    router.get(
        f"/{_audience}/votes/{{vote_id}}",
        permission="voting.read",
        reply=schemas.VoteReply,
        refuses=(400, 404),
    )(show_estates_vote)
    router.post(
        f"/{_audience}/votes",
        permission="voting.convene",
        reply=schemas.VoteReply,
        once=True,
        refuses=(400, 404, 422),
    )(draft_vote)
    router.put(
        f"/{_audience}/votes/{{vote_id}}",
        permission="voting.convene",
        reply=schemas.VoteReply,
        refuses=(400, 404, 409, 422),
    )(redraft_vote)
    router.post(
        f"/{_audience}/votes/{{vote_id}}/notice",
        permission="voting.give_notice",
        reply=schemas.VoteReply,
        once=True,
        refuses=(400, 404, 422),
    )(give_notice)


def show_bylaws(caller: Caller, query: schemas.Estate) -> bylaws.BylawsView:
    """Show what is on file of an estate's rules of procedure, and the limits that follow."""
    return bylaws.show(caller, query.community_id)


for _audience in CONVENERS:
    router.get(
        f"/{_audience}/bylaws",
        permission="voting.read",
        reply=filing.BylawsReply,
        refuses=(400, 404),
    )(show_bylaws)


@router.put(
    "/government/bylaws",
    permission="voting.supervise",
    reply=filing.BylawsReply,
    refuses=(400, 404, 409, 422),
)
def file_bylaws(caller: Caller, body: filing.BylawsAsked) -> bylaws.BylawsView:
    """Put an estate's rules of procedure on file: they say what its votes are worth."""
    said = dict(body)
    community_id, periods = said.pop("community_id"), dict(said.pop("periods"))
    given = {name: days for name, days in periods.items() if days is not None}
    deeming = tuple(said.pop("deeming"))
    filed = bylaws.BylawsFiled(periods=given, deeming=deeming, **said)
    return bylaws.file(caller, community_id, filed)


@router.post(
    "/government/votes/{vote_id}/annulment",
    permission="voting.supervise",
    reply=schemas.VoteReply,
    once=True,
    refuses=(400, 404, 422),
)
def annul_vote(caller: Caller, vote_id: str, body: schemas.AnnulmentAsked) -> votes.VoteView:
    """Annul a published result, by a court's judgment or the authority's own order."""
    why = publication.Annulment(body.reason, body.document, body.document_sha256)
    return publication.annul(caller, body.community_id, vote_id, why)


@router.post(
    "/government/votes/{vote_id}/dispute",
    permission="voting.supervise",
    reply=schemas.VoteReply,
    once=True,
    refuses=(400, 404, 422),
)
def keep_vote(caller: Caller, vote_id: str, body: schemas.KeepAsked) -> votes.VoteView:
    """Keep a vote's roll and log for as long as a dispute lasts."""
    return publication.keep_longer(caller, body.community_id, vote_id, body.until_on)
