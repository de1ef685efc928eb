"""What conveners ask of a vote, and how everybody sees it."""

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.assemblies.public import procedure
from chalicelib.core.schema import Asked, Identifier, Page, Paging, Shown, Text
from chalicelib.voting.rules import Deeming, Parking

StateSaid = Literal["DRAFT", "NOTICED", "OPEN", "CLOSED", "OBJECTION", "FINAL", "ANNULLED"]
NOTICE = procedure.SHOWN[procedure.LegalMode.CONSULTATIVE]
SHOWN: JsonDict = {
    "id": "i1",
    "number": 5,
    "statute": "使用建筑物及其附属设施的维修资金",
    "title": "3号楼电梯更换",
    "text": "使用专项维修资金更换3号楼两部电梯，预算86万元。",
    "candidates": [],
    "seats": 0,
    "names": {},
    "term_years": 0,
    "run_off_of": None,
    "run_off": None,
}
VOTE: JsonDict = {
    "vote_id": "vote_01JCZ5",
    "community_id": "heyuan",
    "title": "2026年第一次业主大会",
    "state": "NOTICED",
    "legal_mode": "CONSULTATIVE",
    "legal_notice": NOTICE,
    "items": [SHOWN],
    "deeming": "STRICT",
    "clause": None,
    "invalid_participates": False,
    "named_allowed": False,
    "parking": "INCLUDE",
    "paths": ["binjiang/heping/heping-1/heyuan"],
    "record_on": "2026-11-20",
    "noticed_on": "2026-11-21",
    "opens_at": "2026-12-08T00:00:00+08:00",
    "closes_at": "2026-12-22T00:00:00+08:00",
    "paper_until": "2026-12-24T00:00:00+08:00",
    "roll": {"area": 1640768, "heads": 157},
    "roll_root": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "rules_hash": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    "h0": None,
    "petition_id": None,
    "turnout": None,
    "result": None,
    "published_at": None,
    "object_until": None,
    "unanswered": 0,
    "stuck": None,
    "annulment": None,
}


MATTER: JsonDict = {
    "number": 5,
    "title": "3号楼电梯更换",
    "text": "使用专项维修资金更换3号楼两部电梯，预算86万元。",
}


class Estate(Asked):
    """Which estate is meant: officers above estates name it, others have it in their token."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"community_id": "heyuan"}]})

    community_id: Identifier | None = None


class EstatePaging(Paging):
    """One page of a list, and which estate is meant: officers above estates name it."""

    community_id: Identifier | None = None


class MatterAsked(Asked):
    """A matter to be put: which item of article 278, and the convener's words."""

    model_config = ConfigDict(json_schema_extra={"examples": [MATTER]})

    number: int = Field(ge=1, le=9, description="of the items of Civil Code 278")
    title: Text = Field(min_length=1, max_length=100)
    text: Text = Field(min_length=1, max_length=4_000)
    candidates: list[Identifier] = Field(default_factory=list, max_length=60)
    seats: int = Field(default=0, ge=0, le=31)
    slate_id: Identifier | None = Field(
        default=None, description="whose candidates, or bids, are put (items 3 and 4)"
    )


class VoteAsked(Asked):
    """A draft: what is put to the owners, when, by which rules."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "2026年第一次业主大会",
                    "items": [MATTER],
                    "opens_on": "2027-01-08",
                    "closes_on": "2027-01-22",
                }
            ]
        }
    )

    community_id: Identifier | None = Field(default=None, description="officers name the estate")
    title: Text = Field(min_length=1, max_length=100)
    items: list[MatterAsked] = Field(min_length=1, max_length=20)
    opens_on: date = Field(
        description="first day, in China", json_schema_extra={"examples": ["2027-01-08"]}
    )
    closes_on: date = Field(
        description="the day before whose start the vote closes",
        json_schema_extra={"examples": ["2027-01-22"]},
    )
    paper_hours: int = Field(default=48, ge=1, le=168, description="for entering paper ballots")
    deeming: Deeming = Deeming.STRICT
    warning: Text = Field(default="", max_length=1_000, description="what silence will mean")
    parking: Parking = Parking.INCLUDE
    areas: list[str] = Field(
        default_factory=list, max_length=50, description="paths of the affected nodes; none: all"
    )
    petition_id: Identifier | None = None
    scrutineers: list[Identifier] = Field(
        default_factory=list, max_length=7, description="people of the estate who enter paper"
    )


class MatterReply(Shown):
    """A matter of a vote, with the statute's words beside the convener's."""

    model_config = ConfigDict(json_schema_extra={"examples": [SHOWN]})

    id: str
    number: int
    statute: str
    title: str
    text: str
    candidates: list[str]
    seats: int
    names: dict[str, str] = Field(description="who the candidates are, by their ids")
    term_years: int
    run_off_of: str | None = Field(description="the vote whose tie this is to break")
    run_off: str | None = Field(description="the vote that breaks this one's tie")


class BaseReply(Shown):
    """An area in 0.01 m² and heads."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"area": 1640768, "heads": 157}]})

    area: int
    heads: int


class VoteReply(Shown):
    """A vote. `legal_notice` must stand on every page that shows any of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [VOTE]})

    vote_id: str
    community_id: str
    title: str
    state: StateSaid
    legal_mode: procedure.LegalMode
    legal_notice: str
    items: list[MatterReply]
    deeming: Deeming
    clause: dict[str, str] | None
    invalid_participates: bool
    named_allowed: bool
    parking: Parking
    paths: list[str]
    record_on: date | None
    noticed_on: date | None
    opens_at: datetime
    closes_at: datetime
    paper_until: datetime
    roll: BaseReply
    roll_root: str | None
    rules_hash: str | None
    h0: str | None
    petition_id: str | None
    turnout: BaseReply | None = Field(description="whose ballots stand; no choice before the close")
    result: dict[str, object] | None
    published_at: datetime | None
    object_until: date | None
    unanswered: int = Field(description="objections that wait for an answer")
    stuck: str | None = Field(description="why the clock does not move it, as a code")
    annulment: dict[str, str] | None


class VotesReply(Page[VoteReply]):
    """One page of votes, the newest first."""


class AnnulmentAsked(Asked):
    """A court's judgment, or the authority's order, that voids a result."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "community_id": "heyuan",
                    "reason": "未向全体业主送达表决票，法院判决撤销。",
                    "document": "（2026）浙0108民初1号",
                }
            ]
        }
    )

    community_id: Identifier | None = None
    reason: Text = Field(min_length=4, max_length=1_000)
    document: Text = Field(min_length=4, max_length=100)
    document_sha256: str = Field(default="", max_length=64)


class KeepAsked(Asked):
    """Until when a vote's roll and log are to be kept, because of a dispute."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"community_id": "heyuan", "until_on": "2033-06-30"}]}
    )

    community_id: Identifier | None = None
    until_on: date = Field(json_schema_extra={"examples": ["2033-06-30"]})
