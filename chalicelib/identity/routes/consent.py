"""HTTP of consent: residents see every purpose, decide, and take back."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.identity.schemas import consent as schemas
from chalicelib.identity.service import consent

router = web.Router(__name__)


@router.get(
    "/resident/consents",
    permission="identity.read_consents",
    reply=schemas.ConsentsReply,
    refuses=(404,),
)
def list_consents(caller: Caller, query: schemas.ConsentsQuery) -> consent.Consents:
    """List every purpose with its text, and how the caller stands towards it."""
    return consent.consents(caller, query.person_id)


@router.post(
    "/resident/consents",
    permission="identity.decide_consents",
    reply=schemas.ConsentReply,
    refuses=(404, 409, 422),
)
def decide_consent(caller: Caller, body: schemas.ConsentAsked) -> consent.ConsentView:
    """Give or refuse consent to one purpose."""
    return consent.decide(caller, consent.Asked(**dict(body)))


@router.post(
    "/resident/consents/{consent_id}/withdraw",
    permission="identity.decide_consents",
    reply=schemas.ConsentReply,
    refuses=(409,),
)
def withdraw_consent(caller: Caller, consent_id: str) -> consent.ConsentView:
    """Take a consent back: one tap, no reason asked."""
    return consent.withdraw(caller, consent_id)
