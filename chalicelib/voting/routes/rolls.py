"""HTTP of rolls: frozen, published, seen line by line, and delivered unit by unit."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.voting.schemas import rolls as schemas
from chalicelib.voting.schemas.votes import Estate, EstatePaging
from chalicelib.voting.service import delivery, lines, notices, rolls

router = web.Router(__name__)


@router.get(
    "/resident/votes/{vote_id}/lines",
    permission="voting.take_part",
    reply=schemas.OwnLinesReply,
    refuses=(404,),
)
def show_own_lines(caller: Caller, vote_id: str) -> lines.OwnLines:
    """Show one's own lines of the roll: rooms, area, and whether one casts the ballot."""
    return lines.own(caller, vote_id)


@router.put(
    "/resident/votes/{vote_id}/lines/{group}/voter",
    permission="voting.take_part",
    reply=schemas.OwnLineReply,
    refuses=(403, 404, 409, 422),
)
def name_voter(
    caller: Caller, vote_id: str, group: str, body: schemas.NamingAsked
) -> lines.OwnLine:
    """Name, as one of several owners, who casts the ballot; it holds once all agree."""
    return lines.name_voter(caller, vote_id, group, body.person_id)


@router.get(
    "/resident/votes/{vote_id}/roll",
    permission="voting.take_part",
    reply=schemas.LinesReply,
    refuses=(404,),
)
def list_lines(caller: Caller, vote_id: str, query: Paging) -> lines.LinePage:
    """List the published roll: rooms, areas, heads, and no names."""
    return lines.published(caller, vote_id, limit=query.limit, after=query.cursor)


@router.post(
    "/resident/votes/{vote_id}/opening",
    permission="voting.take_part",
    reply=schemas.OpenedReply,
    refuses=(404, 422),
)
def acknowledge_vote(caller: Caller, vote_id: str) -> delivery.Opened:
    """Put on record that one has opened the notice: the proof that it was delivered."""
    return delivery.acknowledge(caller, vote_id)


def freeze_roll(caller: Caller, vote_id: str, body: Estate) -> rolls.RollView:
    """Freeze the roll of a draft as the owners stand today."""
    return notices.freeze_roll(caller, body.community_id, vote_id)


def show_roll(caller: Caller, vote_id: str, query: Estate) -> rolls.RollView:
    """Show how far a roll is, and which units keep it from being frozen."""
    return notices.show_roll(caller, query.community_id, vote_id)


def list_estates_lines(caller: Caller, vote_id: str, query: EstatePaging) -> lines.LinePage:
    """List the lines of a roll."""
    return lines.for_staff(
        caller, query.community_id, vote_id, limit=query.limit, after=query.cursor
    )


def record_delivery(caller: Caller, vote_id: str, body: schemas.DeliveryAsked) -> delivery.Proof:
    """Put on record how a ballot reached a unit."""
    return delivery.record(
        caller,
        body.community_id,
        vote_id,
        (body.unit_id, body.kind),
        evidence_sha256=body.evidence_sha256,
        note=body.note,
    )


def list_deliveries(caller: Caller, vote_id: str, query: EstatePaging) -> delivery.DeliveryPage:
    """List the units of a roll and what reached them."""
    limit = min(query.limit, 20)
    return delivery.listed(caller, query.community_id, vote_id, limit=limit, after=query.cursor)


for _audience in ("committee", "government"):
    router.post(
        f"/{_audience}/votes/{{vote_id}}/roll",
        permission="voting.convene",
        reply=schemas.RollReply,
        once=True,
        refuses=(400, 404, 422),
    )(freeze_roll)
    router.get(
        f"/{_audience}/votes/{{vote_id}}/roll",
        permission="voting.read",
        reply=schemas.RollReply,
        refuses=(400, 404),
    )(show_roll)
    router.get(
        f"/{_audience}/votes/{{vote_id}}/lines",
        permission="voting.read",
        reply=schemas.LinesReply,
        refuses=(400, 404),
    )(list_estates_lines)
    router.post(
        f"/{_audience}/votes/{{vote_id}}/deliveries",
        permission="voting.convene",
        reply=schemas.ProofReply,
        once=True,
        refuses=(400, 404, 422),
    )(record_delivery)
    router.get(
        f"/{_audience}/votes/{{vote_id}}/deliveries",
        permission="voting.read",
        reply=schemas.DeliveriesReply,
        refuses=(400, 404),
    )(list_deliveries)
