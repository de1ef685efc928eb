"""HTTP of candidates and bids, before they are put to the owners."""

from chalicelib.core import media, web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.schema import Paging, UploadReply
from chalicelib.voting.schemas import bids as bidding
from chalicelib.voting.schemas import slates as schemas
from chalicelib.voting.schemas.votes import Estate, EstatePaging
from chalicelib.voting.service import bids, candidacies, slates

router = web.Router(__name__)
SLATE = "/resident/slates/{slate_id}"
SELDOM = Budget(burst=20, every_s=600)
"""Each nomination is told to somebody: twenty at once, then one in ten minutes."""


@router.get("/resident/slates", permission="voting.take_part", reply=schemas.SlatesReply)
def list_slates(caller: Caller, query: Paging) -> slates.SlatePage:
    """List the calls for candidates and bids of one's estate, the newest first."""
    return slates.listed(caller, None, limit=query.limit, after=query.cursor)


@router.get(SLATE, permission="voting.take_part", reply=schemas.SlateReply, refuses=(404,))
def show_slate(caller: Caller, slate_id: str) -> slates.SlateView:
    """Show a call."""
    return slates.show(caller, slate_id)


@router.get(
    f"{SLATE}/candidacies",
    permission="voting.take_part",
    reply=schemas.CandidatesReply,
    refuses=(404,),
)
def list_candidates(caller: Caller, slate_id: str, query: Paging) -> candidacies.CandidatePage:
    """List who stands, in their own words."""
    slate = slates.found(caller.community_id, slate_id)
    return candidacies.listed(slate, limit=query.limit, after=query.cursor)


@router.get(
    f"{SLATE}/mine",
    permission="voting.take_part",
    reply=schemas.OwnStandingReply,
    refuses=(404,),
)
def show_own_standing(caller: Caller, slate_id: str) -> candidacies.OwnStanding:
    """Show whether one stands, and how often one's flats were proposed."""
    return candidacies.own(caller, slate_id)


@router.post(
    f"{SLATE}/nominations",
    permission="voting.take_part",
    reply=schemas.NominationReply,
    once=True,
    refuses=(404, 409, 422),
    budget=SELDOM,
)
def nominate(
    caller: Caller, slate_id: str, body: schemas.NominationAsked
) -> candidacies.NominationView:
    """Propose the owners of a flat; they say themselves whether one of them stands."""
    return candidacies.nominate(caller, slate_id, body.unit_id)


@router.post(
    f"{SLATE}/candidacy",
    permission="voting.take_part",
    reply=schemas.CandidateReply,
    once=True,
    refuses=(404, 409, 422),
)
def stand(caller: Caller, slate_id: str, body: schemas.CandidacyAsked) -> candidacies.CandidateView:
    """Stand for the committee, proposed or not."""
    return candidacies.stand(caller, slate_id, body.statement)


@router.post(
    f"{SLATE}/withdrawal",
    permission="voting.take_part",
    reply=schemas.CandidateReply,
    once=True,
    refuses=(404, 422),
)
def withdraw(caller: Caller, slate_id: str) -> candidacies.CandidateView:
    """Stand no more; possible until the vote is noticed."""
    return candidacies.withdraw(caller, slate_id)


def list_estates_slates(caller: Caller, query: EstatePaging) -> slates.SlatePage:
    """List the calls of an estate, the newest first."""
    return slates.listed(caller, query.community_id, limit=query.limit, after=query.cursor)


def announce_slate(caller: Caller, body: schemas.SlateAsked) -> slates.SlateView:
    """Call for candidates of the committee, or for bids of property companies."""
    said = dict(body)
    return slates.announce(caller, said.pop("community_id"), slates.SlateWish(**said))


def show_estates_slate(caller: Caller, slate_id: str, query: Estate) -> slates.SlateView:
    """Show a call of an estate."""
    return slates.show_in_sight(caller, query.community_id, slate_id)


