"""What is said of companies that bid, and of what owners choose between once it is noticed."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.core.schema import Asked, Identifier, Page, Shown, Text
from chalicelib.voting.schemas.slates import StandingSaid
from chalicelib.voting.schemas.votes import NOTICE

SHA = "9f86d081" * 8
DOCUMENT: JsonDict = {"title": "投标书", "sha256": SHA, "bytes": 48213}
BID: JsonDict = {
    "bid_id": "bid_01JCZ5",
    "slate_id": "slate_01JCZ5",
    "company_id": "91330108MA2AXXXX1N",
    "company": "安居物业服务有限公司",
    "fee": 285,
    "months": 36,
    "summary": "四级服务标准，夜间双岗。",
    "documents": [DOCUMENT],
    "state": "STANDING",
    "reason": "",
    "entered_at": "2026-11-23T10:00:00+08:00",
}


class BidDocumentAsked(Asked):
    """A document as it was uploaded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "投标书",
                    "key": f"heyuan/votes/slate_01JCZ5/{SHA}.pdf",
                    "sha256": SHA,
                }
            ]
        }
    )

    title: Text = Field(min_length=1, max_length=100)
    key: str = Field(min_length=1, max_length=300)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class BidAsked(Asked):
    """A company's bid; `company_id` is its 统一社会信用代码, `fee` in fen per m² and month."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "company_id": "91330108MA2AXXXX1N",
                    "company": "安居物业服务有限公司",
                    "fee": 285,
                    "months": 36,
                    "summary": "四级服务标准，夜间双岗。",
                }
            ]
        }
    )

    community_id: Identifier | None = None
    company_id: str = Field(pattern=r"^[0-9A-Z]{18}$", examples=["91330108MA2AXXXX1N"])
    company: Text = Field(min_length=2, max_length=100)
    fee: int = Field(gt=0, le=100_000)
    months: int = Field(ge=1, le=120)
    summary: Text = Field(min_length=2, max_length=2_000)
    documents: list[BidDocumentAsked] = Field(default_factory=list, max_length=5)


class DocumentReply(Shown):
    """A document of a bid and what it hashes to."""

    model_config = ConfigDict(json_schema_extra={"examples": [DOCUMENT]})

    title: str
    sha256: str
    bytes: int


class BidReply(Shown):
    """A bid as its convener sees it; owners see it with the notice."""

    model_config = ConfigDict(json_schema_extra={"examples": [BID]})

    bid_id: str
    slate_id: str
    company_id: str
    company: str
    fee: int
    months: int
    summary: str
    documents: list[DocumentReply]
    state: StandingSaid
    reason: str
    entered_at: datetime


class BidsReply(Page[BidReply]):
    """One page of bids."""


class DocumentUploadAsked(Asked):
    """A document to be uploaded: its exact size in bytes and its SHA-256."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"content_type": "application/pdf", "bytes": 48213, "sha256": SHA}]
        }
    )

    community_id: Identifier | None = None
    content_type: Literal["application/pdf", "image/jpeg", "image/png"]
    bytes: int = Field(ge=1, le=10 * 1024 * 1024)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class OptionReply(Shown):
    """An option as it was noticed; `sha256` is of its canonical form, and stands in the terms."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "option_id": "bid_01JCZ5",
                    "item_id": "i1",
                    "name": "安居物业服务有限公司",
                    "text": "四级服务标准，夜间双岗。",
                    "company_id": "91330108MA2AXXXX1N",
                    "fee": 285,
                    "months": 36,
                    "documents": [DOCUMENT],
                    "sha256": SHA,
                }
            ]
        }
    )

    option_id: str
    item_id: str
    name: str
    text: str
    company_id: str
    fee: int
    months: int
    documents: list[DocumentReply]
    sha256: str


class OptionsReply(Page[OptionReply]):
    """One page of the options of a vote, ordered by id."""

    legal_notice: str = Field(examples=[NOTICE])
