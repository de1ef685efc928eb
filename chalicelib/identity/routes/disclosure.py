"""HTTP of disclosure: police ask, two of the security duty release, the audit duty watches."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.identity.schemas import disclosure as schemas
from chalicelib.identity.service import disclosure
from chalicelib.identity.service.sought import Flat, Sought

router = web.Router(__name__)


@router.post(
    "/government/disclosures",
    permission="identity.ask_disclosure",
    reply=schemas.DisclosureReply,
    once=True,
    refuses=(404, 422),
)
def ask_disclosure(caller: Caller, body: schemas.DisclosureAsked) -> disclosure.DisclosureView:
    """Ask for people's data with case number, document and officer."""
    said = dict(body)
    flat = said.pop("flat")
    who = {name: said.pop(name) for name in ("subject_id", "phone", "id_number")}
    sought = Sought(**who, flat=Flat(**dict(flat)) if flat else None)
    return disclosure.ask(caller, disclosure.Asked(sought=sought, **said))


@router.get(
    "/government/disclosures",
    permission="identity.read_disclosure",
    reply=schemas.DisclosurePage,
)
def list_disclosures(caller: Caller, query: schemas.DisclosuresQuery) -> disclosure.Disclosures:
    """List requests below the caller's node, those that wait unless others are asked for."""
    return disclosure.listed(caller, query.listing, limit=query.limit, after=query.cursor)


@router.post(
    "/government/disclosures/{disclosure_id}/release",
    permission="identity.release_disclosure",
    reply=schemas.DisclosureReply,
    once=True,
    refuses=(422,),
)
def judge_disclosure(
    caller: Caller, disclosure_id: str, body: schemas.VerdictOnDisclosure
) -> disclosure.DisclosureView:
    """Release a request, or refuse it; it takes two people of the security duty."""
    return disclosure.judge(
        caller,
        disclosure_id,
        body.verdict,
        community_id=body.community_id,
        secret_days=body.secret_days,
    )


@router.get(
    "/government/disclosures/{disclosure_id}",
    permission="identity.read_disclosure",
    reply=schemas.DisclosureReply,
    refuses=(429,),
)
def show_disclosure(
    caller: Caller, disclosure_id: str, query: schemas.DisclosurePlace
) -> disclosure.DisclosureView:
    """Show a request and who released it; its asker alone reads the data, while it is released."""
    return disclosure.show(caller, disclosure_id, community_id=query.community_id)
