"""HTTP of privacy: looks at personal data, on the record; deletion."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.identity.schemas import audit as looks
from chalicelib.identity.schemas import privacy as schemas
from chalicelib.identity.service import audit, deletion

router = web.Router(__name__)


@router.get(
    "/resident/views", permission="identity.read_views", reply=looks.ViewPage, refuses=(404,)
)
def list_views(caller: Caller, query: looks.ViewsQuery) -> audit.LookPage:
    """List who looked at the caller's data and why, the newest first."""
    return audit.views(caller, query.person_id, limit=query.limit, after=query.cursor)


@router.post(
    "/resident/deletion",
    permission="identity.delete",
    reply=schemas.DeletionReply,
    once=True,
    refuses=(404, 409, 422),
)
def delete_person(caller: Caller, body: schemas.DeletionAsked) -> deletion.DeletionView:
    """Forget the caller, or their child; an owner keeps name and phone, and is told why."""
    return deletion.delete(caller, body.person_id)


@router.get(
    "/property/residents/{person_id}",
    permission="identity.view_resident",
    reply=looks.ResidentReply,
    refuses=(429,),
)
def show_resident(caller: Caller, person_id: str, query: looks.ResidentQuery) -> audit.ResidentView:
    """Show staff a resident, masked for their role, on the record of a ticket."""
    return audit.resident(caller, person_id, purpose=query.purpose, ticket=query.ticket)


@router.get(
    "/property/units/{unit_id}/residents",
    permission="identity.view_resident",
    reply=looks.UnitResidentsReply,
)
def show_unit_residents(
    caller: Caller, unit_id: str, query: looks.ResidentQuery
) -> audit.UnitResidents:
    """Show staff who lives in a flat, on the record of a ticket; each of them counts."""
    return audit.unit_residents(caller, unit_id, purpose=query.purpose, ticket=query.ticket)


@router.get(
    "/government/views", permission="identity.audit_views", reply=looks.ViewPage, refuses=(404,)
)
def audit_views(caller: Caller, query: looks.AuditQuery) -> audit.LookPage:
    """Show the audit duty what one member of staff looked at, the newest first."""
    return audit.views_by(
        caller, query.viewer_id, query.community_id, limit=query.limit, after=query.cursor
    )
