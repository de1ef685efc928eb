"""Consent as a state machine: whatever is tapped in whatever order, use needs a standing yes."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.identity.rules.consent import QUIET, Channel, Decision, Purpose, State, current
from chalicelib.identity.service import consent, lapses
from tests.invariants.store import in_memory

COMMUNITY, PEOPLE = "com_1", ("per_1", "per_2")
PURPOSES = (Purpose.MARKETING, Purpose.FACE_RECOGNITION)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

people = st.sampled_from(PEOPLE)
purposes = st.sampled_from(PURPOSES)
channels = st.sampled_from((Channel.PROMPT, Channel.SETTINGS))
days = st.integers(1, 400).map(lambda count: timedelta(days=count))


def caller(person: str) -> Caller:
    return Caller(person, COMMUNITY, "resident", ("resident",), 2**40)


def asked(purpose: Purpose, decision: Decision, channel: Channel) -> consent.Asked:
    notice = current(purpose)
    return consent.Asked(purpose, decision, channel, notice.version, notice.sha256)


class Consent(RuleBasedStateMachine):
    """The model: who said yes until when, and until when nobody may ask."""

    ids = Bundle("ids")

    @initialize()
    def begin(self) -> None:
        self.now, self.around = BEGINNING, ExitStack()
        self.memory = self.around.enter_context(in_memory())
        self.around.enter_context(clock.using(lambda: self.now))
        self.until: dict[tuple[str, Purpose], datetime] = {}
        self.quiet: dict[tuple[str, Purpose], datetime] = {}
        self.outdated: set[tuple[str, Purpose]] = set()

    def teardown(self) -> None:
        if hasattr(self, "around"):
            self.around.close()

    def holds(self, who: tuple[str, Purpose]) -> bool:
        return who in self.until and self.now < self.until[who] and who not in self.outdated

    def kept(self, consent_id: str) -> bool:
        """Return whether a record's retention is not over (LAW.md 3.2)."""
        found = [r for r in self.memory.rows("consents") if r["consent_id"]["S"] == consent_id]
        return any(float(row["expires"]["N"]) > self.now.timestamp() for row in found)

    def barred(self, who: tuple[str, Purpose], channel: Channel) -> bool:
        quiet = who in self.quiet and self.now < self.quiet[who]
        return channel is Channel.PROMPT and (quiet or self.holds(who))

    @rule(target=ids, person=people, purpose=purposes, channel=channels)
    def give(self, person: str, purpose: Purpose, channel: Channel) -> tuple[str, str, Purpose]:
        self.now += timedelta(seconds=1)
        who, given = (person, purpose), asked(purpose, Decision.GIVEN, channel)
        if self.barred(who, channel) and not self.holds(who):
            with pytest.raises(Unprocessable, match="consent_quiet"):
                consent.decide(caller(person), given)
            return person, "con_none", purpose
        view = consent.decide(caller(person), given)
        if not self.holds(who):
            self.until[who] = self.now + current(purpose).lasts
            self.quiet.pop(who, None)
            self.outdated.discard(who)
        assert view.consent_id is not None
        return person, view.consent_id, purpose

    @rule(person=people, purpose=purposes, channel=channels)
    def refuse(self, person: str, purpose: Purpose, channel: Channel) -> None:
        self.now += timedelta(seconds=1)
        who, refused = (person, purpose), asked(purpose, Decision.REFUSED, channel)
        before = consent.consents(caller(person)).items[list(Purpose).index(purpose)].state
        if before is State.REFUSED:
            consent.decide(caller(person), refused)
        elif self.barred(who, channel):
            with pytest.raises(Unprocessable, match="consent_quiet"):
                consent.decide(caller(person), refused)
        else:
            consent.decide(caller(person), refused)
            self.until.pop(who, None)
            self.quiet[who] = self.now + QUIET

    @rule(named=ids)
    def withdraw(self, named: tuple[str, str, Purpose]) -> None:
        person, consent_id, purpose = named
        if consent_id == "con_none":
            return
        self.now += timedelta(seconds=1)
        if not self.kept(consent_id):
            with pytest.raises(NotFound, match="no_such_consent"):
                consent.withdraw(caller(person), consent_id)
            return
        consent.withdraw(caller(person), consent_id)
        if (person, purpose) in self.until:  # taken back while it stood, or past its end
            del self.until[person, purpose]
            self.quiet[person, purpose] = self.now + QUIET

    @rule(named=ids)
    def a_stranger_withdraws(self, named: tuple[str, str, Purpose]) -> None:
        stranger = PEOPLE[1 - PEOPLE.index(named[0])]
        before = self.memory.rows("consents"), self.memory.rows("consent_standings")
        with pytest.raises(NotFound, match="no_such_consent"):
            consent.withdraw(caller(stranger), named[1])
        assert before == (self.memory.rows("consents"), self.memory.rows("consent_standings"))

    @rule(purpose=purposes)
    def its_text_asks_for_something_else(self, purpose: Purpose) -> None:
        """Whatever stands was given to a text that is not today's any more."""
        for row in self.memory.rows("consent_standings"):
            if (row["purpose"]["S"], row["state"]["S"]) == (purpose.value, "given"):
                row["text_sha256"] = {"S": "0" * 64}
                self.outdated.add((row["person_id"]["S"], purpose))

    @rule()
    def sweep(self) -> None:
        self.now += timedelta(seconds=1)
        over = [who for who, until in self.until.items() if until <= self.now]
        assert lapses.expire_consents() == len(over)
        for who in over:
            del self.until[who]

    @rule(passed=days)
    def wait(self, passed: timedelta) -> None:
        self.now += passed

    @invariant()
    def use_needs_a_standing_yes(self) -> None:
        for person in PEOPLE if hasattr(self, "until") else ():
            for purpose in PURPOSES:
                who = (person, purpose)
                assert self.used(*who) is self.holds(who)
                asking = not self.barred(who, Channel.PROMPT)
                assert consent.may_ask(COMMUNITY, person, purpose) is asking

    @invariant()
    def whoever_relies_on_it_has_heard(self) -> None:
        """The last event says yes exactly where a yes stands, past its end or not."""
        heard: dict[tuple[str, str], bool] = {}
        rows = self.memory.rows("outbox") if hasattr(self, "memory") else []
        for row in sorted(rows, key=lambda row: int(row["at"]["N"])):
            body = json.loads(row["body"]["S"])
            who = (body["person_id"], body["purpose"])
            heard[who] = row["name"]["S"] == "identity.ConsentGiven"
        yes = {(person, purpose.value) for person, purpose in getattr(self, "until", ())}
        assert {who for who, last in heard.items() if last} == yes

    def used(self, person: str, purpose: Purpose) -> bool:
        try:
            consent.require_consent(COMMUNITY, person, purpose)
        except Unprocessable:
            return False
        return True


TestConsent = Consent.TestCase
TestConsent.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
