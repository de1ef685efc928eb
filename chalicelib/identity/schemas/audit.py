"""Looks at personal data by staff with a ticket, and who looked."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from chalicelib.core.schema import Asked, Identifier, Page, Paging, Personal, Shown
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.privacy import Reason


class ResidentQuery(Asked):
    """Why a resident is looked at; both are needed (403 `ticket_required`)."""

    purpose: Reason | None = None
    ticket: Identifier | Literal[""] = Field(
        default="", examples=["WO-2026-0042"], description="has a digit; nobody looks it up yet"
    )


class ResidentReply(Shown):
    """A resident, masked for the caller's role; what the role does not see is null."""

    person_id: str
    name: Personal[str | None] = Field(examples=["张*"])
    phone: Personal[str | None] = Field(examples=["138****1234"])
    id_number: Personal[str | None] = Field(examples=["33**************3X"])
    unit_ids: Personal[list[str] | None]
    view_id: str = Field(description="the look's own record, which the resident can read")


class TieReply(Shown):
    """Who is tied to a flat, by a name that is masked for the caller's role."""

    person_id: Personal[str]
    name: Personal[str | None] = Field(examples=["张*"])
    tie: Personal[Tie]
    guardian_id: Personal[str | None]


class UnitResidentsReply(Shown):
    """Who lives in a flat, children for a manager alone."""

    items: list[TieReply]
    withheld: int = Field(description="how many more, past the people that one may see in an hour")


class ViewReply(Shown):
    """Who looked at the caller's data, when, at what, and why."""

    view_id: str
    subject_id: str
    viewer_id: str
    viewer_name: str | None = Field(examples=["周敏"], description="null once it is deleted")
    roles: list[str]
    org: str = Field(examples=["和苑物业服务有限公司"], description="the body or office by name")
    purpose: str = Field(examples=["repair"])
    ticket: str = Field(examples=["WO-2026-0042"])
    fields: list[str] = Field(examples=[["name", "phone"]])
    at: datetime


class ViewPage(Page[ViewReply]):
    """One page of looks, the newest first."""


class ViewsQuery(Paging):
    """A page of looks at the caller, or at a child under their guardianship."""

    person_id: Identifier | None = None


class AuditQuery(Paging):
    """A page of what one member of staff looked at, in one estate."""

    viewer_id: Identifier
    community_id: Identifier
