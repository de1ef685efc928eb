"""Who works here: lists of accounts for administrators, of their own staff for managers."""

from dataclasses import dataclass

from chalicelib.core import cursor
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.core.paths import tenant_of, within
from chalicelib.identity.service import names, organisation, posts
from chalicelib.identity.tables.people import AppointmentRow
from chalicelib.identity.tables.sessions import StaffAccount


@dataclass(frozen=True)
class Held:
    """A role at a node, for a body or none; `org` is the body's name."""

    role: str
    node_path: str
    org_id: str
    org: str


@dataclass(frozen=True)
class Member:
    """An account, whose it is, and their posts; without `is_set_up` nobody signs in by it."""

    login: str
    person_id: str
    name: str | None
    node_path: str
    is_set_up: bool
    posts: list[Held]


@dataclass(frozen=True)
class Members:
    """One page of accounts."""

    items: list[Member]
    next: str | None


@dataclass(frozen=True)
class Colleague:
    """One post of the caller's own body, and who holds it."""

    login: str | None
    person_id: str
    name: str | None
    role: str
    node_path: str


@dataclass(frozen=True)
class Colleagues:
    """One page of the posts of a body."""

    items: list[Colleague]
    next: str | None


def members(caller: Caller, under: str | None, *, limit: int, after: str | None) -> Members:
    """Return one page of the accounts at a node of the caller's subtree and below, by node.

    One read of an index and one for each account's posts. Raises NotFound `no_such_node`.
    """
    under = under or caller.node_path
    if not caller.sees(under):
        raise NotFound(*organisation.NO_SUCH_NODE)
    listing = f"staff/{under}"
    rows, following = cursor.page(
        StaffAccount.in_county.query,
        under.partition("/")[0],
        StaffAccount.node_path.startswith(under),
        listing=listing,
        limit=limit,
        after=after,
    )
    rows = [row for row in rows if within(row.node_path or "", under)]
    held = {row.login: posts.held_by(str(row.person_id)) for row in rows}
    people = names.of_people(_who(row) for row in rows)
    bodies = names.of_bodies(post.org_id for some in held.values() for post in some)
    items = [
        Member(
            row.login,
            str(row.person_id),
            people.get(_who(row)),
            str(row.node_path),
            bool(row.set_up),
            [
                Held(post.role, post.node_path, post.org_id, bodies.get(post.org_id, ""))
                for post in held[row.login]
            ],
        )
        for row in rows
    ]
    return Members(items, following)


def colleagues(caller: Caller, *, limit: int, after: str | None) -> Colleagues:
    """Return one page of the posts of the caller's own body at their node and below."""
    if not caller.org_id:
        return Colleagues([], None)
    listing = f"colleagues/{caller.org_id}/{caller.node_path}"
    rows, following = cursor.page(
        AppointmentRow.of_body.query,
        caller.org_id,
        AppointmentRow.node_path.startswith(caller.node_path),
        listing=listing,
        limit=limit,
        after=after,
    )
    rows = [row for row in rows if caller.sees(row.node_path)]
    people = names.of_people((caller.tenant, row.person_id) for row in rows)
    items = [
        Colleague(
            row.login,
            row.person_id,
            people.get((caller.tenant, row.person_id)),
            row.role,
            row.node_path,
        )
        for row in rows
    ]
    return Colleagues(items, following)


def _who(row: StaffAccount) -> names.Who:
    return tenant_of(str(row.node_path)), str(row.person_id)
