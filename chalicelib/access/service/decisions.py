"""Use case of a door that asks: one read, one transaction, one answer to one request."""

import hashlib
import hmac
import random
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.access.events import AccessDecided, PassSpent
from chalicelib.access.rules import decisions as rules
from chalicelib.access.rules import passes as pass_rules
from chalicelib.access.rules.decisions import Decision, Direction, Door, Reason
from chalicelib.access.rules.passes import PassState
from chalicelib.access.service import trails
from chalicelib.access.service.doors import require_door
from chalicelib.access.service.recognition import Known, Question, Recognition
from chalicelib.access.tables.decisions import DecisionRow, request_key
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import clock, ids, keyring, outbox
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import Row
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity

TRIES: Final = 8
"""How often a decision is made anew that met another one of the same pass or door."""

VALID_FOR: Final = timedelta(seconds=rules.VALID_FOR_S)


@dataclass(frozen=True)
class Answer:
    """What a door is told; it acts on it until `expires_at` and never later."""

    decision_id: str
    decision: str
    reason: Reason
    holder: str | None
    floors: list[int]
    expires_at: datetime


def decide(speaker: devices.Speaker, question: Question, *, at: datetime | None = None) -> Answer:
    """Answer a door, once per request; two calls of DynamoDB.

    The same request again has the same answer while that is good; nothing is remembered
    between two requests, so that what was taken back opens nothing from then on. Raises
    Unprocessable `not_a_door`, Conflict `request_id_reused` for another question under the
    same id, `decision_over` for one that was answered longer ago than an answer is good, and
    `lost_race` if many show the same thing at once.
    """
    require_door(speaker)
    deciding = _Deciding(speaker, question, at or clock.now())
    for attempt in range(TRIES):
        try:
            return deciding.answer(again=attempt > 0)
        except Conflict as raced:
            if raced.code != "lost_race" or attempt == TRIES - 1:
                raise
            time.sleep(random.uniform(0, 0.02) * 2 ** min(attempt, 3))  # noqa: S311 -- jitter, no secret
    raise AssertionError("the last attempt returns or raises")


