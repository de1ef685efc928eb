"""HTTP of people and flats: who am I, where do I live, who may live here."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.identity.schemas import people as schemas
from chalicelib.identity.service import bindings, homes, people

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
    refuses=(404, 409, 422),
)
def request_binding(caller: Caller, body: schemas.BindingAsked) -> bindings.BindingView:
    """Wish to be tied to a flat; its owner or the company decides."""
    return bindings.request(caller, bindings.Wish(**dict(body)))


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
    return bindings.waiting(caller.community_id, limit=query.limit, after=query.cursor)


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
    reply=schemas.PersonReply,
    once=True,
    refuses=(422,),
)
def register_person(caller: Caller, body: schemas.PersonAsked) -> homes.Registered:
    """Register a person; name, phone and ID number are sealed at rest."""
    return homes.register(caller, name=body.name, phone=body.phone, id_number=body.id_number)


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
