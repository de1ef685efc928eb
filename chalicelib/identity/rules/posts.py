"""Pure rules of posts: which role is held where, and for a body of which kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from chalicelib.identity.rules.organisation import Body, Level

_WITHIN_ESTATES: Final = frozenset({Level.ESTATE, Level.BUILDING, Level.ENTRANCE})

LEVELS: Final[dict[str, frozenset[Level]]] = {
    "property_manager": frozenset({Level.ESTATE}),
    "property_clerk": _WITHIN_ESTATES,
    "guard": _WITHIN_ESTATES,
    "worker": _WITHIN_ESTATES,
    "committee_member": frozenset({Level.ESTATE}),
    "committee_chair": frozenset({Level.ESTATE}),
    "county_officer": frozenset({Level.COUNTY}),
    "street_officer": frozenset({Level.STREET}),
    "neighbourhood_officer": frozenset({Level.NEIGHBOURHOOD}),
    "grid_worker": _WITHIN_ESTATES | {Level.NEIGHBOURHOOD},
    "police_officer": frozenset({Level.COUNTY, Level.STREET, Level.NEIGHBOURHOOD}),
    "system_admin": frozenset({Level.COUNTY}),
    "security_admin": frozenset({Level.COUNTY}),
    "audit_admin": frozenset({Level.COUNTY}),
}
"""Where a role may be held; residents are appointed to nothing."""

SERVES: Final[dict[str, Body]] = {
    "property_manager": Body.COMPANY,
    "property_clerk": Body.COMPANY,
    "guard": Body.COMPANY,
    "worker": Body.COMPANY,
    "committee_member": Body.COMMITTEE,
    "committee_chair": Body.COMMITTEE,
    "police_officer": Body.POLICE_STATION,
}
"""The kind of body that a role is held for, and that must serve the node or one above it."""

HIRED: Final = frozenset({"property_clerk", "guard", "worker"})
"""Posts that a property manager fills and ends by themselves."""

SETTLES: Final = timedelta(hours=72)
"""How long somebody holds a duty, or new credentials, before they may release a disclosure."""

PROBLEMS: Final = {
    "no_such_role": "没有这个岗位",
    "wrong_level": "该岗位不能设在这一级组织节点",
    "organisation_required": "该岗位须指明所属的物业公司、业主委员会或派出所",
    "wrong_organisation": "该机构不在此节点服务，或与岗位不符",
    "already_appointed": "该人员已担任此岗位",
    "serves_another": "该人员在此已为另一机构任职",
    "duties_conflict": "系统、安全、审计管理员须由不同人员担任，且不得兼任民警等任何其他岗位",
}
"""Why somebody is not appointed, in words for people."""


@dataclass(frozen=True)
class Post:
    """A role that a person holds at a node of the organisation tree, for a body or none."""

    role: str
    node_path: str
    org_id: str = ""


def misplaced(role: str, level: Level, body: Body | None) -> str | None:
    """Return why a role cannot be held at this level for a body of this kind, or None."""
    if role not in LEVELS:
        return "no_such_role"
    if level not in LEVELS[role]:
        return "wrong_level"
    if role in SERVES and body is None:
        return "organisation_required"
    wanted = SERVES.get(role, Body.OFFICE)
    return None if body in (None, wanted) else "wrong_organisation"


def clash(held: Iterable[Post], new: Post, portal: dict[str, str]) -> str | None:
    """Return why a new post cannot stand beside those that are held, or None.

    One sign-in acts at one node for one body, so nobody serves two there.
    """
    here = [post for post in held if post.node_path == new.node_path]
    if any(post.role == new.role for post in here):
        return "already_appointed"
    same = [post for post in here if portal.get(post.role) == portal.get(new.role)]
    return "serves_another" if any(post.org_id != new.org_id for post in same) else None


def posts_for(posts: Iterable[Post], portal: dict[str, str], audience: str) -> list[Post]:
    """Return the posts that are exercised through this audience's portal."""
    return [post for post in posts if portal.get(post.role) == audience]


def places(posts: Iterable[Post]) -> list[tuple[str, str]]:
    """Return the different (node path, organisation) of posts, in a stable order."""
    return sorted({(post.node_path, post.org_id) for post in posts})
