"""HTTP of what owners do about a procedure: they object, and petition for a meeting."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.schema import Paging
from chalicelib.voting.schemas import procedure as schemas
from chalicelib.voting.schemas.votes import Estate, EstatePaging
from chalicelib.voting.service import objections, petitions, votes

router = web.Router(__name__)

SELDOM = Budget(burst=5, every_s=3_600)
"""Each objection and petition is work for many: five at once, then one an hour."""


@router.post(
    "/resident/votes/{vote_id}/objections",
    permission="voting.take_part",
    reply=schemas.ObjectionReply,
    once=True,
    refuses=(403, 404, 422),
    budget=SELDOM,
)
def raise_objection(
    caller: Caller, vote_id: str, body: schemas.ObjectionAsked
) -> objections.ObjectionView:
    """Object to the roll before the vote opens, or to the result after it is published."""
    about = objections.About(body.about)
    return objections.raise_objection(caller, vote_id, about, body.text, unit_id=body.unit_id)


@router.get(
    "/resident/votes/{vote_id}/objections",
    permission="voting.take_part",
    reply=schemas.ObjectionsReply,
    refuses=(404,),
)
def list_objections(caller: Caller, vote_id: str, query: Paging) -> objections.ObjectionPage:
    """List the objections to a vote and their answers, without authors."""
    vote = votes.noticed(caller.community_id, vote_id)
    return objections.listed(vote, limit=query.limit, after=query.cursor)


def list_estates_objections(
    caller: Caller, vote_id: str, query: EstatePaging
) -> objections.ObjectionPage:
    """List the objections to a vote, answered or not."""
    vote = votes.in_sight(caller, query.community_id, vote_id)
    return objections.listed(vote, limit=query.limit, after=query.cursor)


def show_objection(
    caller: Caller, vote_id: str, objection_id: str, query: Estate
) -> objections.ObjectionSeen:
    """Show an objection in its author's words to who answers it; the look is on record."""
    return objections.seen(caller, query.community_id, vote_id, objection_id)


def answer_objection(
    caller: Caller, vote_id: str, objection_id: str, body: schemas.AnswerAsked
) -> objections.ObjectionView:
    """Answer an objection; an upheld one to the roll corrects it."""
    return objections.answer(
        caller,
        body.community_id,
        (vote_id, objection_id),
        upheld=body.upheld,
        text=body.answer,
        correction=_correction(body.correction),
    )


def _correction(asked: schemas.CorrectionAsked | None) -> objections.Correction | None:
    if asked is None:
        return None
    said = dict(asked)
    owners = said.pop("owners")
    return objections.Correction(owners=None if owners is None else tuple(owners), **said)


@router.post(
    "/resident/petitions",
    permission="voting.take_part",
    reply=schemas.PetitionReply,
    once=True,
    refuses=(403,),
    budget=SELDOM,
)
def open_petition(caller: Caller, body: schemas.PetitionAsked) -> petitions.PetitionView:
    """Ask the other owners for a special meeting."""
    wish = petitions.PetitionWish(body.title, body.reason, tuple(body.matters))
    return petitions.petition(caller, wish)


@router.get("/resident/petitions", permission="voting.take_part", reply=schemas.PetitionsReply)
def list_petitions(caller: Caller, query: Paging) -> petitions.PetitionPage:
    """List the petitions of one's estate, the newest first."""
    return petitions.listed(caller.community_id, limit=query.limit, after=query.cursor)


@router.get(
    "/resident/petitions/{petition_id}",
    permission="voting.take_part",
    reply=schemas.PetitionReply,
    refuses=(404,),
)
def show_petition(caller: Caller, petition_id: str) -> petitions.PetitionView:
    """Show a petition and how far it is."""
    return petitions.show(caller.community_id, petition_id)


@router.get(
    "/resident/petitions/{petition_id}/lines",
    permission="voting.take_part",
    reply=schemas.OwnGroupsReply,
    refuses=(404,),
)
def list_own_groups(caller: Caller, petition_id: str) -> petitions.OwnGroups:
    """List for which lines of the roll one may sign."""
    return petitions.own_groups(caller, petition_id)


@router.post(
    "/resident/petitions/{petition_id}/signatures",
    permission="voting.take_part",
    reply=schemas.PetitionReply,
    once=True,
    refuses=(404, 422),
)
def sign_petition(
    caller: Caller, petition_id: str, body: schemas.SignatureAsked
) -> petitions.PetitionView:
    """Sign a petition for one's head group."""
    return petitions.sign(caller, petition_id, body.group)


def list_estates_petitions(caller: Caller, query: EstatePaging) -> petitions.PetitionPage:
    """List the petitions of an estate, the newest first."""
    return petitions.listed_in_sight(
        caller, query.community_id, limit=query.limit, after=query.cursor
    )


for _audience in ("committee", "government"):
    router.get(
        f"/{_audience}/petitions",
        permission="voting.read",
        reply=schemas.PetitionsReply,
        refuses=(400, 404),
    )(list_estates_petitions)
    router.get(
        f"/{_audience}/votes/{{vote_id}}/objections",
        permission="voting.read",
        reply=schemas.ObjectionsReply,
        refuses=(400, 404),
    )(list_estates_objections)
    router.get(
        f"/{_audience}/votes/{{vote_id}}/objections/{{objection_id}}",
        permission="voting.convene",
        reply=schemas.ObjectionSeenReply,
        refuses=(400, 404, 422, 429),
    )(show_objection)
    router.post(
        f"/{_audience}/votes/{{vote_id}}/objections/{{objection_id}}/answer",
        permission="voting.convene",
        reply=schemas.ObjectionReply,
        once=True,
        refuses=(400, 404, 422),
    )(answer_objection)
