"""HTTP of announced visitors' cars."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.vehicles.routes.plates import TYPING
from chalicelib.vehicles.schemas import visits as schemas
from chalicelib.vehicles.schemas.plates import RegistrationDecision
from chalicelib.vehicles.service import hosting, visits

router = web.Router(__name__)


@router.get("/resident/visitor-plates", permission="vehicles.invite", reply=schemas.VisitPage)
def list_own_visits(caller: Caller, query: Paging) -> visits.Visits:
    """List the visitors' cars that the caller registered, the latest window first."""
    return visits.mine(caller, limit=query.limit, after=query.cursor)


@router.post(
    "/resident/visitor-plates",
    permission="vehicles.invite",
    reply=schemas.VisitReply,
    once=True,
    refuses=(404, 409, 422, 429),
    budget=TYPING,
)
def register_visit(caller: Caller, body: schemas.VisitAsked) -> visits.VisitView:
    """Register a visitor's car: it passes by itself within its window."""
    return visits.register(caller, visits.Visit(**dict(body)))


@router.get(
    "/resident/visitor-plates/{visit_id}",
    permission="vehicles.invite",
    reply=schemas.VisitReply,
    refuses=(404,),
)
def show_own_visit(caller: Caller, visit_id: str) -> visits.VisitView:
    """Show a visit of the caller's own."""
    return visits.show(caller, visit_id)


@router.post(
    "/resident/visitor-plates/{visit_id}/submit",
    permission="vehicles.invite",
    reply=schemas.VisitReply,
    once=True,
    refuses=(404, 409, 422),
)
def submit_visit(caller: Caller, visit_id: str) -> visits.VisitView:
    """Submit a draft."""
    return visits.submit(caller, visit_id)


@router.post(
    "/resident/visitor-plates/{visit_id}/cancel",
    permission="vehicles.invite",
    reply=schemas.VisitReply,
    once=True,
    refuses=(404, 409),
)
def cancel_visit(caller: Caller, visit_id: str) -> visits.VisitView:
    """Take a visit back; a car that is inside may still leave."""
    return visits.cancel(caller, visit_id)


@router.get("/property/visitor-plates", permission="vehicles.decide", reply=schemas.VisitSeenPage)
def list_visits(caller: Caller, query: schemas.VisitQuery) -> visits.Visits:
    """List visits in a state by their beginning; no plate in the clear."""
    return hosting.listed(caller, query.state, limit=query.limit, after=query.cursor)


@router.get(
    "/property/visitor-plates/{visit_id}",
    permission="vehicles.decide",
    reply=schemas.VisitSeenReply,
    refuses=(404, 429),
)
def show_visit(caller: Caller, visit_id: str) -> visits.VisitView:
    """Show a visit to whoever decides on it; the look goes on record."""
    return hosting.show(caller, visit_id)


@router.post(
    "/property/visitor-plates/{visit_id}/decision",
    permission="vehicles.decide",
    reply=schemas.VisitSeenReply,
    once=True,
    refuses=(404, 409),
)
def decide_visit(caller: Caller, visit_id: str, body: RegistrationDecision) -> visits.VisitView:
    """Approve a visit or reject it."""
    return hosting.decide(caller, visit_id, approve=body.approve, reason=body.reason)
