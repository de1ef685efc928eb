"""What owners object to and ask for, and what they are answered."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.core.schema import Asked, Identifier, Page, Personal, Shown, Text
from chalicelib.voting.schemas.votes import NOTICE

AboutSaid = Literal["ROLL", "RESULT"]
OBJECTION: JsonDict = {
    "objection_id": "obj_01JCZ5",
    "vote_id": "vote_01JCZ5",
    "about": "ROLL",
    "unit_id": "heyuan-1-101",
    "state": "OPEN",
    "answer": "",
    "raised_at": "2026-11-22T10:00:00+08:00",
    "answered_at": None,
    "legal_notice": NOTICE,
}


class ObjectionAsked(Asked):
    """An owner's objection; of the roll, name the unit."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"about": "ROLL", "unit_id": "heyuan-1-101", "text": "面积应为89.37平方米。"}
            ]
        }
    )

    about: AboutSaid
    unit_id: str = Field(default="", max_length=64)
    text: Text = Field(min_length=2, max_length=1_000)


class CorrectionAsked(Asked):
    """What an upheld objection changes of one unit of the roll; areas in 0.01 m²."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"unit_id": "heyuan-1-101", "area": 8937}]}
    )

    unit_id: Identifier
    area: int | None = Field(default=None, gt=0, le=10_000_000)
    owners: list[Identifier] | None = Field(default=None, max_length=20)
    is_parking: bool | None = None
    is_disputed: bool | None = None


class AnswerAsked(Asked):
    """What the convener answers, and, upheld, corrects."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "upheld": True,
                    "answer": "经核对不动产登记簿，已更正。",
                    "correction": {"unit_id": "heyuan-1-101", "area": 8937},
                }
            ]
        }
    )

    community_id: Identifier | None = None
    upheld: bool
    answer: Text = Field(min_length=2, max_length=1_000)
    correction: CorrectionAsked | None = None


class ObjectionReply(Shown):
    """An objection as everybody sees it: without its author and their words."""

    model_config = ConfigDict(json_schema_extra={"examples": [OBJECTION]})

    objection_id: str
    vote_id: str
    about: AboutSaid
    unit_id: str
    state: str
    answer: str
    raised_at: datetime
    answered_at: datetime | None
    legal_notice: str


class ObjectionsReply(Page[ObjectionReply]):
    """One page of the objections of a vote, the oldest first."""


class ObjectionSeenReply(Shown):
    """An objection as who answers it reads it; the look is on record."""

    objection: ObjectionReply
    person_id: Personal[str] = Field(examples=["per_01JCZ5"])
    text: Personal[str] = Field(examples=["面积应为89.37平方米。"])
    view_id: str = Field(examples=["view_01JCZ5"])


class PetitionAsked(Asked):
    """What owners are asked to sign: what a special meeting is to decide, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "请求召开临时业主大会",
                    "reason": "电梯多次困人，物业未予更换。",
                    "matters": ["使用专项维修资金更换电梯"],
                }
            ]
        }
    )

    title: Text = Field(min_length=2, max_length=100)
    reason: Text = Field(min_length=2, max_length=1_000)
    matters: list[Text] = Field(min_length=1, max_length=20)


class SignatureAsked(Asked):
    """For which of one's lines of the roll one signs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"group": "heyuan-1-101"}]})

    group: Identifier


class PetitionReply(Shown):
    """A petition and how far it is: areas in 0.01 m²; a fifth forces a special meeting."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "petition_id": "pet_01JCZ5",
                    "title": "请求召开临时业主大会",
                    "reason": "电梯多次困人，物业未予更换。",
                    "matters": ["使用专项维修资金更换电梯"],
                    "state": "OPEN",
                    "convening_by": "HEADS",
                    "heads": 12,
                    "area": 107244,
                    "roll_heads": 157,
                    "roll_area": 1640768,
                    "is_ready": True,
                    "opened_at": "2026-11-22T10:00:00+08:00",
                    "ends_at": "2027-01-21T10:00:00+08:00",
                    "reached_at": None,
                    "vote_id": None,
                }
            ]
        }
    )

    petition_id: str
    title: str
    reason: str
    matters: list[str]
    state: str
    convening_by: str
    heads: int
    area: int
    roll_heads: int
    roll_area: int
    is_ready: bool = Field(description="the roll that it is measured against is made")
    opened_at: datetime
    ends_at: datetime
    reached_at: datetime | None
    vote_id: str | None


class PetitionsReply(Page[PetitionReply]):
    """One page of petitions, the newest first."""


class OwnGroupsReply(Shown):
    """The lines of the roll for which the caller may sign."""

    groups: list[str] = Field(examples=[["heyuan-1-101"]])
