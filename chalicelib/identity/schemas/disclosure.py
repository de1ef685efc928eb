"""What authorities ask for, who releases it, and what they are shown."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Page, Paging, Personal, Shown, Text
from chalicelib.identity.rules.disclosure import (
    MOST_HOURS,
    MOST_SECRET_DAYS,
    DisclosureState,
    Listing,
    Verdict,
)
from chalicelib.identity.schemas.consent import SHA256

DisclosedField = Literal["name", "phone", "id_number", "units"]


class FlatSought(Asked):
    """A flat as people say where it is: everybody who lives there is meant."""

    building: Text = Field(min_length=1, max_length=60, examples=["1号楼"])
    entrance: Text = Field(default="", max_length=60, examples=["1单元"])
    room: Text = Field(min_length=1, max_length=60, examples=["101"])


class DisclosureAsked(Asked):
    """An authority's request: whom, some fields, case, document and officer.

    Exactly one of `subject_id` (from an earlier disclosure), `phone`, `id_number` and `flat`.
    """

    community_id: Identifier = Field(description="the estate")
    subject_id: Identifier | None = None
    phone: Text | None = Field(default=None, min_length=5, max_length=30, examples=["13800001234"])
    id_number: Text | None = Field(default=None, min_length=15, max_length=18)
    flat: FlatSought | None = None
    fields: list[DisclosedField] = Field(min_length=1, max_length=4)
    case_number: Text = Field(
        min_length=4, max_length=64, pattern="[0-9]", examples=["杭公(西)立字〔2026〕123号"]
    )
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
        description="left out of the people's own lists for so long, where a law demands it; "
        "both releasers confirm it",
    )


class DisclosurePlace(Asked):
    """In which estate a request lies."""

    community_id: Identifier


class DisclosuresQuery(Paging):
    """Which requests: those that wait, were judged, or were judged by nobody in time."""

    listing: Listing = Listing.WAITING


class VerdictOnDisclosure(Asked):
    """What a member of the security duty says to a request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"verdict": "release", "community_id": "heyuan", "secret_days": 0}]
        }
    )

    verdict: Verdict
    community_id: Identifier
    secret_days: int = Field(
        default=0, ge=0, description="the request's own, repeated by who releases it"
    )


class DisclosedPersonReply(Shown):
    """One person's data, in the clear."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject_id": "person-lin",
                    "values": {"name": "林一"},
                    "unit_ids": ["heyuan-1-101"],
                    "view_id": "view_01JCZ5",
                }
            ]
        }
    )

    subject_id: Personal[str]
    values: Personal[dict[str, str]]
    unit_ids: Personal[list[str] | None]
    view_id: str


class DisclosedReply(Shown):
    """The data in the clear, of nobody if nobody was found; print the mark across every page."""

    people: list[DisclosedPersonReply]
    watermark: str = Field(examples=["A123-2026 031234 person-qin dis_01 2026-11-21 9f86"])


class DisclosureReply(Shown):
    """A request and how far it has come; `disclosed` once released, for its asker alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "disclosure_id": "disc_01JCZ5",
                    "community_id": "heyuan",
                    "state": "released",
                    "sought": "phone 138****1234",
                    "fields": ["name"],
                    "case_number": "杭公(西)立字〔2026〕123号",
                    "document_number": "调取证据通知书 45",
                    "document_sha256": "9f86d081" * 8,
                    "officer_name": "秦民警",
                    "officer_badge": "031234",
                    "purpose": "盗窃案件侦查",
                    "asked_by": "person-qin",
                    "asked_at": "2026-11-21T08:00:00Z",
                    "hours": 24,
                    "secret_days": 30,
                    "hidden_until": "2026-12-21T08:00:00Z",
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
    sought: str
    fields: list[str]
    case_number: str
    document_number: str
    document_sha256: str
    officer_name: str
    officer_badge: str
    purpose: str
    asked_by: str
    asked_at: datetime
    hours: int = Field(description="how long it may be read once it is released")
    secret_days: int
    hidden_until: datetime | None = Field(
        description="until then the people asked for do not see it in their own lists"
    )
    ends_at: datetime = Field(
        description="when the request lapses; once it is released, when reading ends"
    )
    released_by: list[str]
    refused_by: str | None
    disclosed: DisclosedReply | None


class DisclosurePage(Page[DisclosureReply]):
    """One page of requests, without data."""
