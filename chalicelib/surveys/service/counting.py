"""What the clock does: a survey that is over is counted, and what remains names nobody."""

from dataclasses import asdict
from datetime import datetime

from chalicelib.core import clock, outbox, sweep
from chalicelib.surveys import rules
from chalicelib.surveys.events import SurveyCounted
from chalicelib.surveys.rules import State
from chalicelib.surveys.tables import Answers, Survey

AT_ONCE = 50
"""Surveys of a shard that one sweep counts; the others come with the next, a minute later."""


def count_due(*, at: datetime | None = None) -> int:
    """Count every survey that is over; return how many were."""
    at = at or clock.now()
    return sweep.each(list(Survey.overdue(at, AT_ONCE)), lambda key: count(*key, at=at))


def count(community_id: str, survey_id: str, *, at: datetime | None = None) -> bool:
    """Count one survey if its time has come; said twice it is counted once.

    No answer comes in any more: it is a minute after the close. Raises Conflict `lost_race`.
    """
    at = at or clock.now()
    survey = Survey.find(community_id, survey_id)
    if survey is None or survey.due_at is None or survey.due_at > clock.epoch_ms(at):
        return False
    given = [row.answers for row in Answers.query(survey.survey_key, consistent_read=True)]
    counted = rules.result(survey.put(), given)
    survey.result, survey.state = asdict(counted), State.COUNTED.value
    survey.wakes(None)
    told = SurveyCounted(community_id, survey_id, counted.answered or 0, at)
    outbox.commit(survey, events=(told,))
    return True
