"""What is said of what follows from a vote: run-offs, committees, documents of an option."""

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.core.schema import Asked, Identifier, Page, Shown, Text
from chalicelib.nominations.public import nominations
from chalicelib.voting.schemas.votes import NOTICE

LINK: JsonDict = {
    "title": "投标书",
    "url": "https://bucket.example/heyuan/votes/slate_01JCZ5/9f86.pdf",
    "sha256": "9f86d081" * 8,
    "bytes": 48213,
}


class RunOffAsked(Asked):
    """Which item's tie is to be broken, and when: a vote of its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"item_id": "i1", "opens_on": "2027-03-08", "closes_on": "2027-03-22"}]
        }
    )

    community_id: Identifier | None = None
    item_id: Identifier = Field(examples=["i1"])
    opens_on: date = Field(json_schema_extra={"examples": ["2027-03-08"]})
    closes_on: date = Field(json_schema_extra={"examples": ["2027-03-22"]})
    paper_hours: int = Field(default=48, ge=1, le=168)


class DocumentLinkReply(Shown):
    """Where a document can be had, and what it must hash to."""

    model_config = ConfigDict(json_schema_extra={"examples": [LINK]})

    title: str
    url: str
    sha256: str
    bytes: int


class DocumentsReply(Shown):
    """The documents of an option; the addresses end at `expires_at`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "option_id": "bid_01JCZ5",
                    "items": [LINK],
                    "expires_at": "2026-11-21T08:10:00Z",
                }
            ]
        }
    )

    option_id: str
    items: list[DocumentLinkReply]
    expires_at: datetime


class CommitteeReply(Shown):
    """A committee (业主委员会) by its elections; to be filed within 30 days (条例 16)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "committee_id": "vote_01JCZ5-i1",
                    "vote_id": "vote_01JCZ5",
                    "filling": "COMMITTEE",
                    "state": "ELECTED",
                    "members": ["王敏", "李强", "赵伟", "陈静", "周平"],
                    "seats": 5,
                    "to_fill": 0,
                    "is_over": True,
                    "elected_on": "2027-02-10",
                    "ends_on": "2032-02-10",
                    "file_by": "2027-03-12",
                    "filed_on": None,
                    "is_late": False,
                    "legal_notice": NOTICE,
                }
            ]
        }
    )

    committee_id: str
    vote_id: str
    filling: nominations.Filling
    state: Literal["ELECTED", "ANNULLED"]
    members: list[str] = Field(description="names, as the candidates agreed to")
    seats: int
    to_fill: int
    is_over: bool = Field(description="no run-off is to come")
    elected_on: date
    ends_on: date
    file_by: date
    filed_on: date | None
    is_late: bool
    legal_notice: str


class CommitteesReply(Page[CommitteeReply]):
    """One page of committees, the newest first."""


class FilingAsked(Asked):
    """That a committee was filed: when, and under which number."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "community_id": "heyuan",
                    "filed_on": "2027-02-20",
                    "document": "和平街道业备〔2027〕3号",
                }
            ]
        }
    )

    community_id: Identifier | None = None
    filed_on: date = Field(json_schema_extra={"examples": ["2027-02-20"]})
    document: Text = Field(min_length=2, max_length=100)
