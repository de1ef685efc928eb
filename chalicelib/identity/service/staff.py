"""Use cases of staff themselves: set-up and sign-in with two factors.

What administrators do to accounts and posts is `administration`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, ids, outbox
from chalicelib.core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    Unauthenticated,
    Unprocessable,
)
from chalicelib.core.logs import logger
from chalicelib.core.paths import community_in
from chalicelib.core.permissions import AUDIENCES, conflicting
from chalicelib.core.table import Row
from chalicelib.identity.rules import posts as rules
from chalicelib.identity.rules.guesses import LAPSE
from chalicelib.identity.rules.sessions import weakness_of
from chalicelib.identity.service import credentials, lockout, posts, sessions
from chalicelib.identity.service.credentials import Enrolment, Proof
from chalicelib.identity.service.sessions import SignedIn
from chalicelib.identity.tables.sessions import StaffAccount

MESSAGES = {
    "password_length": "密码长度应为12至128个字符",
    "password_guessable": "密码过于简单，请勿包含登录名或重复字符",
    "password_too_plain": "密码应至少包含大写字母、小写字母、数字、符号中的三类",
}


NOBODY = "per_nobody"
"""Whose posts are read when a name is nobody's."""


@dataclass(frozen=True)
class Account:
    """A sign-in name, whose it is, and the code that sets it up (shown once)."""

    login: str
    person_id: str
    node_path: str
    setup_code: str


def sign_in(
    login: str,
    password: str,
    code: str,
    audience: str,
    *,
    node_path: str = "",
    device: str = "",
    at: datetime | None = None,
) -> SignedIn:
    """Sign staff in by password and a one-time (or recovery) code; three DynamoDB calls.

    Posts are read whatever was shown, so that reading them tells nothing. Raises
    Unauthenticated `sign_in_refused` whatever was wrong, TooMany `sign_in_locked`,
    `too_many_requests`, Forbidden `no_post`, `duties_conflict`, Unprocessable `choose_post`
    with the nodes to choose from: the same code is then good once more.
    """
    at = at or clock.now()
    account = _admitted(login, code, at)
    lockout.charge_stranger(account, code, at)
    held = posts.held_by(account.person_id or NOBODY)
    fitting = credentials.password_fitting(account, password)

    def judge(account: StaffAccount) -> SignedIn:
        shown = credentials.proof(account, fitting, code, at)
        if shown is None or not account.person_id:
            raise _failed(account, at)
        lockout.note_sign_in(account, at)
        person = _entering(account, shown, held, audience, node_path)
        session = sessions.begun(person, at, device)
        outbox.commit(account, session)
        logger().info("signed in", extra={"person_id": account.person_id, "audience": audience})
        return sessions.signed_in(session, at)

    return lockout.judged(account, judge, again=lambda: _admitted(login, code, at))


def set_up(login: str, setup_code: str, password: str, *, at: datetime | None = None) -> Enrolment:
    """Choose a password and get new second factors, by the code an administrator gave.

    The code stays good until the first sign-in, should the authenticator not have taken
    the secret: each set-up replaces password, secret and recovery codes, and whoever then
    uses the earlier ones is refused. Posts count as held since now (`rules.posts.SETTLES`).
    Raises as `sign_in`, and Unprocessable for a weak password.
    """
    at = at or clock.now()

    def judge(account: StaffAccount) -> Enrolment:
        if not credentials.invited(account, setup_code, at):
            raise _failed(account, at)
        if weakness := weakness_of(login, password):
            raise Unprocessable(weakness, MESSAGES[weakness])
        enrolment = credentials.enrol(account, password)
        outbox.commit(account, *posts.renewed(str(account.person_id), at))
        return enrolment

    account = _admitted(login, setup_code, at)
    return lockout.judged(account, judge, again=lambda: _admitted(login, setup_code, at))


def open_account(
    login: str,
    node_path: str,
    *,
    person_id: str = "",
    also: Sequence[Row] = (),
    at: datetime | None = None,
) -> Account:
    """Make a sign-in name for a person at a node, with what goes with it.

    Raises Conflict `login_taken`.
    """
    at = at or clock.now()
    account = _account_or_ghost(login, at)
    if account.person_id:
        raise Conflict("login_taken", "该登录名已被使用")
    account.person_id, account.node_path = person_id or ids.new_id("per"), node_path
    account.county = node_path.partition("/")[0]
    setup_code = credentials.invite(account, at)
    outbox.commit(account, *also)
    return Account(login, account.person_id, node_path, setup_code)


def no_account() -> NotFound:
    """Return the refusal of a sign-in name that nobody has, or nobody in the caller's sight."""
    return NotFound("no_such_account", "没有找到该账号")


def _entering(
    account: StaffAccount, shown: Proof, held: Sequence[rules.Post], audience: str, node_path: str
) -> sessions.Person:
    """Return whom the account lets in, on whose row what they showed is spent.

    A refusal is committed before it is told: it tells that what was shown was right.
    """
    try:
        person = _person(str(account.person_id), held, audience, node_path)
    except Unprocessable:
        outbox.commit(account)
        raise
    except Forbidden:
        credentials.spend(account, shown)
        outbox.commit(account)
        raise
    credentials.spend(account, shown)
    return person


def _person(
    person_id: str, held: Sequence[rules.Post], audience: str, node_path: str
) -> sessions.Person:
    """Return the person in the one place that is meant."""
    if conflicting(frozenset(post.role for post in held)):
        raise Forbidden("duties_conflict", rules.PROBLEMS["duties_conflict"])
    meant = [
        post
        for post in rules.posts_for(held, AUDIENCES, audience)
        if node_path in ("", post.node_path)
    ]
    places = rules.places(meant)
    if not places:
        raise Forbidden("no_post", "您在此端没有任职")
    if len(places) > 1:
        details = {"node_paths": [path for path, _ in places]}
        raise Unprocessable("choose_post", "请选择要进入的管理范围", details=details)
    path, org_id = places[0]
    roles = tuple(sorted({post.role for post in meant}))
    return sessions.Person(person_id, community_in(path), audience, roles, path, org_id)


def _admitted(login: str, code: str, at: datetime) -> StaffAccount:
    """Return the account to be tried; raises TooMany `sign_in_locked`."""
    account = _account_or_ghost(login, at)
    lockout.require_unlocked(account, code, at)
    return account


def _account_or_ghost(login: str, at: datetime) -> StaffAccount:
    """Return the account, or a row that lives for hours and behaves as one.

    One whose time is over may still be there (TTL is late): it is raised anew.
    """
    account = StaffAccount.kept(login) or StaffAccount(login=login)
    if not account.person_id:
        account.expires = int((at + LAPSE).timestamp())
    return account


def _failed(account: StaffAccount, at: datetime) -> Unauthenticated:
    """Count the failure before it is told."""
    lockout.count_failure(account, at)
    return Unauthenticated("sign_in_refused", "登录名、密码或验证码不正确")
