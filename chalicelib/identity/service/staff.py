"""Use cases of staff: accounts, set-up, sign-in with two factors, posts, forced reset.

Administrators are three duties that nobody holds two of (三员分立): a system administrator
makes accounts, a security administrator gives and takes posts and resets, an audit
administrator reads what both did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, ids, outbox, revocations
from chalicelib.core.auth import Caller
from chalicelib.core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    TooMany,
    Unauthenticated,
    Unprocessable,
)
from chalicelib.core.logs import logger
from chalicelib.core.permissions import AUDIENCES, conflicting
from chalicelib.core.table import Row
from chalicelib.identity.rules import sessions as rules
from chalicelib.identity.service import credentials, organisation, people, sessions
from chalicelib.identity.service.credentials import Enrolment
from chalicelib.identity.service.sessions import SignedIn
from chalicelib.identity.tables.people import AppointmentRow
from chalicelib.identity.tables.sessions import StaffAccount

HIRED = frozenset({"property_clerk", "guard", "worker"})
"""Posts that a property manager fills by themselves."""

GHOST_S = 86_400
MESSAGES = {
    "password_length": "密码长度应为12至128个字符",
    "password_guessable": "密码过于简单，请勿包含登录名或重复字符",
    "password_too_plain": "密码应至少包含大写字母、小写字母、数字、符号中的三类",
}


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

    Raises Unauthenticated `sign_in_refused` whatever was wrong, TooMany `sign_in_locked`,
    Forbidden `no_post`, Unprocessable `choose_post` with the nodes to choose from.
    """
    at = at or clock.now()
    account = _account_or_ghost(login, at)
    _require_unlocked(account, at)
    shown = credentials.proof(account, password, code, at)
    if shown is None or not account.person_id:
        raise _failed(account, at)
    person = _person(account.person_id, audience, node_path)
    credentials.spend(account, shown)
    session = sessions.begun(person, at, device)
    outbox.commit(account, session)
    logger().info("signed in", extra={"person_id": account.person_id, "audience": audience})
    return sessions.signed_in(session, at)


def set_up(login: str, setup_code: str, password: str, *, at: datetime | None = None) -> Enrolment:
    """Choose a password and get new second factors, by the code an administrator gave.

    The code stays good until the first sign-in, should the authenticator not have taken
    the secret. Raises as `sign_in`, and Unprocessable for a weak password.
    """
    at = at or clock.now()
    account = _account_or_ghost(login, at)
    _require_unlocked(account, at)
    if not credentials.invited(account, setup_code, at):
        raise _failed(account, at)
    if weakness := rules.weakness(login, password):
        raise Unprocessable(weakness, MESSAGES[weakness])
    enrolment = credentials.enrol(account, password)
    outbox.commit(account)
    return enrolment


def open_account(
    login: str,
    node_path: str,
    *,
    person_id: str = "",
    posts: Sequence[Row] = (),
    at: datetime | None = None,
) -> Account:
    """Make a sign-in name for a person at a node; raises Conflict `login_taken`."""
    at = at or clock.now()
    account = StaffAccount.find(login) or StaffAccount(login=login)
    if account.person_id:
        raise Conflict("login_taken", "该登录名已被使用")
    account.person_id, account.node_path = person_id or ids.new_id("per"), node_path
    setup_code = credentials.invite(account, at)
    outbox.commit(account, *posts)
    return Account(login, account.person_id, node_path, setup_code)


def create(caller: Caller, login: str, node_path: str) -> Account:
    """Make an account within the caller's subtree, without any post yet (system duty)."""
    _require_sight(caller, node_path)
    return open_account(login, node_path)


def hire(caller: Caller, login: str, role: str) -> Account:
    """Make an account with a post in the caller's own company and node."""
    if role not in HIRED:
        raise Forbidden("not_permitted", "您没有权限进行此操作")
    person_id = ids.new_id("per")
    path = caller.node_path
    posts = people.appointment_rows(person_id, role, [path], org_id=caller.org_id)
    return open_account(login, path, person_id=person_id, posts=posts)


def appoint(caller: Caller, login: str, role: str, node_path: str) -> Account:
    """Give an account's person a post within the caller's subtree (security duty).

    Raises NotFound `no_such_account` or `no_such_node`, Unprocessable `duties_conflict`,
    Forbidden `not_yourself`.
    """
    _require_sight(caller, node_path)
    account, person_id = _account(caller, login)
    roles = {post.role for post in sessions.posts_of(person_id)}
    if conflicting(frozenset({*roles, role})):
        raise Unprocessable("duties_conflict", "系统、安全、审计管理员须由不同人员担任")
    outbox.commit(*people.appointment_rows(person_id, role, [node_path]))
    return Account(login, person_id, str(account.node_path), "")


