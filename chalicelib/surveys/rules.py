"""Verdicts of surveys: what may be asked and answered, and what a result shows of few people.

No result tells what a group of fewer than `LEAST` people said (k-anonymity): such counts are left
out, and with them as many others as keep them from being computed. Bad input is a code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEAST = 5
"""The smallest group of people of which a number is shown."""

LONGEST = timedelta(days=60)
SHORTEST = timedelta(hours=1)
MOST_QUESTIONS, MOST_OPTIONS, LONGEST_TEXT = 20, 20, 500
SCALES = range(2, 11)
"""The highest number that a scale, which starts at 1, may have."""


class Asks(StrEnum):
    """Who may answer; whoever it is, nobody learns what they said.

    ANONYMOUS: everybody with an account of the estate. RESIDENT: who lives there. OWNER.
    """

    ANONYMOUS = "ANONYMOUS"
    RESIDENT = "RESIDENT"
    OWNER = "OWNER"


class Per(StrEnum):
    """For whom there is one answer: each person, or each flat."""

    PERSON = "PERSON"
    FLAT = "FLAT"


class QuestionKind(StrEnum):
    """How a question is answered."""

    SINGLE = "SINGLE"
    MULTIPLE = "MULTIPLE"
    SCALE = "SCALE"
    TEXT = "TEXT"


class State(StrEnum):
    """Where a survey is; by the clock it opens and closes, by counting it is COUNTED."""

    SCHEDULED = "SCHEDULED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    COUNTED = "COUNTED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Question:
    """A question: `options` of SINGLE and MULTIPLE, `top` of a SCALE from 1."""

    question_id: str
    kind: QuestionKind
    options: tuple[str, ...] = ()
    top: int = 0

    @property
    def cells(self) -> tuple[str, ...]:
        """Return what an answer can be counted towards."""
        numbers = tuple(str(number) for number in range(1, self.top + 1))
        return numbers if self.kind is QuestionKind.SCALE else self.options


Answer = str | int | Sequence[str]
"""SINGLE: the option; MULTIPLE: some of them; SCALE: the number; TEXT: the words."""


def survey_refusal(
    questions: Sequence[Question], asks: Asks, per: Per, opens: datetime, closes: datetime
) -> str | None:
    """Return why this cannot be asked, or None."""
    if not SHORTEST <= closes - opens <= LONGEST:
        return "survey_window"
    if asks is Asks.ANONYMOUS and per is Per.FLAT:
        return "survey_flat_without_residents"
    names = [question.question_id for question in questions]
    if not 1 <= len(names) <= MOST_QUESTIONS or len(set(names)) < len(names):
        return "survey_questions"
    return next((code for one in questions if (code := _question_refusal(one))), None)


def _question_refusal(question: Question) -> str | None:
    chosen = question.kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE)
    options = question.options
    least = 2 if question.kind is QuestionKind.SINGLE else 1
    fits = (
        least <= len(options) <= MOST_OPTIONS and len(set(options)) == len(options)
        if chosen
        else not options
    )
    scaled = question.top in SCALES if question.kind is QuestionKind.SCALE else question.top == 0
    return None if question.question_id and fits and scaled else "survey_question"


def state_of(kept: State, opens: datetime, closes: datetime, at: datetime) -> State:
    """Return where a survey is at an instant; the last instant does not belong to it."""
    if kept in (State.COUNTED, State.CANCELLED):
        return kept
    if at < opens:
        return State.SCHEDULED
    return State.OPEN if at < closes else State.CLOSED


def answers_refusal(questions: Iterable[Question], answers: Mapping[str, Answer]) -> str | None:
    """Return why these answers cannot be taken, or None: each question is answered.

    Only words may be left out: if a choice could, who left it out would be a group of its own.
    """
    asked = {question.question_id: question for question in questions}
    needed = {name for name, one in asked.items() if one.kind is not QuestionKind.TEXT}
    if not needed <= set(answers) <= set(asked):
        return "answer_questions"
    fits = all(_fits(asked[name], said) for name, said in answers.items())
    return None if fits else "answer_option"


def _fits(question: Question, said: Answer) -> bool:
    if question.kind is QuestionKind.SCALE:
        return type(said) is int and 1 <= said <= question.top
    if question.kind is QuestionKind.MULTIPLE:
        if isinstance(said, str | int):
            return False
        return set(said) <= set(question.options) and len(set(said)) == len(said)
    if not isinstance(said, str):
        return False
    if question.kind is QuestionKind.SINGLE:
        return said in question.options
    return 0 < len(said) <= LONGEST_TEXT


@dataclass(frozen=True)
class Shown:
    """What is published of a question: None stands for a number that is left out.

    `mean` is that of a scale in hundredths, and there only if no count is left out.
    """

    question_id: str
    counts: dict[str, int | None]
    mean: int | None = None
    texts: int | None = None


@dataclass(frozen=True)
class Result:
    """What is published of a survey; of fewer than five answers nothing at all."""

    answered: int | None
    questions: tuple[Shown, ...] = ()


def result(questions: Sequence[Question], answers: Sequence[Mapping[str, Answer]]) -> Result:
    """Return what is published of these answers, in whatever order they come."""
    if len(answers) < LEAST:
        return Result(None)
    return Result(len(answers), tuple(_shown(question, answers) for question in questions))


def _shown(question: Question, answers: Sequence[Mapping[str, Answer]]) -> Shown:
    name = question.question_id
    said = [given[name] for given in answers if name in given]
    if question.kind is QuestionKind.TEXT:
        return Shown(name, {}, texts=len(said) if is_big(len(said), len(answers)) else None)
    counts = dict.fromkeys(question.cells, 0)
    for one in said:
        for cell in [str(one)] if isinstance(one, str | int) else one:
            counts[cell] += 1
    if question.kind is QuestionKind.MULTIPLE:
        whole = len(answers)
        return Shown(name, {c: n if is_big(n, whole) else None for c, n in counts.items()})
    shown = left_out(counts)
    mean = None
    if question.kind is QuestionKind.SCALE and None not in shown.values():
        mean = round(100 * sum(int(cell) * n for cell, n in counts.items()) / len(answers))
    return Shown(name, shown, mean)


def is_big(part: int, whole: int) -> bool:
    """Return whether neither those who did nor those who did not are a small group."""
    return all(group == 0 or group >= LEAST for group in (part, whole - part))


def left_out(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Return counts that add up to a known sum, without those of small groups.

    Leaving out the small ones alone is not enough: one missing number follows from the sum, and
    who knows the rule can compute more (of 5, 4, 4 the last two are the only ones that fit). So
    if there is a small group, everything below twice the least is left out; and everything, if
    that is one number, or is fewer than five people together. What is left out may then be
    swapped without a change of what is shown, and where all of it is equal, one person less
    here and more there shows the same: no number of it can be computed.
    """
    if not any(0 < count < LEAST for count in counts.values()):
        return dict(counts)
    low = {cell for cell, count in counts.items() if count < 2 * LEAST}
    enough = len(low) > 1 and sum(counts[cell] for cell in low) >= LEAST
    hidden = low if enough else set(counts)
    return {cell: None if cell in hidden else count for cell, count in counts.items()}
