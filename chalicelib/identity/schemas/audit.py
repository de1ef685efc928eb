"""Looks at personal data: by staff with a ticket, by authorities with a case."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Page, Paging, Shown, Text
from chalicelib.identity.rules.disclosure import (
    MOST_HOURS,
    MOST_SECRET_DAYS,
    DisclosureState,
    Verdict,
)
from chalicelib.identity.rules.privacy import Reason
from chalicelib.identity.schemas.consent import SHA256


class ResidentQuery(Asked):
    """Why a resident is looked at; both are needed (403 `ticket_required`)."""

    purpose: Reason | None = None
    ticket: Identifier | Literal[""] = Field(default="", examples=["WO-2026-0042"])


class ResidentReply(Shown):
    """A resident, masked for the caller's role; what the role does not see is null."""

    person_id: str
    name: str | None = Field(examples=["张*"])
    phone: str | None = Field(examples=["138****1234"])
    id_number: str | None = Field(examples=["33**************3X"])
    unit_ids: list[str] | None
    view_id: str = Field(description="the look's own record, which the resident can read")


class ViewReply(Shown):
    """Who looked at the caller's data, when, at what, and why."""

    view_id: str
    subject_id: str
    viewer_id: str
    roles: list[str]
    org: str
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
    community_id: Identifier | None = None


DisclosedField = Literal["name", "phone", "id_number", "units"]


class DisclosureAsked(Asked):
    """An authority's request: one person, some fields, case, document and officer."""

    community_id: Identifier | None = Field(
        default=None, description="the estate, for officers of more than one"
    )
    subject_id: Identifier
    fields: list[DisclosedField] = Field(min_length=1, max_length=4)
    case_number: Text = Field(min_length=4, max_length=64, examples=["杭公(西)立字〔2026〕123号"])
    document_number: Text = Field(min_length=4, max_length=64, examples=["调取证据通知书 45"])
    document_sha256: str = Field(pattern=SHA256, description="of the scanned document")
    officer_name: Text = Field(min_length=2, max_length=40)
    officer_badge: Text = Field(min_length=4, max_length=20, examples=["031234"])
    purpose: Text = Field(min_length=4, max_length=200, examples=["盗窃案件侦查"])
    hours: int = Field(default=24, ge=1, le=MOST_HOURS, description="readable for so long")
    secret_days: int = Field(
        default=0,
        ge=0,
        le=MOST_SECRET_DAYS,
        description="left out of the person's own list for so long, where a law demands it",
    )


class DisclosurePlace(Asked):
    """In which estate a request lies, for officers of more than one."""

    community_id: Identifier | None = None


class VerdictOnDisclosure(Asked):
    """What a member of the security duty says to a request."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"verdict": "release", "community_id": "heyuan"}]}
    )

    verdict: Verdict
    community_id: Identifier | None = None


class DisclosedReply(Shown):
    """The data in the clear; print the watermark across every page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "values": {"name": "林一"},
                    "unit_ids": ["heyuan-1-101"],
                    "watermark": "秦民警 031234 2026-11-21 08:00",
                    "view_id": "view_01JCZ5",
                }
            ]
        }
    )

    values: dict[str, str]
    unit_ids: list[str] | None
    watermark: str
    view_id: str


class DisclosureReply(Shown):
    """A request and how far it has come; `disclosed` once released, for its asker alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "disclosure_id": "disc_01JCZ5",
                    "community_id": "heyuan",
                    "state": "released",
                    "subject_id": "person-lin",
                    "fields": ["name"],
                    "case_number": "杭公(西)立字〔2026〕123号",
                    "document_number": "调取证据通知书 45",
                    "document_sha256": "9f86d081" * 8,
                    "officer_name": "秦民警",
                    "officer_badge": "031234",
                    "purpose": "盗窃案件侦查",
                    "asked_by": "person-qin",
                    "asked_at": "2026-11-21T08:00:00Z",
                    "ends_at": "2026-11-22T08:00:00Z",
                    "released_by": ["person-xu", "person-kong"],
                    "refused_by": None,
                    "disclosed": None,
                }
            ]
        }
    )

    disclosure_id: str
    community_id: str
    state: DisclosureState
    subject_id: str
    fields: list[str]
    case_number: str
    document_number: str
    document_sha256: str
    officer_name: str
    officer_badge: str
    purpose: str
    asked_by: str
    asked_at: datetime
    ends_at: datetime
    released_by: list[str]
    refused_by: str | None
    disclosed: DisclosedReply | None
