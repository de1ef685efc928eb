"""What is asked in surveys, what is answered, and what is published of it."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.core.schema import Asked, Identifier, Moment, Page, Paging, Shown, Text
from chalicelib.surveys.rules import (
    LONGEST_TEXT,
    MOST_OPTIONS,
    MOST_QUESTIONS,
    Asks,
    Per,
    QuestionKind,
)

QUESTION: JsonDict = {
    "id": "q1",
    "kind": "SINGLE",
    "title": "您对垃圾清运是否满意？",
    "options": ["满意", "不满意"],
    "top": 0,
}
SURVEY: JsonDict = {
    "survey_id": "svy_01JCZ5",
    "title": "物业服务满意度",
    "text": "结果将汇总公布，任何人都看不到您个人的答案。",
    "asks": "RESIDENT",
    "per": "PERSON",
    "questions": [QUESTION],
    "opens_at": "2026-11-21T08:00:00+08:00",
    "closes_at": "2026-11-28T08:00:00+08:00",
    "state": "OPEN",
    "made_by": "committee",
    "result": None,
}


class QuestionAsked(Asked):
    """A question: `options` of SINGLE and MULTIPLE, `top` of a SCALE that starts at 1."""

    model_config = ConfigDict(json_schema_extra={"examples": [QUESTION]})

    id: Identifier
    kind: QuestionKind
    title: Text = Field(min_length=1, max_length=200)
    options: list[Text] = Field(default_factory=list, max_length=MOST_OPTIONS)
    top: int = Field(default=0, ge=0, le=10)


class SurveyAsked(Asked):
    """A survey; without `opens_at` it opens at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "物业服务满意度",
                    "text": "结果将汇总公布。",
                    "asks": "RESIDENT",
                    "questions": [QUESTION],
                    "closes_at": "2026-11-28T08:00:00+08:00",
                }
            ]
        }
    )

    title: Text = Field(min_length=2, max_length=100)
    text: Text = Field(default="", max_length=2_000)
    asks: Asks
    per: Per = Per.PERSON
    questions: list[QuestionAsked] = Field(min_length=1, max_length=MOST_QUESTIONS)
    opens_at: Moment | None = None
    closes_at: Moment = Field(json_schema_extra={"examples": ["2026-11-28T08:00:00+08:00"]})


class QuestionReply(Shown):
    """A question as it is asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [QUESTION]})

    id: str
    kind: QuestionKind
    title: str
    options: list[str]
    top: int


class QuestionResult(Shown):
    """What is published of a question: null stands for a group of fewer than five.

    And for what such a group could be computed from; `mean` is a scale's, in hundredths.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "question_id": "q1",
                    "counts": {"满意": 41, "不满意": 12},
                    "mean": None,
                    "texts": None,
                }
            ]
        }
    )

    question_id: str
    counts: dict[str, int | None]
    mean: int | None
    texts: int | None


class SurveyResult(Shown):
    """What is published of a survey; `answered` is null if fewer than five did."""

    answered: int | None = Field(examples=[53])
    questions: list[QuestionResult] = Field(examples=[[]])


class SurveyReply(Shown):
    """A survey; its result once it is counted."""

    model_config = ConfigDict(json_schema_extra={"examples": [SURVEY]})

    survey_id: str
    title: str
    text: str
    asks: Asks
    per: Per
    questions: list[QuestionReply]
    opens_at: datetime
    closes_at: datetime
    state: Literal["SCHEDULED", "OPEN", "CLOSED", "COUNTED", "CANCELLED"]
    made_by: str
    result: SurveyResult | None


class SurveysReply(Page[SurveyReply]):
    """One page of surveys, the newest first."""


class AnswersAsked(Asked):
    """Answers to every question but those for words, and a secret of 256 random bits.

    Draw it once for each survey (and flat), keep it on the phone: with it, and only with it,
    the answers can be changed until the close.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"secret": "5f" * 32, "answers": {"q1": "满意"}}]}
    )

    secret: str = Field(pattern=r"^[0-9a-f]{64}$", examples=["5f" * 32])
    answers: dict[str, Text | int | list[Text]] = Field(
        max_length=MOST_QUESTIONS,
        examples=[{"q1": "满意"}],
        description=f"words have at most {LONGEST_TEXT} characters",
    )
    unit_id: Identifier | None = Field(default=None, description="of a survey for each flat")


class TakenReply(Shown):
    """Answers were taken; they are never shown again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"survey_id": "svy_01JCZ5", "is_change": False}]}
    )

    survey_id: str
    is_change: bool


class OwnPartReply(Shown):
    """Whether one may answer and has; of a survey for each flat, which flats have."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "survey_id": "svy_01JCZ5",
                    "may_answer": True,
                    "units": [],
                    "answered": False,
                    "answered_units": [],
                }
            ]
        }
    )

    survey_id: str
    may_answer: bool
    units: list[str]
    answered: bool
    answered_units: list[str]


class WordsPaging(Paging):
    """Which question's words, and which page of them."""

    question_id: Identifier = Field(examples=["q1"])


class WordsReply(Page[str]):
    """One page of what was written, in an order that tells nothing; it may have few or none."""
