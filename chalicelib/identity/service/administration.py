"""What administrators and managers do to accounts and posts, each act on record (`acts`).

Nobody becomes somebody else alone (三员分立): the security duty takes credentials away and
never sees a set-up code; the system duty gives codes, and only for accounts without
credentials. A manager does both for the posts that they fill themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core import clock, ids, outbox, revocations
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unprocessable
from chalicelib.core.paths import tenant_of
from chalicelib.core.permissions import AUDIENCES, conflicting
from chalicelib.core.table import Row
from chalicelib.identity.events import StaffReset
from chalicelib.identity.rules import posts as rules
from chalicelib.identity.rules.acts import Act
from chalicelib.identity.rules.organisation import Body, Level
from chalicelib.identity.service import (
    acts,
    bodies,
    credentials,
    employees,
    organisation,
    posts,
    staff,
    zones,
)
from chalicelib.identity.service.staff import Account
from chalicelib.identity.tables.organisation import Attachment, Node
from chalicelib.identity.tables.people import AppointmentRow
from chalicelib.identity.tables.sessions import StaffAccount


@dataclass(frozen=True)
class PostView:
    """A post, and the account of who holds it, or held it."""

    login: str
    person_id: str
    role: str
    node_path: str
    org_id: str


@dataclass(frozen=True)
class Reset:
    """An account without credentials: the system duty gives its next set-up code."""

    login: str
    person_id: str
    node_path: str


def create(
    caller: Caller, login: str, node_path: str, *, name: str = "", person_id: str = ""
) -> Account:
    """Make an account within the caller's subtree, without any post yet (system duty).

    It is for somebody new, by name, or for a person who is known at that node, say a
    resident on the committee. Raises NotFound `no_such_node`, `no_such_person`, Conflict
    `login_taken`, `has_account`, Unprocessable `name_or_person`.
    """
    _node(caller, node_path)
    if bool(name) == bool(person_id):
        raise Unprocessable("name_or_person", "请填写姓名，或指明已登记的人员")
    tenant = tenant_of(node_path)
    person_id = person_id or ids.new_id("per")
    holder = (
        employees.new(tenant, person_id, name, login)
        if name
        else employees.known(tenant, person_id, login)
    )
    act = acts.of(caller, Act.CREATED, node_path, login=login, subject_id=person_id)
    return staff.open_account(login, node_path, person_id=person_id, also=(*holder, act))


def hire(caller: Caller, login: str, role: str, *, name: str) -> Account:
    """Make an account with a post in the caller's own company and node.

    Raises Forbidden `role_not_hired`, Conflict `login_taken`.
    """
    _require_hired((role,))
    path, at, person_id = caller.node_path, clock.now(), ids.new_id("per")
    holder = employees.new(tenant_of(path), person_id, name, login)
    held = posts.rows(person_id, role, [path], org_id=caller.org_id, login=login, since=at)
    said = {"login": login, "subject_id": person_id, "role": role, "org_id": caller.org_id}
    act = acts.of(caller, Act.HIRED, path, **said)
    return staff.open_account(login, path, person_id=person_id, also=(*holder, *held, act))


def appoint(caller: Caller, login: str, role: str, node_path: str, *, org_id: str = "") -> PostView:
    """Give an account's person a post at a node or zone of the caller's subtree.

    A zone stands for its estates: a post at each, together. Raises NotFound
    `no_such_account`, `no_such_node`, Forbidden `not_yourself`, Unprocessable
    `no_such_role`, `wrong_level`, `organisation_required`, `wrong_organisation`,
    `duties_conflict`, Conflict `already_appointed`, `serves_another`, `lost_race`.
    """
    nodes, zone_id = _places(caller, node_path)
    account, person_id = _account(caller, login)
    given = {fact.hash_key: fact for node in nodes for fact in _fitting(role, node, org_id)}
    paths = [str(node.path) for node in nodes]
    held = posts.held_by(person_id)
    _refuse_conflict({role, *(post.role for post in held)})
    for path in paths:
        if reason := rules.clash(held, rules.Post(role, path, org_id), AUDIENCES):
            raise Conflict(reason, rules.PROBLEMS[reason])
    at = clock.now()
    known = employees.introduced(account, paths)
    new = posts.rows(person_id, role, paths, org_id=org_id, zone_id=zone_id, login=login, since=at)
    view = PostView(login, person_id, role, node_path, org_id)
    # The account is written too: of two appointments at once, one is judged anew.
    act = _act(caller, Act.APPOINTED, view)
    outbox.commit(account, *known, *new, act, given=given.values())
    return view


def dismiss(caller: Caller, login: str, role: str, node_path: str) -> PostView:
    """Take a post at a node or zone from an account's person, and end their sessions.

    Raises NotFound `no_such_account`, `no_such_node`, `no_such_appointment`, Forbidden
    `not_yourself`.
    """
    nodes, zone_id = _places(caller, node_path)
    account, person_id = _account(caller, login)
    found = [posts.find(person_id, role, node.path) for node in nodes]
    gone = [row for row in found if row is not None and zone_id in ("", row.zone_id)]
    return _dismiss(caller, account, gone, node_path)


def dismiss_hired(caller: Caller, login: str, role: str, node_path: str) -> PostView:
    """Take a post of the caller's own company and node; raises as `dismiss`, `role_not_hired`."""
    _require_hired((role,))
    account, person_id = _account(caller, login)
    row = posts.find(person_id, role, node_path)
    own = row is not None and _is_own(caller, row)
    return _dismiss(caller, account, [row] if row and own else [], node_path)