def dismiss(caller: Caller, login: str, role: str, node_path: str) -> Account:
    """Take a post from an account's person; their sessions end with it (security duty)."""
    _require_sight(caller, node_path)
    account, person_id = _account(caller, login)
    post = AppointmentRow.find(person_id, f"{role}#{node_path.rpartition('/')[2]}")
    if post is None or post.node_path != node_path:
        raise NotFound("no_such_appointment", "没有找到该任职")
    outbox.commit(*_signed_out(person_id, clock.now()), deletes=[post])
    return Account(login, person_id, str(account.node_path), "")


def reset(caller: Caller, login: str, *, at: datetime | None = None) -> Account:
    """Take an account's credentials and sessions, and give a new set-up code (security duty)."""
    return _reset(*_account(caller, login), at or clock.now())


def reset_hired(caller: Caller, login: str, *, at: datetime | None = None) -> Account:
    """Reset an account of the caller's own company; only posts that a manager fills."""
    account, person_id = _account(caller, login)
    posts = sessions.posts_of(person_id)
    if not posts or {post.role for post in posts} - HIRED:
        raise _no_account()
    return _reset(account, person_id, at or clock.now())


def _reset(account: StaffAccount, person_id: str, at: datetime) -> Account:
    setup_code = credentials.invite(account, at)
    outbox.commit(account, *_signed_out(person_id, at))
    return Account(account.login, person_id, str(account.node_path), setup_code)


def _signed_out(person_id: str, at: datetime) -> list[revocations.Revocation]:
    """Return the rows that end a person's sessions under every tenant they have a post in."""
    paths = {post.node_path for post in sessions.posts_of(person_id)}
    tenants = {rules.community_in(path) or path.partition("/")[0] for path in paths}
    return [revocations.of_person(tenant, person_id, None, at) for tenant in sorted(tenants)]


def _account(caller: Caller, login: str) -> tuple[StaffAccount, str]:
    """Return an account of the caller's subtree and its person; all others are none (404)."""
    account = StaffAccount.find(login)
    if account is None or not account.person_id or not caller.sees(account.node_path or ""):
        raise _no_account()
    if account.person_id == caller.subject_id:
        raise Forbidden("not_yourself", "不能对自己的账号进行此操作")
    return account, account.person_id


def _no_account() -> NotFound:
    return NotFound("no_such_account", "没有找到该账号")


def _require_sight(caller: Caller, node_path: str) -> None:
    if not caller.sees(node_path):
        raise NotFound("no_such_node", "没有找到该组织节点")
    organisation.node_at(node_path, rules.community_in(node_path))


def _person(person_id: str, audience: str, node_path: str) -> sessions.Person:
    """Return the person in the one place that is meant."""
    held = sessions.posts_of(person_id)
    if conflicting(frozenset(post.role for post in held)):
        raise Forbidden("duties_conflict", "系统、安全、审计管理员须由不同人员担任")
    posts = [
        post
        for post in rules.posts_for(held, AUDIENCES, audience)
        if node_path in ("", post.node_path)
    ]
    places = rules.places(posts)
    if not places:
        raise Forbidden("no_post", "您在此端没有任职")
    if len(places) > 1:
        details = {"node_paths": [path for path, _ in places]}
        raise Unprocessable("choose_post", "请选择要进入的管理范围", details=details)
    path, org_id = places[0]
    roles = tuple(sorted({post.role for post in posts}))
    return sessions.Person(person_id, rules.community_in(path), audience, roles, path, org_id)


def _account_or_ghost(login: str, at: datetime) -> StaffAccount:
    """Return the account, or a row that lives for a day and behaves as one."""
    found = StaffAccount.find(login)
    return found or StaffAccount(login=login, expires=int(at.timestamp()) + GHOST_S)


def _require_unlocked(account: StaffAccount, at: datetime) -> None:
    left_ms = int(account.locked_until) - clock.epoch_ms(at)
    if left_ms > 0:
        wait = -(-left_ms // 1000)
        raise TooMany("sign_in_locked", "尝试次数过多，请稍后再试", retry_after=wait)


def _failed(account: StaffAccount, at: datetime) -> Unauthenticated:
    """Count the failure before it is told: of guesses at one time only one is judged."""
    credentials.fail(account, at)
    outbox.commit(account)
    logger().warning("sign-in refused", extra={"failures": int(account.failures)})
    return Unauthenticated("sign_in_refused", "登录名、密码或验证码不正确")
