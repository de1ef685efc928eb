"""Who staff are: the rows of their persons, in each tenant whose people they may look at.

A look at somebody's data names the viewer (PIPL 16, LAW.md 3.3), and is read in the estate: so
who is appointed in another estate than their own has their name there as well.
"""

from collections.abc import Iterable

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.paths import tenant_of
from chalicelib.core.table import Row
from chalicelib.identity.service import names, people
from chalicelib.identity.tables.sessions import StaffAccount


def new(tenant: str, person_id: str, name: str, login: str) -> list[Row]:
    """Return the rows of somebody new, with their sign-in name."""
    key, person, *_ = people.new_person(tenant, person_id, name=name)
    person.login = login
    return [key, person]


def known(tenant: str, person_id: str, login: str) -> list[Row]:
    """Return the row of a registered person, with their sign-in name from now.

    Raises NotFound `no_such_person`, Conflict `has_account`.
    """
    person = people.find_person(tenant, person_id)
    if person is None:
        raise NotFound("no_such_person", "没有找到该人员")
    if person.login:
        raise Conflict("has_account", "该人员已有登录账号")
    person.login = login
    return [person]


def introduced(account: StaffAccount, paths: Iterable[str]) -> list[Row]:
    """Return the rows by which an account's person is known at these nodes, where they are not."""
    home, person_id = tenant_of(str(account.node_path)), str(account.person_id)
    strange = {
        tenant
        for tenant in {tenant_of(path) for path in paths} - {home}
        if people.find_person(tenant, person_id) is None
    }
    who = (home, person_id)
    name = names.of_people([who]).get(who, "") if strange else ""
    return [row for one in sorted(strange) for row in new(one, person_id, name, account.login)]
