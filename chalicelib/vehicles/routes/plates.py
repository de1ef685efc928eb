"""HTTP of registered plates."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.schema import Paging
from chalicelib.vehicles.schemas import plates as schemas
from chalicelib.vehicles.service import judging, plates

router = web.Router(__name__)

TYPING = Budget(burst=20, every_s=30)
"""Of one who registers: more would be trying whose plates are known."""


@router.get("/resident/plates", permission="vehicles.own_plates", reply=schemas.PlatePage)
def list_own_plates(caller: Caller, query: Paging) -> plates.Plates:
    """List the caller's own plates, the newest first."""
    return plates.mine(caller, limit=query.limit, after=query.cursor)


@router.post(
    "/resident/plates",
    permission="vehicles.own_plates",
    reply=schemas.PlateReply,
    once=True,
    refuses=(404, 409, 422, 429),
    budget=TYPING,
)
def register_plate(caller: Caller, body: schemas.PlateAsked) -> plates.PlateView:
    """Register a plate that passes by itself, at once or after staff have looked at it."""
    return plates.register(caller, body.unit_id, body.plate, body.label)


@router.delete(
    "/resident/plates/{plate_id}",
    permission="vehicles.own_plates",
    reply=schemas.PlateReply,
    refuses=(404, 409),
)
def end_plate(caller: Caller, plate_id: str) -> plates.PlateView:
    """Take one's own plate back: it passes no more."""
    return plates.end(caller, plate_id)


@router.get("/property/plates", permission="vehicles.decide", reply=schemas.PlateSeenPage)
def list_plates(caller: Caller, query: schemas.PlateQuery) -> plates.Plates:
    """List plates in a state, the oldest first; none in the clear."""
    return judging.listed(caller, query.state, limit=query.limit, after=query.cursor)


@router.get(
    "/property/plates/{plate_id}",
    permission="vehicles.decide",
    reply=schemas.PlateSeenReply,
    refuses=(404, 429),
)
def show_plate(caller: Caller, plate_id: str) -> plates.PlateView:
    """Show a plate to whoever decides on it; the look goes on record."""
    return judging.show(caller, plate_id)


@router.post(
    "/property/plates/{plate_id}/decision",
    permission="vehicles.decide",
    reply=schemas.PlateSeenReply,
    once=True,
    refuses=(404, 409),
)
def decide_plate(
    caller: Caller, plate_id: str, body: schemas.RegistrationDecision
) -> plates.PlateView:
    """Approve a resident's plate or reject it."""
    return judging.decide(caller, plate_id, approve=body.approve, reason=body.reason)


@router.delete(
    "/property/plates/{plate_id}",
    permission="vehicles.decide",
    reply=schemas.PlateSeenReply,
    refuses=(404, 409),
)
def strike_plate(caller: Caller, plate_id: str) -> plates.PlateView:
    """Let a registered plate pass no more."""
    return judging.strike(caller, plate_id)


@router.post(
    "/property/duty-plates",
    permission="vehicles.manage",
    reply=schemas.DutyPlateReply,
    once=True,
    refuses=(409, 422),
)
def list_duty_plate(caller: Caller, body: schemas.DutyPlateAsked) -> plates.PlateView:
    """Let a vehicle on duty with an ordinary plate, an ambulance, always pass."""
    return judging.list_on_duty(caller, body.plate, body.label)
