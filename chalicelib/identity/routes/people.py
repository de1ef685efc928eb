"""HTTP of people and flats: who am I, where do I live, who may live here."""

from chalicelib.core import media, web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.schema import Paging, UploadAsked, UploadReply
from chalicelib.identity.schemas import people as schemas
from chalicelib.identity.schemas.records import (
    CorrectionAsked,
    CorrectionReply,
    PersonAsked,
    PersonReply,
)
from chalicelib.identity.service import bindings, evidence, homes, people, records, wishes

router = web.Router(__name__)


def show_me(caller: Caller) -> people.Me:
    """Show the caller as the system knows them."""
    return people.me(caller)


for _audience in web.PEOPLE:
    router.get(f"/{_audience}/me", permission="identity.read_me", reply=schemas.MeReply)(show_me)


@router.get("/resident/units", permission="identity.own_home", reply=schemas.HomesReply)
def list_homes(caller: Caller) -> homes.Homes:
    """List the flats that the caller is tied to."""
    return homes.homes(caller)


@router.post(
    "/resident/units/{unit_id}/move-out",
    permission="identity.own_home",
    reply=schemas.MovedReply,
    refuses=(409, 422),
)
def leave(caller: Caller, unit_id: str, body: schemas.MoveOutAsked) -> homes.Moved:
    """Move oneself out, one's own child, or, as an owner, somebody who does not own the flat."""
    return homes.leave(caller, unit_id, body.person_id)


@router.post(
    "/resident/bindings",
    permission="identity.own_home",
    reply=schemas.BindingReply,
    refuses=(404, 409, 422, 429),
)
def request_binding(caller: Caller, body: schemas.BindingAsked) -> bindings.BindingView:
    """Wish to be tied to a flat; its owner or the company decides."""
    return wishes.request(caller, wishes.Wish(**dict(body)))


@router.post(
    "/resident/evidence",
    permission="identity.own_home",
    reply=UploadReply,
    refuses=(429,),
    budget=Budget(burst=10, every_s=60),
)
def ask_evidence_upload(caller: Caller, body: UploadAsked) -> media.Upload:
    """Ask where to upload a picture that proves a wish: a deed, a lease, a household book."""
    return evidence.grant_upload(caller, body)


@router.get("/resident/bindings", permission="identity.own_home", reply=schemas.BindingPage)
def list_own_bindings(caller: Caller) -> bindings.Bindings:
    """List the caller's own wishes, the oldest first."""
    return bindings.mine(caller)


@router.get(
    "/resident/units/{unit_id}/bindings",
    permission="identity.own_home",
    reply=schemas.BindingPage,
)
def list_bindings_at_home(caller: Caller, unit_id: str) -> bindings.Bindings:
    """List who wishes to live in a flat of the caller's own."""
    return bindings.at_unit(caller, unit_id)


@router.get(
    "/resident/bindings/{binding_id}",
    permission="identity.own_home",
    reply=schemas.WishSeenReply,
    refuses=(429,),
)
def show_wish_to_owner(caller: Caller, binding_id: str) -> evidence.WishSeen:
    """Show an owner who wishes to live in their flat, and the evidence; it goes on record."""
    return evidence.seen_by_owner(caller, binding_id)


@router.post(
    "/resident/bindings/{binding_id}/decision",
    permission="identity.own_home",
    reply=schemas.BindingReply,
    refuses=(409, 422),
)
def decide_as_owner(
    caller: Caller, binding_id: str, body: schemas.DecisionAsked
) -> bindings.BindingView:
    """Decide, as an owner of the flat, who may live there."""
    return bindings.decide_as_owner(caller, binding_id, approve=body.approve, reason=body.reason)


@router.get("/property/bindings", permission="identity.decide_bindings", reply=schemas.BindingPage)
def list_bindings(caller: Caller, query: Paging) -> bindings.Bindings:
    """List the community's wishes that wait, the oldest first."""
    return bindings.waiting(caller, limit=query.limit, after=query.cursor)


@router.get(
    "/property/bindings/{binding_id}",
    permission="identity.decide_bindings",
    reply=schemas.WishSeenReply,
    refuses=(429,),
)
def show_wish(caller: Caller, binding_id: str) -> evidence.WishSeen:
    """Show staff who wishes to live in a flat, and the evidence; it goes on record."""
    return evidence.seen_by_property(caller, binding_id)


@router.post(
    "/property/bindings/{binding_id}/decision",
    permission="identity.decide_bindings",
    reply=schemas.BindingReply,
    refuses=(409, 422),
)
def decide_as_property(
    caller: Caller, binding_id: str, body: schemas.DecisionAsked
) -> bindings.BindingView:
    """Decide, on the evidence, who is tied to a flat."""
    return bindings.decide_as_property(caller, binding_id, approve=body.approve, reason=body.reason)


@router.post(
    "/property/people",
    permission="identity.manage_people",
    reply=PersonReply,
    once=True,
    refuses=(422,),
)
def register_person(caller: Caller, body: PersonAsked) -> records.Registered:
    """Register a person; name, phone and ID number are sealed at rest."""
    return records.register(caller, name=body.name, phone=body.phone, id_number=body.id_number)


@router.post(
    "/property/people/{person_id}/correct",
    permission="identity.manage_people",
    reply=CorrectionReply,
    refuses=(409, 422),
)
def correct_person(caller: Caller, person_id: str, body: CorrectionAsked) -> records.Corrected:
    """Correct what is kept of a person: name, phone, ID number or birthday (PIPL 46)."""
    return records.correct(caller, person_id, records.Correction(**dict(body)))


@router.post(
    "/property/people/{person_id}/unlink-wechat",
    permission="identity.manage_people",
    reply=PersonReply,
    refuses=(409,),
)
def unlink_wechat(caller: Caller, person_id: str) -> records.Unlinked:
    """Take the WeChat account off a person, so that they can sign in with another."""
    return records.unlink_wechat(caller, person_id)


@router.post(
    "/property/units/{unit_id}/move-in",
    permission="identity.manage_people",
    reply=schemas.MovedReply,
    refuses=(409, 422),
)
def move_in(caller: Caller, unit_id: str, body: schemas.MoveInAsked) -> homes.Moved:
    """Tie a registered person to a flat."""
    return homes.move_in(caller, unit_id, body.person_id, body.tie, guardian_id=body.guardian_id)


@router.post(
    "/property/units/{unit_id}/move-out",
    permission="identity.manage_people",
    reply=schemas.MovedReply,
    refuses=(409, 422),
)
def move_out(caller: Caller, unit_id: str, body: schemas.MoveOutAsked) -> homes.Moved:
    """End a person's tie to a flat and every right that came with it."""
    return homes.move_out(caller, unit_id, body.person_id)
