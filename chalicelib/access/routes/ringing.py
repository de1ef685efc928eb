"""HTTP of a visitor's phone at a gate, and of whom a flat does not hear."""

from chalicelib.access.schemas import ringing as schemas
from chalicelib.access.service import ringing
from chalicelib.core import media, web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.schema import Paging, UploadAsked, UploadReply

router = web.Router(__name__)


@router.post(
    "/resident/gates/{device_id}/ring",
    permission="access.ring_flat",
    reply=schemas.RingReply,
    once=True,
    refuses=(404, 422),
    budget=Budget(burst=6, every_s=20),
)
def ring_flat(caller: Caller, device_id: str, body: schemas.RingAsked) -> ringing.RingView:
    """Ring a flat from before its gate; who lives there is not told."""
    asked = ringing.Ring(body.unit_id, body.near.as_shown(), body.visitor_name, body.photo)
    return ringing.ring(caller, device_id, asked)


@router.post(
    "/resident/gates/{device_id}/photos",
    permission="access.ring_flat",
    reply=UploadReply,
    refuses=(404,),
    budget=Budget(burst=6, every_s=20),
)
def grant_photo(caller: Caller, device_id: str, body: UploadAsked) -> media.Upload:
    """Grant the upload of one picture of oneself, to be named in a ring."""
    return ringing.grant_photo(caller, device_id, body.content_type, body.bytes, body.sha256)


@router.get(
    "/resident/rings/{call_id}",
    permission="access.ring_flat",
    reply=schemas.RingReply,
    refuses=(404,),
)
def show_ring(caller: Caller, call_id: str) -> ringing.RingView:
    """Show where the caller's own ring is."""
    return ringing.shown_ring(caller, call_id)


@router.post(
    "/resident/calls/{call_id}/block",
    permission="access.answer_call",
    reply=schemas.BlockReply,
    once=True,
    refuses=(404, 409, 422),
)
def block_visitor(caller: Caller, call_id: str) -> ringing.BlockView:
    """Hear the visitor of this call no more at this flat; the visitor is not told."""
    return ringing.block(caller, call_id)


@router.get(
    "/resident/units/{unit_id}/blocks",
    permission="access.answer_call",
    reply=schemas.BlockList,
    refuses=(400, 404),
)
def list_blocks(caller: Caller, unit_id: str, query: Paging) -> ringing.Blocks:
    """List whom a flat does not hear."""
    return ringing.blocks(caller, unit_id, limit=query.limit, after=query.cursor)


@router.delete(
    "/resident/units/{unit_id}/blocks/{block_id}",
    permission="access.answer_call",
    reply=schemas.BlockReply,
    refuses=(404, 409),
)
def unblock_visitor(caller: Caller, unit_id: str, block_id: str) -> ringing.BlockView:
    """Hear somebody again."""
    return ringing.unblock(caller, unit_id, block_id)
