"""HTTP of credentials: given, seen, withdrawn; and of the lists that doors decide by."""

from chalicelib.access.schemas import credentials as schemas
from chalicelib.access.service import (
    credential_views,
    credentials,
    lists_fetched,
)
from chalicelib.access.service.credential_rows import CredentialView, Wish
from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.devices import public as devices

router = web.Router(__name__)


@router.get(
    "/resident/credentials", permission="access.own_credentials", reply=schemas.CredentialList
)
def list_own(caller: Caller, query: schemas.OwnQuery) -> credential_views.Credentials:
    """List what the caller, or their child, passes by, and on which devices it is."""
    return credential_views.own(caller, query.person_id)


@router.post(
    "/resident/credentials",
    permission="access.own_credentials",
    reply=schemas.CredentialReply,
    once=True,
    refuses=(404, 409, 422, 429),
    budget=Budget(burst=10, every_s=60),
)
def give_oneself(caller: Caller, body: schemas.OwnCredentialAsked) -> CredentialView:
    """Give oneself a credential, or a child: a code, PIN or phone at once, a face at the door."""
    return credentials.issue_own(caller, Wish(**dict(body)))


@router.get(
    "/resident/credentials/{credential_id}/code",
    permission="access.own_credentials",
    reply=schemas.CodeReply,
    refuses=(404,),
)
def show_code(caller: Caller, credential_id: str) -> credential_views.Shown:
    """Show the owner what their phone makes codes from, or their PIN."""
    return credential_views.code(caller, credential_id)


@router.post(
    "/resident/credentials/{credential_id}/withdraw",
    permission="access.own_credentials",
    reply=schemas.CredentialReply,
    once=True,
    refuses=(404, 409),
)
def withdraw_own(caller: Caller, credential_id: str) -> CredentialView:
    """Withdraw one's own credential from everywhere."""
    return credential_views.withdraw_own(caller, credential_id)


@router.post(
    "/property/credentials",
    permission="access.issue_credentials",
    reply=schemas.CredentialSeen,
    once=True,
    refuses=(404, 409, 422),
)
def issue(caller: Caller, body: schemas.CredentialAsked) -> CredentialView:
    """Give a resident a credential, a card for instance."""
    return credentials.issue(caller, Wish(**dict(body)))


@router.get(
    "/property/units/{unit_id}/credentials",
    permission="access.issue_credentials",
    reply=schemas.CredentialPage,
    refuses=(404, 429),
)
def list_at_unit(
    caller: Caller, unit_id: str, query: schemas.LookedAt
) -> credential_views.Credentials:
    """List a flat's credentials, on record."""
    return credential_views.at_unit(
        caller,
        unit_id,
        purpose=query.purpose,
        ticket=query.ticket,
        limit=query.limit,
        after=query.cursor,
    )


@router.get(
    "/property/credentials/{credential_id}/receipts",
    permission="access.issue_credentials",
    reply=schemas.CredentialSeen,
    refuses=(404,),
)
def show_receipts(caller: Caller, credential_id: str) -> CredentialView:
    """Show on which devices a credential is, and which have given it up when."""
    return credential_views.receipts(caller, credential_id)


@router.post(
    "/property/credentials/{credential_id}/withdraw",
    permission="access.issue_credentials",
    reply=schemas.CredentialSeen,
    once=True,
    refuses=(404, 409),
)
def withdraw(caller: Caller, credential_id: str, body: schemas.WithdrawalAsked) -> CredentialView:
    """Withdraw a credential from everywhere: a lost card, for instance."""
    return credential_views.withdraw(caller, credential_id, body.reason)


@router.post(
    "/property/credentials/{credential_id}/receipts/{device_id}",
    permission="access.issue_credentials",
    reply=schemas.CredentialSeen,
    refuses=(404, 409, 422),
)
def confirm(
    caller: Caller, credential_id: str, device_id: str, body: schemas.WithdrawalAsked
) -> CredentialView:
    """Vouch that a credential is gone from a device that cannot say so: scrapped, or burnt."""
    return credential_views.confirm(caller, credential_id, device_id, body.reason)


@router.get("/property/allow-list", permission="access.set_lists", reply=schemas.ListHeadReply)
def show_list(caller: Caller) -> lists_fetched.Head:
    """Show the estate's list: its version, and how long doors trust theirs."""
    return lists_fetched.head(caller)


@router.put(
    "/property/allow-list",
    permission="access.set_lists",
    reply=schemas.ListHeadReply,
    refuses=(404, 409),
)
def set_life(caller: Caller, body: schemas.ListLife) -> lists_fetched.Head:
    """Say how long doors trust a list that they cannot renew."""
    return lists_fetched.set_life(caller, body.life_s)


@router.post(
    "/device/access/list",
    reply=schemas.ListReply,
    described_by=schemas.ListAsked,
    refuses=(400, 422, 429),
)
def fetch_list(raw: web.Raw) -> lists_fetched.Signed:
    """Fetch what changed in the door's list since a version, or all of it by pages."""
    speaker = devices.speaking(raw.headers, raw.body)
    asked = web.parsed(schemas.ListAsked, raw.body)
    return lists_fetched.fetch(speaker, asked.since, asked.scope, asked.cursor)