def reset(caller: Caller, login: str) -> Reset:
    """Take an account's credentials and sessions (security duty).

    The person gets in again by a set-up code of the system duty: `give_code`.
    """
    account, person_id = _account(caller, login)
    held = _reached(caller, person_id)
    credentials.void(account)
    _commit_reset(caller, account, person_id, held)
    return Reset(login, person_id, str(account.node_path))


def give_code(caller: Caller, login: str) -> Account:
    """Give a new set-up code for an account without credentials (system duty).

    Raises NotFound `no_such_account`, Forbidden `not_yourself`, Conflict `account_in_use`.
    """
    account, person_id = _account(caller, login)
    _reached(caller, person_id)
    if account.password:
        raise Conflict("account_in_use", "该账号已启用，须先由安全管理员重置")
    setup_code = credentials.invite(account, clock.now())
    path = str(account.node_path)
    act = acts.of(caller, Act.CODE_GIVEN, path, login=login, subject_id=person_id)
    outbox.commit(account, act)
    return Account(login, person_id, path, setup_code)


def reset_hired(caller: Caller, login: str) -> Account:
    """Reset an account of the caller's own company and node; only posts that a manager fills.

    The new set-up code is the manager's to hand over. Raises NotFound `no_such_account`.
    """
    account, person_id = _account(caller, login)
    held = posts.rows_of(person_id)
    if not held or not all(row.role in rules.HIRED and _is_own(caller, row) for row in held):
        raise staff.no_account()
    setup_code = credentials.invite(account, clock.now())
    _commit_reset(caller, account, person_id, held)
    return Account(login, person_id, str(account.node_path), setup_code)


def _reached(caller: Caller, person_id: str) -> list[AppointmentRow]:
    """Return the rows of a person's posts, if all lie in the caller's subtree; else none (404).

    Credentials open every post of their person: who gives or takes them has authority over all.
    """
    held = posts.rows_of(person_id)
    if not all(caller.sees(row.node_path) for row in held):
        raise staff.no_account()
    return held


def _commit_reset(
    caller: Caller, account: StaffAccount, person_id: str, held: Sequence[AppointmentRow]
) -> None:
    at, path, login = clock.now(), str(account.node_path), account.login
    told = StaffReset(tenant_of(path), person_id, login, caller.subject_id, at)
    act = acts.of(caller, Act.RESET, path, login=login, subject_id=person_id)
    ended = _signed_out(person_id, [row.node_path for row in held], at)
    outbox.commit(account, act, *ended, events=(told,))


def _dismiss(
    caller: Caller, account: StaffAccount, gone: list[AppointmentRow], node_path: str
) -> PostView:
    if not gone:
        raise NotFound("no_such_appointment", "没有找到该任职")
    person_id = str(account.person_id)
    ended = _signed_out(person_id, [row.node_path for row in gone], clock.now())
    view = PostView(account.login, person_id, gone[0].role, node_path, gone[0].org_id or "")
    outbox.commit(*ended, _act(caller, Act.DISMISSED, view), deletes=gone)
    return view


def _signed_out(person_id: str, paths: Iterable[str], at: datetime) -> list[revocations.Revocation]:
    """Return the rows that end a person's sessions under every tenant of these nodes."""
    tenants = sorted({tenant_of(path) for path in paths})
    return [revocations.of_person(tenant, person_id, None, at) for tenant in tenants]


def _act(caller: Caller, act: Act, post: PostView) -> Row:
    return acts.of(
        caller,
        act,
        post.node_path,
        login=post.login,
        subject_id=post.person_id,
        role=post.role,
        org_id=post.org_id,
    )


def _account(caller: Caller, login: str) -> tuple[StaffAccount, str]:
    """Return an account of the caller's subtree and its person; all others are none (404)."""
    account = StaffAccount.find(login)
    if account is None or not account.person_id or not caller.sees(account.node_path or ""):
        raise staff.no_account()
    if account.person_id == caller.subject_id:
        raise Forbidden("not_yourself", "不能对自己的账号进行此操作")
    return account, account.person_id


def _places(caller: Caller, node_path: str) -> tuple[list[Node], str]:
    """Return the node, or the estates of the zone, that a path names, and the zone's id."""
    if not caller.sees(node_path):
        raise NotFound(*organisation.NO_SUCH_NODE)
    zone = zones.at(node_path)
    if zone is None:
        return [organisation.node_of(node_path)], ""
    return [_node(caller, path) for path in zone.paths], zone.zone_id


def _node(caller: Caller, node_path: str) -> Node:
    if not caller.sees(node_path):
        raise NotFound(*organisation.NO_SUCH_NODE)
    return organisation.node_of(node_path)


def _fitting(role: str, node: Node, org_id: str) -> list[outbox.Given]:
    """Return what must go on holding for a role at a node: that its body serves there."""
    serving = bodies.serving(org_id, node.path) if org_id else None
    body = Body(serving.body) if serving else None
    reason = rules.misplaced(role, Level(node.level), body)
    if org_id and serving is None and reason in (None, "organisation_required"):
        reason = "wrong_organisation"
    if reason:
        raise Unprocessable(reason, rules.PROBLEMS[reason])
    if serving is None:
        return []
    there = Attachment.org_id.exists()
    return [outbox.Given(Attachment, serving.node_key, serving.org_id, there)]


def _is_own(caller: Caller, row: AppointmentRow) -> bool:
    return (row.org_id or "") == caller.org_id and caller.sees(row.node_path)


def _require_hired(roles: Iterable[str]) -> None:
    if not rules.HIRED.issuperset(roles):
        details = {"roles": sorted(rules.HIRED)}
        raise Forbidden("role_not_hired", "物业经理只能聘用文员、保安和维修人员", details=details)


def _refuse_conflict(roles: set[str]) -> None:
    if conflicting(frozenset(roles)):
        raise Unprocessable("duties_conflict", rules.PROBLEMS["duties_conflict"])
