"""HTTP of visitors' passes: hosts give and take back, staff agree and look."""

from chalicelib.access.rules.passes import PassState, Rule, Window
from chalicelib.access.schemas import passes as schemas
from chalicelib.access.service import pass_giving, pass_review, pass_rules, passes
from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging

router = web.Router(__name__)


@router.post(
    "/resident/passes",
    permission="access.own_passes",
    reply=schemas.PassReply,
    once=True,
    refuses=(404, 409, 422),
    then=passes.received,
)
def give_pass(caller: Caller, body: schemas.PassAsked) -> passes.Receipt:
    """Give a visitor a pass for one of the caller's flats."""
    said = dict(body)
    window = Window(said.pop("starts"), said.pop("ends"))
    doors, floors = (
        None if said[name] is None else tuple(said[name]) for name in ("doors", "floors")
    )
    wish = pass_giving.Wish(**{**said, "window": window, "doors": doors, "floors": floors})
    return pass_giving.give(caller, wish)


@router.get("/resident/passes", permission="access.own_passes", reply=schemas.PassPage)
def list_passes(caller: Caller, query: Paging) -> passes.Passes:
    """List the passes that the caller gave, the newest first."""
    return passes.mine(caller, limit=query.limit, after=query.cursor)


@router.get(
    "/resident/passes/{pass_id}",
    permission="access.own_passes",
    reply=schemas.PassReply,
    refuses=(404,),
)
def show_pass(caller: Caller, pass_id: str) -> passes.PassView:
    """Show one of the caller's passes."""
    return passes.show(caller, pass_id)


@router.get(
    "/resident/passes/{pass_id}/share",
    permission="access.own_passes",
    reply=schemas.ShareReply,
    refuses=(404, 422),
)
def share_pass(caller: Caller, pass_id: str) -> passes.Shared:
    """Show the host what to send to the visitor."""
    return passes.share(caller, pass_id)


@router.get(
    "/resident/passes/{pass_id}/uses",
    permission="access.own_passes",
    reply=schemas.UsePage,
    refuses=(404,),
)
def list_uses(caller: Caller, pass_id: str, query: Paging) -> passes.Visits:
    """List the uses of one of the caller's passes."""
    return passes.visits(caller, pass_id, limit=query.limit, after=query.cursor)


@router.post(
    "/resident/passes/{pass_id}/revoke",
    permission="access.own_passes",
    reply=schemas.PassReply,
    refuses=(404, 409, 422),
)
def revoke_pass(caller: Caller, pass_id: str) -> passes.PassView:
    """Take a pass back."""
    return passes.revoke(caller, pass_id)


@router.get("/property/passes", permission="access.read_passes", reply=schemas.PassListedPage)
def list_for_staff(caller: Caller, query: schemas.PassesQuery) -> pass_review.Listing:
    """List the passes in a state, without names."""
    return pass_review.listing(caller, query.state, limit=query.limit, after=query.cursor)


@router.get(
    "/property/passes/{pass_id}",
    permission="access.view_passes",
    reply=schemas.LookReply,
    refuses=(403, 404, 429),
)
def look_at_pass(caller: Caller, pass_id: str, query: schemas.LookQuery) -> pass_review.Looked:
    """Show who is let in by whom; the look is on record."""
    return pass_review.look(caller, pass_id, purpose=query.purpose, ticket=query.ticket)


@router.get(
    "/property/passes/{pass_id}/uses",
    permission="access.view_passes",
    reply=schemas.StaffUsePage,
    refuses=(403, 404, 429),
)
def look_at_uses(caller: Caller, pass_id: str, query: schemas.UsesQuery) -> passes.Visits:
    """Show when a pass was used; the look is on record."""
    return pass_review.visits(
        caller, pass_id, query.purpose, query.ticket, limit=query.limit, after=query.cursor
    )


@router.post(
    "/property/passes/{pass_id}/approve",
    permission="access.decide_passes",
    reply=schemas.PassListedReply,
    refuses=(404, 409, 422),
)
def approve_pass(caller: Caller, pass_id: str) -> pass_review.Listed:
    """Agree to a pass; from now on it opens."""
    return pass_review.decide(caller, pass_id, PassState.APPROVED)


@router.post(
    "/property/passes/{pass_id}/reject",
    permission="access.decide_passes",
    reply=schemas.PassListedReply,
    refuses=(404, 409, 422),
)
def reject_pass(caller: Caller, pass_id: str, body: schemas.RefusalAsked) -> pass_review.Listed:
    """Refuse a pass."""
    return pass_review.decide(caller, pass_id, PassState.REJECTED, body.reason)


@router.post(
    "/property/passes/{pass_id}/revoke",
    permission="access.decide_passes",
    reply=schemas.PassListedReply,
    refuses=(404, 409, 422),
)
def revoke_for_staff(
    caller: Caller, pass_id: str, body: schemas.RefusalAsked
) -> pass_review.Listed:
    """Take a pass back for its host."""
    return pass_review.decide(caller, pass_id, PassState.REVOKED, body.reason)


@router.get("/property/pass-rule", permission="access.read_passes", reply=schemas.RuleReply)
def show_rule(caller: Caller) -> Rule:
    """Show the estate's rule of passes."""
    return pass_rules.of(caller.community_id)


@router.put(
    "/property/pass-rule",
    permission="access.set_pass_rule",
    reply=schemas.RuleReply,
    refuses=(409,),
)
def set_rule(caller: Caller, body: schemas.RuleBody) -> Rule:
    """Set the estate's rule of passes."""
    said = dict(body)
    return pass_rules.set_rule(
        caller, Rule(**{**said, "public_floors": tuple(said["public_floors"])})
    )
