"""The use case of who answers: once for each person or flat, changeable, never read back.

The phone draws a secret and keeps it. The first time, two rows are written in one transaction that
share nothing: that this person answered, and what was said, under a key made of the secret.
Whoever has the secret may change what stands there until the close. We keep no secret, so we
cannot find anybody's answers, and a lost one is lost for them, too. No idempotency record is
kept either: it would hold person and fingerprint side by side. The same request again is a
change to the same.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core import clock, keyring, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, Unprocessable
from chalicelib.core.reading import Wish, at_once
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.surveys import rules
from chalicelib.surveys.rules import Asks, Per, State
from chalicelib.surveys.service import making
from chalicelib.surveys.tables import Answers, Participation, Survey

TRIES = 5
"""How often answers are tried that another tap overtook."""


@dataclass(frozen=True)
class Taken:
    """Answers were taken; nothing of them is told again."""

    survey_id: str
    is_change: bool


@dataclass(frozen=True)
class OwnPart:
    """Whether the caller may answer, and for which flats; which of these are answered."""

    survey_id: str
    may_answer: bool
    units: list[str]
    answered: bool
    answered_units: list[str]


def answer(
    caller: Caller,
    survey_id: str,
    secret: str,
    answers: Mapping[str, rules.Answer],
    *,
    unit_id: str | None = None,
) -> Taken:
    """Take answers, or change those that stand under the same secret.

    Who taps twice at once answers once: whoever comes second finds what stands and changes it.

    Raises NotFound `no_such_survey`, Forbidden `survey_not_for_you`, Unprocessable
    `survey_not_open`, `survey_unit`, `answer_questions`, `answer_option`, Conflict
    `answered_already` if it was done under another secret.
    """
    survey, at = making.found(caller.community_id, survey_id), clock.now()
    if survey.stands(at) is not State.OPEN:
        raise Unprocessable("survey_not_open", "问卷未开放或已结束")
    who = _who(caller, survey, unit_id)
    making.require(rules.answers_refusal(survey.put(), answers))
    for _ in range(TRIES):
        try:
            return _taken(survey, who, _answers_id(survey, secret), dict(answers))
        except Conflict as lost:
            if lost.code != "lost_race":
                raise
    raise _already()


def _taken(survey: Survey, who: str, answers_id: str, answers: dict[str, rules.Answer]) -> Taken:
    """Write answers, two reads' worth in one call and one write; raises Conflict `lost_race`."""
    survey_id, key = survey.survey_id, (survey.survey_key, answers_id)
    part, stands = at_once(Wish(Participation, who, survey_id), Wish(Answers, *key))
    if (part is None) != (stands is None):  # told for good only if it is so again: a batch is
        raise Conflict("lost_race", "请重试")  # no snapshot, another tap may be between the two
    if stands is not None:
        stands.answers = answers
        outbox.commit(stands)
        return Taken(survey_id, is_change=True)
    closes = clock.from_epoch_ms(int(survey.closes_at))
    part = Participation(
        person_key=who,
        survey_id=survey_id,
        community_id=survey.community_id,
        expires=kept_until(Kept.PARTICIPATION, closes),
    )
    kept = Answers(*key, answers=answers, expires=kept_until(Kept.OPINION, closes))
    outbox.commit(part, kept)
    return Taken(survey_id, is_change=False)


def own_part(caller: Caller, survey_id: str) -> OwnPart:
    """Show whether the caller may answer, and whether they have; never what."""
    survey = making.found(caller.community_id, survey_id)
    asks, per = survey.for_whom()
    units = _units(caller, asks)
    flats = [_flat_key(survey, unit) for unit in units] if per is Per.FLAT else []
    keys = flats or [_person_key(survey, caller.subject_id)]
    there = at_once(*(Wish(Participation, key, survey_id) for key in keys))
    done = [unit for unit, part in zip(units, there, strict=False) if part] if flats else []
    return OwnPart(
        survey_id=survey_id,
        may_answer=asks is Asks.ANONYMOUS or bool(units),
        units=units if per is Per.FLAT else [],
        answered=all(part is not None for part in there),
        answered_units=done,
    )


def _who(caller: Caller, survey: Survey, unit_id: str | None) -> str:
    """Return the key of whom this answer is the one of; raises if the caller is not asked."""
    asks, per = survey.for_whom()
    if asks is Asks.ANONYMOUS:
        return _person_key(survey, caller.subject_id)
    units = _units(caller, asks)
    if not units:
        raise Forbidden("survey_not_for_you", "本问卷不面向您")
    if per is Per.PERSON:
        return _person_key(survey, caller.subject_id)
    if unit_id not in units:
        raise Unprocessable("survey_unit", "请选择您的房屋")
    return _flat_key(survey, str(unit_id))


def _units(caller: Caller, asks: rules.Asks) -> list[str]:
    """Return the flats that make somebody one who is asked: owned, or spoken for."""
    found = identity.owned_by if asks is Asks.OWNER else identity.units_of
    return sorted(found(caller.community_id, caller.subject_id))


def _person_key(survey: Survey, person_id: str) -> str:
    return tenant_key(survey.community_id, person_id)


def _flat_key(survey: Survey, unit_id: str) -> str:
    return tenant_key(survey.community_id, "flat", unit_id)


def _answers_id(survey: Survey, secret: str) -> str:
    """Return where answers stand: without our key, a guessed secret finds nothing."""
    said = f"{survey.survey_key}\x1f{secret}".encode()
    return hmac.digest(keyring.derived("survey-answers"), said, hashlib.sha256).hex()


def _already() -> Conflict:
    return Conflict("answered_already", "您（或您家）已填写过，只能在原来的手机上修改")
