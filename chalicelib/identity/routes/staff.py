"""HTTP of staff accounts and posts: administrators make, appoint, reset; managers hire."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.identity.schemas import staff as schemas
from chalicelib.identity.service import acts, administration, roster
from chalicelib.identity.service.administration import PostView, Reset
from chalicelib.identity.service.staff import Account

router = web.Router(__name__)


@router.post(
    "/government/staff",
    permission="identity.create_staff",
    reply=schemas.AccountReply,
    refuses=(404, 409, 422),
)
def create_staff(caller: Caller, body: schemas.NewStaff) -> Account:
    """Make an account without any post (system administrator)."""
    return administration.create(
        caller, body.login, body.node_path, name=body.name or "", person_id=body.person_id or ""
    )


@router.get(
    "/government/staff",
    permission="identity.read_staff",
    reply=schemas.MemberPage,
    refuses=(404,),
)
def list_staff(caller: Caller, query: schemas.MembersQuery) -> roster.Members:
    """List the accounts of the caller's subtree, with their posts."""
    return roster.members(caller, query.under, limit=query.limit, after=query.cursor)


@router.post(
    "/government/staff/{login}/setup-code",
    permission="identity.create_staff",
    reply=schemas.AccountReply,
    refuses=(409,),
)
def give_setup_code(caller: Caller, login: str) -> Account:
    """Give a set-up code for an account that is new or was reset (system administrator)."""
    return administration.give_code(caller, login)


@router.post(
    "/government/staff/{login}/appoint",
    permission="identity.appoint_staff",
    reply=schemas.PostReply,
    refuses=(409, 422),
)
def appoint_staff(caller: Caller, login: str, body: schemas.Post) -> PostView:
    """Give an account's person a post (security administrator)."""
    return administration.appoint(
        caller, login, body.role, body.node_path, org_id=body.org_id or ""
    )


@router.post(
    "/government/staff/{login}/dismiss",
    permission="identity.appoint_staff",
    reply=schemas.PostReply,
    refuses=(409,),
)
def dismiss_staff(caller: Caller, login: str, body: schemas.PostGone) -> PostView:
    """Take a post from an account's person, and end their sessions (security administrator)."""
    return administration.dismiss(caller, login, body.role, body.node_path)


@router.post(
    "/government/staff/{login}/reset",
    permission="identity.reset_staff",
    reply=schemas.ResetReply,
    refuses=(409,),
)
def reset_staff(caller: Caller, login: str) -> Reset:
    """Take an account's credentials and sessions (security administrator)."""
    return administration.reset(caller, login)


@router.get("/government/acts", permission="identity.audit_acts", reply=schemas.ActPage)
def list_acts(caller: Caller, query: schemas.ActsQuery) -> acts.Acts:
    """Show the audit duty what was done to accounts, posts and bodies on a day."""
    return acts.on(caller, query.day, limit=query.limit, after=query.cursor)


@router.post(
    "/property/staff", permission="identity.hire", reply=schemas.AccountReply, refuses=(409, 422)
)
def hire_staff(caller: Caller, body: schemas.NewHire) -> Account:
    """Make an account with a post in the manager's own company."""
    return administration.hire(caller, body.login, body.role, name=body.name)


@router.get("/property/staff", permission="identity.hire", reply=schemas.ColleaguePage)
def list_hired_staff(caller: Caller, query: Paging) -> roster.Colleagues:
    """List the posts of the manager's own company at their estate."""
    return roster.colleagues(caller, limit=query.limit, after=query.cursor)


@router.post(
    "/property/staff/{login}/dismiss",
    permission="identity.hire",
    reply=schemas.PostReply,
    refuses=(409,),
)
def dismiss_hired_staff(caller: Caller, login: str, body: schemas.PostGone) -> PostView:
    """Take a post of the manager's own company from its holder, and end their sessions."""
    return administration.dismiss_hired(caller, login, body.role, body.node_path)


@router.post(
    "/property/staff/{login}/reset",
    permission="identity.hire",
    reply=schemas.AccountReply,
    refuses=(409,),
)
def reset_hired_staff(caller: Caller, login: str) -> Account:
    """Reset the account of a member of the manager's own company."""
    return administration.reset_hired(caller, login)
