"""HTTP of staff accounts: administrators make, appoint and reset; managers hire."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.identity.schemas import sessions as schemas
from chalicelib.identity.service import staff
from chalicelib.identity.service.staff import Account

router = web.Router(__name__)


@router.post(
    "/government/staff",
    permission="identity.create_staff",
    reply=schemas.AccountReply,
    refuses=(404, 409),
)
def create_staff(caller: Caller, body: schemas.NewStaff) -> Account:
    """Make an account without any post (system administrator)."""
    return staff.create(caller, body.login, body.node_path)


@router.post(
    "/government/staff/{login}/appoint",
    permission="identity.appoint_staff",
    reply=schemas.AccountReply,
    refuses=(409, 422),
)
def appoint_staff(caller: Caller, login: str, body: schemas.Post) -> Account:
    """Give an account's person a post (security administrator)."""
    return staff.appoint(caller, login, body.role, body.node_path)


@router.post(
    "/government/staff/{login}/dismiss",
    permission="identity.appoint_staff",
    reply=schemas.AccountReply,
    refuses=(409,),
)
def dismiss_staff(caller: Caller, login: str, body: schemas.Post) -> Account:
    """Take a post from an account's person, and end their sessions (security administrator)."""
    return staff.dismiss(caller, login, body.role, body.node_path)


@router.post(
    "/government/staff/{login}/reset",
    permission="identity.reset_staff",
    reply=schemas.AccountReply,
    refuses=(409,),
)
def reset_staff(caller: Caller, login: str) -> Account:
    """Take an account's credentials and sessions, and give a new set-up code."""
    return staff.reset(caller, login)


@router.post(
    "/property/staff", permission="identity.hire", reply=schemas.AccountReply, refuses=(409, 422)
)
def hire_staff(caller: Caller, body: schemas.NewHire) -> Account:
    """Make an account with a post in the manager's own company."""
    return staff.hire(caller, body.login, body.role)


@router.post(
    "/property/staff/{login}/reset",
    permission="identity.hire",
    reply=schemas.AccountReply,
    refuses=(409,),
)
def reset_hired_staff(caller: Caller, login: str) -> Account:
    """Reset the account of a member of the manager's own company."""
    return staff.reset_hired(caller, login)
