"""Rows of surveys. Who answered and what was answered share no key, no id and no time.

`Participation` is keyed by the person (or flat), `Answers` by what only the person's phone knows.
Neither has a time of its own, and neither is written again with the other.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shard_of, shards, tenant_key
from chalicelib.surveys.rules import Asks, Per, Question, QuestionKind, State, state_of


class _Due(GlobalSecondaryIndex["Survey"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class Survey(Row):
    """A survey, from its announcement to its result; times are epoch ms.

    Questions are {id, kind, title, options, top}. Kept for ever: its result names nobody.
    """

    class Meta:
        short = "surveys"

    community_id = UnicodeAttribute(hash_key=True)
    survey_id = UnicodeAttribute(range_key=True)
    title = UnicodeAttribute()
    text = UnicodeAttribute()
    asks = UnicodeAttribute()
    per = UnicodeAttribute()
    questions = PlainJson(default=list)
    opens_at = NumberAttribute()
    closes_at = NumberAttribute()
    state = UnicodeAttribute(default=State.SCHEDULED.value)
    audience = UnicodeAttribute()
    made_by = UnicodeAttribute()
    result = PlainJson(null=True)
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    due = _Due()

    @property
    def survey_key(self) -> str:
        """Return the key of the answers to this survey."""
        return tenant_key(self.community_id, self.survey_id)

    def stands(self, at: datetime) -> State:
        """Return where the survey is at an instant."""
        opens, closes = map(clock.from_epoch_ms, (int(self.opens_at), int(self.closes_at)))
        return state_of(State(self.state), opens, closes, at)

    def put(self) -> list[Question]:
        """Return the questions as the rules know them."""
        return [
            Question(
                said["id"], QuestionKind(said["kind"]), tuple(said["options"]), int(said["top"])
            )
            for said in self.questions
        ]

    def for_whom(self) -> tuple[Asks, Per]:
        """Return who may answer, and for whom there is one answer."""
        return Asks(self.asks), Per(self.per)

    def wakes(self, at_ms: int | None) -> None:
        """Let the schedule look at the survey at an instant (epoch ms); None: never."""
        self.due_at = at_ms
        self.shard = None if at_ms is None else shard_of("survey", self.survey_id)

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        """Yield the keys of surveys that are to be counted."""
        for shard in shards("survey"):
            for row in cls.due.query(shard, cls.due_at <= clock.epoch_ms(at), limit=limit):
                yield row.community_id, row.survey_id


class Participation(Row):
    """That a person, or a flat, has answered; never what, and never when.

    It is of no use once the survey is counted; `expires` is the same for all of a survey.
    """

    class Meta:
        short = "survey_participations"
        ttl = "expires"

    person_key = UnicodeAttribute(hash_key=True)
    survey_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    expires = NumberAttribute()


class Answers(Row):
    """One set of answers; `answers_id` is derived from a secret that only a phone keeps.

    So they come out in an order that tells nothing, and only who has the secret changes them.
    """

    class Meta:
        short = "survey_answers"
        ttl = "expires"

    survey_key = UnicodeAttribute(hash_key=True)
    answers_id = UnicodeAttribute(range_key=True)
    answers: Any = PlainJson()
    expires = NumberAttribute()
