"""HTTP of cars at barriers, and of stays."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.vehicles.schemas import stays as schemas
from chalicelib.vehicles.service import arrivals, stays, waiting

router = web.Router(__name__)


@router.get("/property/arrivals", permission="vehicles.admit", reply=schemas.ArrivalPage)
def list_arrivals(caller: Caller, query: Paging) -> waiting.Arrivals:
    """List the cars that wait at barriers, the latest first."""
    return waiting.waiting(caller, limit=query.limit, after=query.cursor)


@router.get(
    "/property/arrivals/{arrival_id}",
    permission="vehicles.admit",
    reply=schemas.ArrivalSeenReply,
    refuses=(404,),
)
def show_arrival(caller: Caller, arrival_id: str) -> waiting.ArrivalSeen:
    """Show a car with its still and who it may be; whose plates those are goes on record."""
    return waiting.show(caller, arrival_id)


@router.post(
    "/property/arrivals/{arrival_id}/admit",
    permission="vehicles.admit",
    reply=schemas.ArrivalReply,
    once=True,
    refuses=(404, 409, 422),
)
def admit(caller: Caller, arrival_id: str, body: schemas.AdmissionAsked) -> waiting.ArrivalView:
    """Let a waiting car through: the barrier opens once."""
    return arrivals.admit(caller, arrival_id, arrivals.Admission(**dict(body)))


@router.post(
    "/property/arrivals/{arrival_id}/turn-away",
    permission="vehicles.admit",
    reply=schemas.ArrivalReply,
    once=True,
    refuses=(404, 409),
)
def turn_away(caller: Caller, arrival_id: str, body: schemas.TurnAwayAsked) -> waiting.ArrivalView:
    """Turn a waiting car away."""
    return arrivals.turn_away(caller, arrival_id, body.reason)


@router.get("/property/stays", permission="vehicles.read", reply=schemas.StayPage, refuses=(404,))
def list_stays(caller: Caller, query: schemas.StayQuery) -> stays.Stays:
    """List stays, the latest first: of those inside one car park, or of all."""
    if query.park_id:
        return stays.inside(caller, query.park_id, limit=query.limit, after=query.cursor)
    return stays.newest(caller, limit=query.limit, after=query.cursor)


@router.get(
    "/property/stays/{stay_id}",
    permission="vehicles.look",
    reply=schemas.StaySeenReply,
    refuses=(403, 404, 429),
)
def show_stay(caller: Caller, stay_id: str, query: schemas.GroundsQuery) -> stays.StaySeen:
    """Show one stay in the clear, for one incident; the look goes on record."""
    return stays.show(caller, stay_id, purpose=query.purpose, ticket=query.ticket)


@router.post(
    "/property/stays/{stay_id}/close",
    permission="vehicles.admit",
    reply=schemas.StayReply,
    once=True,
    refuses=(404, 409),
)
def close_stay(caller: Caller, stay_id: str) -> stays.StayView:
    """End the stay of a car that is not there any more."""
    return stays.close(caller, stay_id)
