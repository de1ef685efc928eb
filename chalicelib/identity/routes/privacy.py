"""HTTP of privacy: looks at personal data, on the record; export; deletion; disclosure."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.identity.schemas import audit as looks
from chalicelib.identity.schemas import privacy as schemas
from chalicelib.identity.service import audit, disclosure, privacy

router = web.Router(__name__)


@router.get(
    "/resident/views", permission="identity.read_views", reply=looks.ViewPage, refuses=(404,)
)
def list_views(caller: Caller, query: looks.ViewsQuery) -> audit.Looks:
    """List who looked at the caller's data and why, the newest first."""
    return audit.views(caller, query.person_id, limit=query.limit, after=query.cursor)


@router.get("/resident/export", permission="identity.export", reply=schemas.ExportReply)
def export_person(caller: Caller) -> privacy.Export:
    """Give the caller everything that is held of them, as JSON and as CSV."""
    return privacy.export(caller)


@router.post(
    "/resident/deletion", permission="identity.delete", reply=schemas.DeletionReply, once=True
)
def delete_person(caller: Caller, body: schemas.DeletionAsked) -> privacy.DeletionView:  # noqa: ARG001 -- the body only makes sure
    """Delete the caller's personal data: what is sealed at once, the rest in 15 working days."""
    return privacy.delete(caller)


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
    "/government/views", permission="identity.audit_views", reply=looks.ViewPage, refuses=(404,)
)
def audit_views(caller: Caller, query: looks.AuditQuery) -> audit.Looks:
    """Show the audit duty what one member of staff looked at, the newest first."""
    return audit.views_by(
        caller, query.viewer_id, query.community_id, limit=query.limit, after=query.cursor
    )


@router.post(
    "/government/disclosures",
    permission="identity.ask_disclosure",
    reply=looks.DisclosureReply,
    once=True,
    refuses=(404,),
)
def ask_disclosure(caller: Caller, body: looks.DisclosureAsked) -> disclosure.DisclosureView:
    """Ask for one person's data with case number, document and officer."""
    return disclosure.ask(caller, disclosure.Asked(**dict(body)))


@router.post(
    "/government/disclosures/{disclosure_id}/release",
    permission="identity.release_disclosure",
    reply=looks.DisclosureReply,
    once=True,
)
def judge_disclosure(
    caller: Caller, disclosure_id: str, body: looks.VerdictOnDisclosure
) -> disclosure.DisclosureView:
    """Release a request, or refuse it; it takes two people of the security duty."""
    return disclosure.judge(caller, disclosure_id, body.verdict, community_id=body.community_id)


@router.get(
    "/government/disclosures/{disclosure_id}",
    permission="identity.read_disclosure",
    reply=looks.DisclosureReply,
    refuses=(429,),
)
def show_disclosure(
    caller: Caller, disclosure_id: str, query: looks.DisclosurePlace
) -> disclosure.DisclosureView:
    """Show a request; its asker reads the data while it is released."""
    return disclosure.show(caller, disclosure_id, community_id=query.community_id)


@router.get(
    "/government/disclosures/{disclosure_id}/record",
    permission="identity.audit_disclosures",
    reply=looks.DisclosureReply,
)
def audit_disclosure(
    caller: Caller, disclosure_id: str, query: looks.DisclosurePlace
) -> disclosure.DisclosureView:
    """Show the audit duty a request and who released it, never the data."""
    return disclosure.show(caller, disclosure_id, community_id=query.community_id)
