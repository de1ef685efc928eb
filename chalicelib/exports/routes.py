"""HTTP of exports: residents take along what is held of them."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.exports import schemas, service

router = web.Router(__name__)


@router.get(
    "/resident/export", permission="exports.take", reply=schemas.ExportReply, refuses=(404,)
)
def export_person(caller: Caller, query: schemas.ExportQuery) -> service.Export:
    """Give the caller everything that is held of them, or of their child, as JSON and as CSV."""
    return service.export(caller, query.person_id, after=query.cursor)
