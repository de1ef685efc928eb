"""Use cases of who asks: they announce a survey, call it off, and read what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.identity import public as identity
from chalicelib.surveys import rules
from chalicelib.surveys.events import SurveyAnnounced, SurveyCancelled
from chalicelib.surveys.rules import QuestionKind, State
from chalicelib.surveys.tables import Answers, Survey

SETTLES = timedelta(minutes=1)
"""After the close: an answer that was under way has arrived by then."""

REFUSALS: Mapping[str, str] = {
    "survey_window": "问卷须开放1小时至60天",
    "survey_flat_without_residents": "按户填写的问卷须限定为住户或业主",
    "survey_questions": "问卷须有1至20个问题，且编号不能重复",
    "survey_question": "问题的选项或量表设置不正确",
    "survey_past": "开始时间不能早于现在",
    "answer_questions": "请回答全部必答题",
    "answer_option": "有答案不在选项之内",
}
"""What the rules' codes say to people."""


@dataclass(frozen=True)
class QuestionWish:
    """A question to be asked."""

    id: str
    kind: rules.QuestionKind
    title: str
    options: tuple[str, ...] = ()
    top: int = 0


@dataclass(frozen=True)
class SurveyWish:
    """What is asked of whom, from when (none: now) until when."""

    title: str
    text: str
    asks: rules.Asks
    per: rules.Per
    questions: Sequence[QuestionWish]
    closes_at: datetime
    opens_at: datetime | None = None


@dataclass(frozen=True)
class SurveyView:
    """A survey; `result` once it is counted, and of nobody that could be told from it."""

    survey_id: str
    title: str
    text: str
    asks: str
    per: str
    questions: list[dict[str, Any]]
    opens_at: datetime
    closes_at: datetime
    state: State
    made_by: str
    result: dict[str, Any] | None


@dataclass(frozen=True)
class SurveyPage:
    """One page of surveys, the newest first."""

    items: list[SurveyView]
    next: str | None


@dataclass(frozen=True)
class Words:
    """One page of what was written to a question, in an order that tells nothing."""

    items: list[str]
    next: str | None


def announce(caller: Caller, wish: SurveyWish) -> SurveyView:
    """Ask residents something; it cannot be changed afterwards, but called off.

    Raises Unprocessable for what cannot be asked, `survey_past`.
    """
    community_id, at = identity.estate_in_sight(caller, None), clock.now()
    opens = wish.opens_at or at
    require("survey_past" if opens < at else None)
    row = Survey(
        community_id=community_id,
        survey_id=ids.new_id("svy"),
        title=wish.title,
        text=wish.text,
        asks=wish.asks.value,
        per=wish.per.value,
        questions=[{**asdict(said), "options": list(said.options)} for said in wish.questions],
        opens_at=clock.epoch_ms(opens),
        closes_at=clock.epoch_ms(wish.closes_at),
        audience=caller.audience,
        made_by=caller.subject_id,
    )
    require(rules.survey_refusal(row.put(), wish.asks, wish.per, opens, wish.closes_at))
    row.wakes(clock.epoch_ms(wish.closes_at + SETTLES))
    told = SurveyAnnounced(community_id, row.survey_id, wish.title, row.asks, opens, wish.closes_at)
    shown = view(row, at)
    outbox.commit(row, events=(told,), answer=shown)
    return shown


def cancel(caller: Caller, survey_id: str) -> SurveyView:
    """Call a survey of one's own side off; nothing of it is counted.

    Raises NotFound `no_such_survey`, Unprocessable `survey_over`, `survey_of_another_side`.
    """
    row, at = own(caller, survey_id), clock.now()
    if row.stands(at) not in (State.SCHEDULED, State.OPEN):
        raise Unprocessable("survey_over", "该问卷已结束")
    row.state = State.CANCELLED.value
    row.wakes(None)
    shown = view(row, at)
    told = SurveyCancelled(row.community_id, survey_id, at)
    outbox.commit(row, events=(told,), answer=shown)
    return shown


def listed(caller: Caller, *, limit: int, after: str | None) -> SurveyPage:
    """Return one page of the surveys of the caller's estate, the newest first; one read."""
    community_id, at = caller.community_id, clock.now()
    rows, following = cursor.page(
        Survey.query,
        community_id,
        scan_index_forward=False,
        listing=f"surveys/{community_id}",
        limit=limit,
        after=after,
    )
    return SurveyPage([view(row, at) for row in rows], following)


def show(caller: Caller, survey_id: str) -> SurveyView:
    """Show a survey and, once it is counted, what came out; raises NotFound `no_such_survey`."""
    return view(found(caller.community_id, survey_id), clock.now())


def words(
    caller: Caller, survey_id: str, question_id: str, *, limit: int, after: str | None
) -> Words:
    """Return one page of what was written, to the side that asked, once it is counted.

    Nothing where fewer than five wrote. Raises NotFound `no_such_survey`, Unprocessable
    `survey_no_words`, `survey_of_another_side`.
    """
    row = own(caller, survey_id)
    shown = [one for one in (row.result or {}).get("questions", ()) if one["texts"] is not None]
    if all(
        said["id"] != question_id for said in row.questions if said["kind"] == QuestionKind.TEXT
    ):
        raise Unprocessable("survey_no_words", "该问题不是文字题")
    if all(one["question_id"] != question_id for one in shown):
        return Words([], None)
    rows, following = cursor.page(
        Answers.query,
        row.survey_key,
        listing=f"words/{row.survey_key}/{question_id}",
        limit=limit,
        after=after,
    )
    said = [one.answers[question_id] for one in rows if question_id in one.answers]
    return Words(said, following)


def found(community_id: str, survey_id: str) -> Survey:
    """Return a survey of an estate; raises NotFound `no_such_survey`."""
    row = Survey.find(community_id, survey_id)
    if row is None:
        raise NotFound("no_such_survey", "没有找到该问卷")
    return row


def own(caller: Caller, survey_id: str) -> Survey:
    """Return a survey that the caller's side made.

    Raises NotFound `no_such_survey`, Unprocessable `survey_of_another_side`.
    """
    row = found(caller.community_id, survey_id)
    if row.audience != caller.audience:
        raise Unprocessable("survey_of_another_side", "该问卷由另一方发起，只能由发起方办理")
    return row


def require(code: str | None) -> None:
    """Raise Unprocessable with the words of a code of the rules, if there is one."""
    if code is not None:
        raise Unprocessable(code, REFUSALS[code])


def view(row: Survey, at: datetime) -> SurveyView:
    """Return a survey as everybody may see it."""
    return SurveyView(
        survey_id=row.survey_id,
        title=row.title,
        text=row.text,
        asks=row.asks,
        per=row.per,
        questions=list(row.questions),
        opens_at=clock.from_epoch_ms(int(row.opens_at)),
        closes_at=clock.from_epoch_ms(int(row.closes_at)),
        state=row.stands(at),
        made_by=row.audience,
        result=row.result,
    )
