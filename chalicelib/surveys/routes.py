"""HTTP of surveys: committee and property company ask, residents answer."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.budgets import Budget
from chalicelib.core.schema import Paging
from chalicelib.surveys import schemas
from chalicelib.surveys.service import answering, making

router = web.Router(__name__)
SURVEY = "/resident/surveys/{survey_id}"
CHANGES = Budget(burst=20, every_s=30)


@router.get("/resident/surveys", permission="surveys.answer", reply=schemas.SurveysReply)
def list_surveys(caller: Caller, query: Paging) -> making.SurveyPage:
    """List the surveys of one's estate, the newest first."""
    return making.listed(caller, limit=query.limit, after=query.cursor)


@router.get(SURVEY, permission="surveys.answer", reply=schemas.SurveyReply, refuses=(404,))
def show_survey(caller: Caller, survey_id: str) -> making.SurveyView:
    """Show a survey and, once it is counted, what came out."""
    return making.show(caller, survey_id)


@router.get(
    f"{SURVEY}/mine", permission="surveys.answer", reply=schemas.OwnPartReply, refuses=(404,)
)
def show_own_part(caller: Caller, survey_id: str) -> answering.OwnPart:
    """Show whether one may answer, and has."""
    return answering.own_part(caller, survey_id)


@router.put(
    f"{SURVEY}/answers",
    permission="surveys.answer",
    reply=schemas.TakenReply,
    refuses=(403, 404, 409, 422),
    budget=CHANGES,
)
def answer_survey(caller: Caller, survey_id: str, body: schemas.AnswersAsked) -> answering.Taken:
    """Answer, or change what stands under the same secret; nobody can read it back."""
    return answering.answer(caller, survey_id, body.secret, body.answers, unit_id=body.unit_id)


def list_own_surveys(caller: Caller, query: Paging) -> making.SurveyPage:
    """List the surveys of the estate, the newest first."""
    return making.listed(caller, limit=query.limit, after=query.cursor)


def show_own_survey(caller: Caller, survey_id: str) -> making.SurveyView:
    """Show a survey of the estate and, once it is counted, what came out."""
    return making.show(caller, survey_id)


def announce_survey(caller: Caller, body: schemas.SurveyAsked) -> making.SurveyView:
    """Ask residents something; it cannot be changed afterwards."""
    said = dict(body)
    asked = [dict(one) for one in said.pop("questions")]
    questions = [making.QuestionWish(**{**one, "options": tuple(one["options"])}) for one in asked]
    return making.announce(caller, making.SurveyWish(questions=questions, **said))


def cancel_survey(caller: Caller, survey_id: str) -> making.SurveyView:
    """Call a survey off; nothing of it is counted."""
    return making.cancel(caller, survey_id)


def list_survey_words(caller: Caller, survey_id: str, query: schemas.WordsPaging) -> making.Words:
    """List what was written to a question, if at least five wrote."""
    limit, after = query.limit, query.cursor
    return making.words(caller, survey_id, query.question_id, limit=limit, after=after)


for _audience in ("committee", "property"):
    _surveys = f"/{_audience}/surveys"
    _survey = f"{_surveys}/{{survey_id}}"
    router.get(_surveys, permission="surveys.read", reply=schemas.SurveysReply)(list_own_surveys)
    router.post(
        _surveys, permission="surveys.make", reply=schemas.SurveyReply, once=True, refuses=(422,)
    )(announce_survey)
    router.get(_survey, permission="surveys.read", reply=schemas.SurveyReply, refuses=(404,))(
        show_own_survey
    )
    router.post(
        f"{_survey}/cancellation",
        permission="surveys.make",
        reply=schemas.SurveyReply,
        once=True,
        refuses=(404, 422),
    )(cancel_survey)
    router.get(
        f"{_survey}/words", permission="surveys.make", reply=schemas.WordsReply, refuses=(404, 422)
    )(list_survey_words)
