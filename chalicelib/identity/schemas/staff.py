"""What administrators and managers send about accounts and posts, and what they get."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from chalicelib.core.schema import Asked, Identifier, Moment, Page, Paging, Shown, Text
from chalicelib.identity.rules.acts import Act

Login = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{2,63}$")]
"""A staff sign-in name: small letters, digits, lines: it stands in paths, as ids do."""

NodePath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,6}$")
]
"""Ids of an org node and its ancestors from the county down, joined by "/"."""

Role = Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,40}$")]
Name = Annotated[Text, Field(min_length=1, max_length=60)]

_POST = {"role": "property_manager", "node_path": "binjiang/heping/heping-1/heyuan"}


class NewStaff(Asked):
    """A new sign-in name at a node: for somebody new (`name`), or known there (`person_id`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"login": "han_street", "name": "韩街道", "node_path": "binjiang/heping"}]
        }
    )

    login: Login
    node_path: NodePath
    name: Name | None = None
    person_id: Identifier | None = None


class NewHire(Asked):
    """A new member of the caller's own company: clerk, guard or worker."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"login": "feng_guard", "name": "冯安", "role": "guard"}]}
    )

    login: Login
    name: Name
    role: Role


class Post(Asked):
    """A role at a node, or at every estate of a zone (by the zone's path).

    `org_id` is the company, committee or police station that the role is held for.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{**_POST, "org_id": "org-hemei"}]})

    role: Role
    node_path: NodePath
    org_id: Identifier | None = None


class PostGone(Asked):
    """A role at a node, or at every estate of a zone, that is to end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_POST}]})

    role: Role
    node_path: NodePath


class AccountReply(Shown):
    """A sign-in name; `setup_code` is told to the person once, and only here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "feng_guard",
                    "person_id": "per_01JCZ5",
                    "node_path": "binjiang/heping/heping-1/heyuan",
                    "setup_code": "K7QX-2MPA-9TRD-5WHC",
                }
            ]
        }
    )

    login: str
    person_id: str
    node_path: str
    setup_code: str


class ResetReply(Shown):
    """An account without credentials: a system administrator gives its next set-up code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "han_street",
                    "person_id": "per_01JCZ5",
                    "node_path": "binjiang/heping",
                }
            ]
        }
    )

    login: str
    person_id: str
    node_path: str


class PostReply(Shown):
    """A post that was given or taken."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "wang_manager",
                    "person_id": "per_01JCZ5",
                    **_POST,
                    "org_id": "org-hemei",
                }
            ]
        }
    )

    login: str
    person_id: str
    role: str
    node_path: str
    org_id: str


class MembersQuery(Paging):
    """Accounts at which node and below; without `under`, the caller's own."""

    under: NodePath | None = None


class HeldReply(Shown):
    """A role at a node; `org` is the name of the body that it is held for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_POST, "org_id": "org-hemei", "org": "和美物业"}]}
    )

    role: str
    node_path: str
    org_id: str
    org: str


class MemberReply(Shown):
    """An account, whose it is, and their posts."""

    login: str = Field(examples=["wang_manager"])
    person_id: str
    name: str | None = Field(examples=["王经理"])
    node_path: str
    is_set_up: bool = Field(description="false: new or reset, waiting for a set-up code's use")
    posts: list[HeldReply]


class MemberPage(Page[MemberReply]):
    """One page of accounts."""


class ColleagueReply(Shown):
    """One post of the caller's own company, and who holds it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "feng_guard",
                    "person_id": "per_01JCZ5",
                    "name": "冯安",
                    "role": "guard",
                    "node_path": "binjiang/heping/heping-1/heyuan",
                }
            ]
        }
    )

    login: str | None
    person_id: str
    name: str | None
    role: str
    node_path: str


class ColleaguePage(Page[ColleagueReply]):
    """One page of the company's posts."""


class ActsQuery(Paging):
    """Which day's acts, in Beijing; today without it."""

    day: date | None = Field(default=None, examples=["2026-11-21"])


class ActReply(Shown):
    """One act of an administrator, a manager or an officer, on record."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "act_id": "act_01JCZ5",
                    "act": "appointed",
                    "actor_id": "person-xu",
                    "roles": ["security_admin"],
                    "login": "wang_manager",
                    "subject_id": "per_01JCZ5",
                    **_POST,
                    "org_id": "org-hemei",
                    "at": "2026-11-21T08:00:00Z",
                }
            ]
        }
    )

    act_id: str
    act: Act
    actor_id: str
    roles: list[str]
    node_path: str
    login: str | None
    subject_id: str | None
    role: str | None
    org_id: str | None
    at: Moment


class ActPage(Page[ActReply]):
    """One page of acts, the newest first."""
