"""HTTP of access: a resident calls the lift."""

from chalicelib.access.rules.lifts import LiftState, Trip
from chalicelib.access.schemas import lifts as schemas
from chalicelib.access.service import lifts
from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget

router = web.Router(__name__)


@router.post(
    "/resident/lifts/{device_id}/call",
    permission="access.call_lift",
    reply=schemas.LiftReply,
    once=True,
    refuses=(404, 409, 422),
    then=lifts.await_lift,
    pending=lambda call: call.state is LiftState.SENT,
    budget=Budget(burst=6, every_s=10),
)
def call_lift(caller: Caller, device_id: str, body: schemas.LiftAsked) -> lifts.LiftCall:
    """Call a lift to one of the floors of the caller's flat: one tap, one command."""
    trip = Trip(body.to_floor, body.from_floor)
    return lifts.call_lift(caller, device_id, body.unit_id, trip)
