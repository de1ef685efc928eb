"""HTTP of sign-in and sessions. `/session/…` needs no token: that is where one is got."""

from chalicelib.core import clock, web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.identity.schemas import sessions as schemas
from chalicelib.identity.service import sessions, sign_in, staff
from chalicelib.identity.service.credentials import Enrolment
from chalicelib.identity.service.sessions import SignedIn
from chalicelib.identity.service.sign_in import Arrival

router = web.Router(__name__)

SIGN_INS, STAFF, TOKENS = Budget(60, 1), Budget(60, 1), Budget(120, 0.5)
"""What one source may ask: an office, or the phones behind one address of a mobile network."""


@router.post(
    "/session/wechat", reply=schemas.ArrivalReply, refuses=(403, 422, 503), budget=SIGN_INS
)
def sign_in_by_wechat(body: schemas.WeChatSignIn) -> Arrival:
    """Sign a resident in by a code of `wx.login`; who is not known yet gets a ticket.

    422 `wechat_code_invalid`, `wechat_code_used`: call `wx.login` again. 403
    `wechat_user_blocked`. 503 `wechat_unavailable`.
    """
    return sign_in.sign_in(body.js_code, community_id=body.community_id or "", device=body.device)


@router.post(
    "/session/phone", reply=schemas.ArrivalReply, refuses=(403, 409, 422, 503), budget=SIGN_INS
)
def sign_in_by_phone(body: schemas.PhoneSignIn) -> Arrival:
    """Sign a resident in by the phone number that WeChat vouches for.

    422 `choose_community`: nobody knows the number; come again with `community_id`, and a new
    phone code. 401 `ticket_expired`, `ticket_used`: begin with `/session/wechat`. 409
    `other_wechat`, `wechat_linked`: the company unlinks the other account.
    """
    return sign_in.add_phone(
        body.ticket,
        body.phone_code,
        community_id=body.community_id or "",
        device=body.device,
    )


@router.post("/session/staff", reply=schemas.SessionReply, refuses=(403, 422), budget=STAFF)
def sign_in_staff(body: schemas.StaffSignIn) -> SignedIn:
    """Sign staff in by name, password and one-time or recovery code.

    422 `choose_post`: several posts in this portal; come again with one of
    `details.node_paths` as `node_path`. 403 `no_post`. 401 `sign_in_refused`, whatever was wrong.
    """
    return staff.sign_in(
        body.login,
        body.password,
        body.code,
        body.portal,
        node_path=body.node_path or "",
        device=body.device,
    )


@router.post("/session/setup", reply=schemas.EnrolmentReply, refuses=(422,), budget=STAFF)
def set_up_staff(body: schemas.StaffSetUp) -> Enrolment:
    """Choose a password by an administrator's set-up code, and get the second factors.

    422 `password_length` (12 to 128 characters), `password_too_plain` (below 16: three of
    small letters, capitals, digits, signs), `password_guessable` (holds the sign-in name, or
    few different characters).
    """
    return staff.set_up(body.login, body.setup_code, body.password)


@router.post("/session/refresh", reply=schemas.SessionReply, refuses=(409,), budget=TOKENS)
def refresh_session(body: schemas.Refresh) -> SignedIn:
    """Get new tokens for a refresh token, which is spent by it.

    401 `refresh_reused`: it was shown before, so somebody copied it and the session has ended;
    `session_ended`, `refresh_invalid`: sign in anew.
    """
    return sessions.refresh(body.refresh_token)


@router.post("/session/end", reply=schemas.Ended, budget=TOKENS)
def end_session(body: schemas.Refresh) -> schemas.Ended:
    """Sign out: end the session of a refresh token."""
    sessions.end(body.refresh_token)
    return schemas.Ended(ended=True)


def show_sessions(caller: Caller) -> schemas.SessionList:
    """Show where the caller is signed in."""
    items = [
        schemas.SessionView(
            session_id=row.session_id,
            audience=row.audience,
            device=row.device,
            started_at=clock.from_epoch_ms(int(row.started_at)),
            refreshed_at=clock.from_epoch_ms(int(row.rotated_at)),
            is_this=row.session_id == caller.session_id,
        )
        for row in sessions.sessions_of(caller)
    ]
    return schemas.SessionList(items=items)


def end_one_session(caller: Caller, session_id: str) -> schemas.Ended:
    """Sign the caller out on another device."""
    sessions.end_session(caller, session_id)
    return schemas.Ended(ended=True)


for _audience in web.PEOPLE:
    router.get(
        f"/{_audience}/sessions",
        permission="identity.own_sessions",
        reply=schemas.SessionList,
    )(show_sessions)
    router.post(
        f"/{_audience}/sessions/{{session_id}}/end",
        permission="identity.own_sessions",
        reply=schemas.Ended,
    )(end_one_session)
