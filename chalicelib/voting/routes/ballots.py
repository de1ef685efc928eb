"""HTTP of voters: cast a ballot, keep its receipt, lend one's voice."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.voting.schemas import ballots as schemas
from chalicelib.voting.service import casting, proxies, receipts, waiting

router = web.Router(__name__)

GROUP = "/resident/votes/{vote_id}/groups/{group}"
BALLOTS = Budget(10, 6.0)
"""A person's ballots: ten at once, then one in six seconds."""


@router.post(
    f"{GROUP}/ballot",
    permission="voting.cast",
    reply=schemas.CastReply,
    once=True,
    refuses=(403, 404, 409, 422),
    then=receipts.signed,
    pending=lambda cast: cast.state is waiting.State.WAITING,
    budget=BALLOTS,
)
def cast_ballot(
    caller: Caller, vote_id: str, group: str, body: schemas.CastRequest
) -> waiting.Cast:
    """Cast or replace a group's ballot, as its voter or with its proxy."""
    said = casting.Said(body.choice, body.nonce, body.commit, replaces=body.replaces)
    return casting.cast(caller, vote_id, group, said)


@router.get(
    f"{GROUP}/ballot",
    permission="voting.cast",
    reply=schemas.CastReply,
    refuses=(403, 404),
)
def show_ballot(caller: Caller, vote_id: str, group: str) -> receipts.CastView:
    """Show that a ballot stands for the group, with its receipt; never what it says."""
    return receipts.standing(caller, vote_id, group)


@router.get(
    "/resident/votes/{vote_id}/casts/{cast_id}",
    permission="voting.cast",
    reply=schemas.CastReply,
    refuses=(404,),
)
def show_cast(caller: Caller, vote_id: str, cast_id: str) -> receipts.CastView:
    """Show what became of a ballot that waited for its place."""
    return receipts.signed(waiting.outcome(caller, vote_id, cast_id))


@router.post(
    "/resident/votes/{vote_id}/receipts/check",
    permission="voting.read",
    reply=schemas.ReceiptChecked,
    refuses=(404, 422),
)
def check_receipt(caller: Caller, vote_id: str, body: schemas.ReceiptCheck) -> receipts.Checked:
    """Check that a receipt's ballot is in the log."""
    return receipts.check(caller, vote_id, receipts.Receipt(**body.model_dump()))


@router.post(
    f"{GROUP}/proxy",
    permission="voting.cast",
    reply=schemas.ProxyReply,
    once=True,
    refuses=(403, 404, 409, 422),
)
def give_proxy(
    caller: Caller, vote_id: str, group: str, body: schemas.ProxyRequest
) -> proxies.Given:
    """Give the group's voice to somebody, by a written and signed document."""
    mandate = proxies.Mandate(body.holder_id, body.document, body.document_sha256)
    return proxies.give(caller, vote_id, group, mandate)


@router.delete(
    f"{GROUP}/proxy",
    permission="voting.cast",
    reply=schemas.ProxyReply,
    once=True,
    refuses=(403, 404, 409),
)
def withdraw_proxy(caller: Caller, vote_id: str, group: str) -> proxies.Given:
    """Take the group's voice back."""
    return proxies.withdraw(caller, vote_id, group)