def extend_slate(caller: Caller, slate_id: str, body: schemas.ExtensionAsked) -> slates.SlateView:
    """Keep a call open longer."""
    return slates.extend(caller, body.community_id, slate_id, body.last_day)


def list_estates_candidates(
    caller: Caller, slate_id: str, query: EstatePaging
) -> candidacies.CandidatePage:
    """List who stands, as everybody sees it."""
    slate = slates.in_sight(caller, query.community_id, slate_id)
    return candidacies.listed(slate, limit=query.limit, after=query.cursor)


def strike_candidate(
    caller: Caller, slate_id: str, candidacy_id: str, body: schemas.ReasonAsked
) -> candidacies.CandidateView:
    """Strike off who may not be elected, with the reason."""
    return candidacies.strike(caller, body.community_id, slate_id, candidacy_id, body.reason)


def upload_document(
    caller: Caller, slate_id: str, body: bidding.DocumentUploadAsked
) -> media.Upload:
    """Get a place for a document of a bid: kept with the vote."""
    said = (body.content_type, body.bytes, body.sha256)
    return bids.upload(caller, body.community_id, slate_id, said)


def list_bids(caller: Caller, slate_id: str, query: EstatePaging) -> bids.BidPage:
    """List the bids; owners see them with the notice."""
    limit, after = query.limit, query.cursor
    return bids.listed(caller, query.community_id, slate_id, limit=limit, after=after)


def enter_bid(caller: Caller, slate_id: str, body: bidding.BidAsked) -> bids.BidView:
    """Take down a company's bid, with its documents."""
    said = dict(body)
    community_id = said.pop("community_id")
    documents = [bids.DocumentWish(**dict(one)) for one in said.pop("documents")]
    return bids.enter(caller, community_id, slate_id, bids.BidWish(documents=documents, **said))


def withdraw_bid(
    caller: Caller, slate_id: str, bid_id: str, body: schemas.ReasonAsked
) -> bids.BidView:
    """Take a bid out, with the reason."""
    return bids.withdraw(caller, body.community_id, slate_id, bid_id, body.reason)


for _audience in ("committee", "government"):
    _slates = f"/{_audience}/slates"
    _slate = f"{_slates}/{{slate_id}}"
    router.get(_slates, permission="voting.read", reply=schemas.SlatesReply, refuses=(400, 404))(
        list_estates_slates
    )
    router.post(
        _slates,
        permission="voting.convene",
        reply=schemas.SlateReply,
        once=True,
        refuses=(400, 404, 422),
    )(announce_slate)
    router.get(_slate, permission="voting.read", reply=schemas.SlateReply, refuses=(400, 404))(
        show_estates_slate
    )
    router.put(
        _slate, permission="voting.convene", reply=schemas.SlateReply, refuses=(400, 404, 409, 422)
    )(extend_slate)
    router.get(
        f"{_slate}/candidacies",
        permission="voting.read",
        reply=schemas.CandidatesReply,
        refuses=(400, 404),
    )(list_estates_candidates)
    router.post(
        f"{_slate}/candidacies/{{candidacy_id}}/strike",
        permission="voting.convene",
        reply=schemas.CandidateReply,
        once=True,
        refuses=(400, 404, 422),
    )(strike_candidate)
    router.post(
        f"{_slate}/documents",
        permission="voting.convene",
        reply=UploadReply,
        refuses=(400, 404, 422),
    )(upload_document)
    router.get(
        f"{_slate}/bids",
        permission="voting.convene",
        reply=bidding.BidsReply,
        refuses=(400, 404, 422),
    )(list_bids)
    router.post(
        f"{_slate}/bids",
        permission="voting.convene",
        reply=bidding.BidReply,
        once=True,
        refuses=(400, 404, 409, 422),
    )(enter_bid)
    router.post(
        f"{_slate}/bids/{{bid_id}}/withdrawal",
        permission="voting.convene",
        reply=bidding.BidReply,
        once=True,
        refuses=(400, 404, 422),
    )(withdraw_bid)