class _Deciding:
    """One question of one door, and what becomes of it."""

    def __init__(self, speaker: devices.Speaker, question: Question, at: datetime) -> None:
        self.speaker, self.question, self.at = speaker, question, at
        self.community_id = speaker.community_id
        self.door = Door(speaker.device_id, speaker.node_path, speaker.kind)
        self.who = Recognition(self.community_id, self.door, question, at=at)
        self.key = request_key(self.community_id, speaker.device_id, question.request_id)

    def answer(self, *, again: bool) -> Answer:
        """Read, decide, commit; raises Conflict if something was changed meanwhile."""
        known = self.who.read(self.key)
        if known.decided is not None:
            return self._repeated(known.decided)
        decision = self.who.judged(known)
        if again:
            decision = self._still_at_home(decision, known)
        row = self._row(decision)
        rows, events, given = self._effects(decision, known)
        fact = self._fact(row, decision, known)
        outbox.commit(row, *rows, events=(fact, *events), given=given)
        return _told(row)

    def _still_at_home(self, decision: Decision, known: Known) -> Decision:
        """Refuse who has just left, and their visitors; asked only after a lost race."""
        given, mark = known.pass_of(decision.holder), known.mark
        if not decision.allow:
            return decision
        if given is not None:
            at_home = given.host_id in identity.answerers(self.community_id, given.unit_id)
            return decision if at_home else _refused(decision, Reason.HOST_LEFT)
        try:
            if mark is not None:
                identity.tied_to(self.community_id, mark.unit_id, mark.person_id)
        except NotFound:
            return _refused(decision, Reason.REVOKED)
        return decision

    def _effects(
        self, decision: Decision, known: Known
    ) -> tuple[list[Row], list[Any], list[outbox.Given]]:
        """Return what a decision changes: uses, spent codes, wrong guesses."""
        if not decision.allow:
            wrong = decision.reason is Reason.WRONG_PIN
            return [*(self.who.counted(known) if wrong else ())], [], []
        code, given = self.who.spent_code(), known.pass_of(decision.holder)
        rows: list[Row] = [code] if code is not None else []
        if given is None:
            return rows, [], self._home_of(known)
        events = use(given, self.door, self.question.direction, self.at)
        speaks = identity.speaks_for(self.community_id, given.unit_id, given.host_id)
        return [given, *rows], events, [speaks]

    def _home_of(self, known: Known) -> list[outbox.Given]:
        """Return that who was recognised by a credential still lives where it was given for."""
        mark = known.mark
        if mark is None:
            return []
        return [identity.lives_at(self.community_id, mark.unit_id, mark.person_id)]

    def _row(self, decision: Decision) -> DecisionRow:
        row = DecisionRow(
            request_key=self.key,
            decision_id=ids.derived("dec", self.key),
            community_id=self.community_id,
            device_id=self.door.device_id,
            place_id=self.speaker.place_id,
            digest=self._digest(),
            method=self.question.method.value,
            allow=decision.allow,
            reason=decision.reason.value,
            direction=self.question.direction.value,
            companions=self.question.companions,
            floors=list(decision.floors),
            at=clock.epoch_ms(self.at),
            expires=kept_until(Kept.PASSAGE, self.at),
        )
        trails.close(row, decision.holder)
        return row

    def _fact(self, row: DecisionRow, decision: Decision, known: Known) -> AccessDecided:
        return AccessDecided(
            community_id=row.community_id,
            decision_id=row.decision_id,
            device_id=row.device_id,
            place_id=row.place_id,
            path=self.door.path,
            method=row.method,
            allow=row.allow,
            reason=row.reason,
            holder=decision.holder,
            unit_id=known.unit_of(decision.holder) or "",
            direction=row.direction,
            companions=int(row.companions),
            decided_at=self.at,
        )

    def _repeated(self, row: DecisionRow) -> Answer:
        if row.digest != self._digest():
            raise Conflict("request_id_reused", "该 request_id 已用于另一个请求")
        told = _told(row)
        if self.at >= told.expires_at:
            raise Conflict("decision_over", "该判定已过期，请重新识别")
        return told

    def _digest(self) -> str:
        """Return the keyed hash of the question: a plain one would tell a PIN."""
        asked = self.question
        said = (
            *(asked.method, asked.shown, asked.unit_id, asked.direction),
            *(str(asked.companions), str(asked.reader)),
        )
        key = keyring.derived("decision-request")
        return hmac.digest(key, "\x1f".join(said).encode(), hashlib.sha256).hex()


def _refused(decision: Decision, reason: Reason) -> Decision:
    return replace(decision, allow=False, reason=reason, floors=())


def use(given: PassRow, door: Door, direction: Direction, at: datetime) -> list[PassSpent]:
    """Let the visitor of a pass through a door: change its row, return what is to be told."""
    takes = pass_rules.takes_use(given.visit, door.path, direction, door.kind, at)
    given.note_visit(pass_rules.moved(given.visit, door.path, direction, door.kind, at))
    if not takes:
        return []
    given.uses_left = max(0, int(given.uses_left) - 1)
    if given.uses_left or given.state != PassState.APPROVED:
        return []
    given.advance(PassState.SPENT)
    spent = PassSpent(given.community_id, given.pass_id, given.unit_id, given.unit_path, at)
    return [spent]


def _told(row: DecisionRow) -> Answer:
    return Answer(
        decision_id=row.decision_id,
        decision="allow" if row.allow else "deny",
        reason=Reason(row.reason),
        holder=trails.holder_of(row),
        floors=[int(floor) for floor in row.floors],
        expires_at=clock.from_epoch_ms(int(row.at)) + VALID_FOR,
    )
