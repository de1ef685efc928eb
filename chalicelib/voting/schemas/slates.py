"""What is said of calls, and of those who stand for the committee."""

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.core.schema import Asked, Identifier, Page, Shown, Text
from chalicelib.nominations.public import nominations

StandingSaid = Literal["STANDING", "WITHDRAWN", "STRUCK"]
CANDIDATE: JsonDict = {
    "candidacy_id": "cand_01JCZ5",
    "slate_id": "slate_01JCZ5",
    "name": "王敏",
    "statement": "住本小区十二年，退休会计，愿意公开每一笔账。",
    "state": "STANDING",
    "reason": "",
    "stood_at": "2026-11-23T10:00:00+08:00",
}
SLATE: JsonDict = {
    "slate_id": "slate_01JCZ5",
    "community_id": "heyuan",
    "filling": "COMMITTEE",
    "title": "第二届业主委员会选举",
    "text": "应选委员五名，任期五年，欢迎业主自荐和推荐。",
    "seats": 5,
    "term_years": 5,
    "last_day": "2026-12-05",
    "is_open": True,
    "vote_id": None,
    "opened_at": "2026-11-21T10:00:00+08:00",
}


class SlateAsked(Asked):
    """A call for candidates (COMMITTEE; VACANCY: some seats) or bids (COMPANY: one seat)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "filling": "COMMITTEE",
                    "title": "第二届业主委员会选举",
                    "text": "应选委员五名，任期五年，欢迎业主自荐和推荐。",
                    "seats": 5,
                    "term_years": 5,
                    "last_day": "2026-12-05",
                }
            ]
        }
    )

    community_id: Identifier | None = Field(default=None, description="officers name the estate")
    filling: nominations.Filling
    title: Text = Field(min_length=2, max_length=100)
    text: Text = Field(min_length=2, max_length=2_000)
    seats: int = Field(default=1, ge=1, le=nominations.MOST_SEATS)
    term_years: int = Field(default=5, ge=1, le=10)
    last_day: date = Field(
        description="the last day for candidates and bids, in China",
        json_schema_extra={"examples": ["2026-12-05"]},
    )


class ExtensionAsked(Asked):
    """Until when a call is kept open, for all alike."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"last_day": "2026-12-12"}]})

    community_id: Identifier | None = None
    last_day: date = Field(json_schema_extra={"examples": ["2026-12-12"]})


class SlateReply(Shown):
    """A call; `vote_id` is the vote that it was noticed with."""

    model_config = ConfigDict(json_schema_extra={"examples": [SLATE]})

    slate_id: str
    community_id: str
    filling: nominations.Filling
    title: str
    text: str
    seats: int
    term_years: int
    last_day: date
    is_open: bool
    vote_id: str | None
    opened_at: datetime


class SlatesReply(Page[SlateReply]):
    """One page of calls, the newest first."""


class NominationAsked(Asked):
    """The flat whose owners are proposed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"unit_id": "heyuan-1-101"}]})

    unit_id: Identifier


class NominationReply(Shown):
    """A flat whose owners the caller has proposed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"slate_id": "slate_01JCZ5", "unit_id": "heyuan-1-101"}]}
    )

    slate_id: str
    unit_id: str


class CandidacyAsked(Asked):
    """One's own words; name and words are published, which one agrees to by standing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"statement": "住本小区十二年，愿意公开每一笔账。", "agrees_to_publication": True}
            ]
        }
    )

    statement: Text = Field(min_length=2, max_length=1_000)
    agrees_to_publication: Literal[True]


class CandidateReply(Shown):
    """Somebody who stands; the id is the option of the ballot."""

    model_config = ConfigDict(json_schema_extra={"examples": [CANDIDATE]})

    candidacy_id: str
    slate_id: str
    name: str
    statement: str
    state: StandingSaid
    reason: str
    stood_at: datetime


class CandidatesReply(Page[CandidateReply]):
    """One page of candidates, ordered by id: an order that favours nobody."""


class OwnStandingReply(Shown):
    """What a call means to the caller: how often each of their flats was proposed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "slate_id": "slate_01JCZ5",
                    "is_owner": True,
                    "nominated": {"heyuan-1-101": 3},
                    "candidacy": None,
                }
            ]
        }
    )

    slate_id: str
    is_owner: bool
    nominated: dict[str, int]
    candidacy: CandidateReply | None


class ReasonAsked(Asked):
    """Why a candidate or a bid is taken out: everybody reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "不是本小区业主"}]})

    community_id: Identifier | None = None
    reason: Text = Field(min_length=2, max_length=500)
