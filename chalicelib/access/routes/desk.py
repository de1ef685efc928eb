"""HTTP of guards: what needs a person, taken on by one of them."""

from chalicelib.access.rules.opening import OpeningState
from chalicelib.access.schemas import desk as schemas
from chalicelib.access.service import desk, hands
from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging

router = web.Router(__name__)


@router.get("/property/desk", permission="access.keep_desk", reply=schemas.DeskPage)
def list_requests(caller: Caller, query: Paging) -> desk.Desk:
    """List the requests for the guard, open ones first."""
    return desk.desk(caller, limit=query.limit, after=query.cursor)


@router.post(
    "/property/desk/{desk_id}/take",
    permission="access.keep_desk",
    reply=schemas.DeskReply,
    once=True,
    refuses=(404, 409),
)
def take_request(caller: Caller, desk_id: str) -> desk.DeskView:
    """Take a request on: the first guard has it, and sees the picture."""
    return desk.take(caller, desk_id)


@router.post(
    "/property/desk/{desk_id}/open",
    permission="access.keep_desk",
    reply=schemas.DeskOpeningReply,
    once=True,
    refuses=(404, 409, 422),
    then=hands.await_door,
    pending=lambda made: made.state is OpeningState.SENT,
)
def open_by_hand(caller: Caller, desk_id: str, body: schemas.HandAsked) -> hands.DeskOpening:
    """Open the door of a request, once, for a reason that stays on record."""
    return hands.open_by_hand(caller, desk_id, body.reason)


@router.post(
    "/property/desk/{desk_id}/done",
    permission="access.keep_desk",
    reply=schemas.DeskReply,
    once=True,
    refuses=(404, 409),
)
def finish_request(caller: Caller, desk_id: str, body: schemas.DoneAsked) -> desk.DeskView:
    """Say what became of a request."""
    return desk.done(caller, desk_id, body.outcome, body.note)
