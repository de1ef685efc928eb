"""HTTP of access: the calls of a resident's flats, and the one tap that opens."""

from chalicelib.access.rules.calls import CallState
from chalicelib.access.schemas import calls as schemas
from chalicelib.access.service import answers, calls
from chalicelib.core import web
from chalicelib.core.auth import Caller

router = web.Router(__name__)


@router.get("/resident/calls", permission="access.read_calls", reply=schemas.CallList)
def list_calls(caller: Caller) -> schemas.CallList:
    """List the last ten minutes' calls of the caller's flats."""
    return schemas.CallList.model_validate({"items": calls.calls(caller)})


@router.get(
    "/resident/calls/{call_id}",
    permission="access.read_calls",
    reply=schemas.CallDetailReply,
    refuses=(404,),
)
def show_call(caller: Caller, call_id: str) -> calls.CallDetail:
    """Show one call, with the visitor's picture."""
    return calls.detail(caller, call_id)


@router.post(
    "/resident/calls/{call_id}/open",
    permission="access.answer_call",
    reply=schemas.OpeningReply,
    once=True,
    refuses=(404, 409, 422),
    then=answers.await_gate,
    pending=lambda opening: opening.state is CallState.SENT,
)
def open_gate(caller: Caller, call_id: str) -> answers.Opening:
    """Open the gate for the visitor: one tap, one opening."""
    return answers.open_gate(caller, call_id)


@router.post(
    "/resident/calls/{call_id}/deny",
    permission="access.answer_call",
    reply=schemas.CallReply,
    once=True,
    refuses=(404, 409, 422),
)
def deny(caller: Caller, call_id: str) -> calls.CallView:
    """Turn the visitor away."""
    return answers.deny(caller, call_id)
