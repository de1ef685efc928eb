"""HTTP of a resident's own phone at a door."""

from chalicelib.access.rules.opening import OpeningState
from chalicelib.access.schemas import gates as doors
from chalicelib.access.schemas import opening as schemas
from chalicelib.access.service import gates, opening
from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget

router = web.Router(__name__)


@router.get("/resident/gates", permission="access.open_door", reply=doors.GateList)
def list_gates(caller: Caller) -> gates.Gates:
    """List the doors that the caller's flats reach, and whether each is online."""
    return gates.gates(caller)


@router.post(
    "/resident/gates/{device_id}/open",
    permission="access.open_door",
    reply=schemas.PhoneOpeningReply,
    once=True,
    refuses=(404, 409, 422),
    then=opening.await_door,
    pending=lambda made: made.state is OpeningState.SENT,
    budget=Budget(burst=10, every_s=3),
)
def open_door(caller: Caller, device_id: str, body: schemas.DoorAsked) -> opening.PhoneOpening:
    """Open a door that the caller stands at: one command for each tap, never repeated."""
    return opening.open_door(caller, device_id, body.unit_id, body.near.as_shown())


@router.get(
    "/resident/openings/{opening_id}",
    permission="access.open_door",
    reply=schemas.PhoneOpeningReply,
    refuses=(404,),
)
def show_opening(caller: Caller, opening_id: str) -> opening.PhoneOpening:
    """Show what became of one of the caller's openings."""
    return opening.opening(caller, opening_id)
