"""The states of a visitor's call, walked at random beside a model of FLOWS.md 1."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.access.rules.calls import OUTCOMES, RINGS_FOR, UNKNOWN_AFTER, CallState
from chalicelib.access.service import answers, calls
from chalicelib.core import clock, ids
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Refusal
from chalicelib.devices.events import CommandSettled, DeviceEventRecorded
from tests.invariants.town import COMMUNITY, RESIDENTS, STRANGER, UNIT, Town
from tests.invariants.world import World

Answer = TypeVar("Answer")
RINGS = st.integers(min_value=1, max_value=3)
PEOPLE = st.sampled_from(RESIDENTS)


class Calls(RuleBasedStateMachine):
    """Two residents, a few rings, a gate; whatever the order, the model foretells each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.world = World(1)
        self.world.chance.on = False
        self.town = Town(self.world, {})
        self.open.enter_context(self.town.open())
        self.open.enter_context(clock.using(self.world.clock))
        self.open.enter_context(ids.drawing(self.world.chance.bits))
        self.states: dict[str, CallState] = {}
        self.rung: dict[str, datetime] = {}
        self.openings: dict[str, answers.Opening] = {}
        self.answerer: dict[str, str] = {}

    def teardown(self) -> None:
        """Close the town."""
        self.open.close()

    @rule(number=RINGS)
    def ring(self, number: int) -> None:
        """Ring, perhaps with an event that rang before, or while another one rings still."""
        event = self._event(number)
        call_id = call_of(number)
        calls.ring(event)
        rings = any(
            state is CallState.RINGING and event.received_at < self.rung[one] + RINGS_FOR
            for one, state in self.states.items()
        )
        if call_id not in self.states and not rings:
            self.states[call_id], self.rung[call_id] = CallState.RINGING, event.received_at

    @rule(number=RINGS, who=PEOPLE)
    def tap(self, number: int, who: str) -> None:
        """Tap: the first of the flat opens, once."""
        call_id, at = call_of(number), clock.now()
        mine = self.openings.get(call_id) if self.answerer.get(call_id) == who else None
        wanted = None if mine else self._refusal(call_id, at)
        opening, refused = asked(lambda: answers.open_gate(caller(who), call_id, at=at))
        assert refused == wanted
        if opening is None:
            return
        if mine is None:
            self.states[call_id] = CallState.SENT
            self.openings[call_id], self.answerer[call_id] = opening, who
        assert opening.command_id == self.openings[call_id].command_id

    @rule(number=RINGS, who=PEOPLE)
    def deny(self, number: int, who: str) -> None:
        """Turn away: the first answer of the flat stands."""
        call_id, at = call_of(number), clock.now()
        again = self.states.get(call_id) is CallState.DENIED and self.answerer[call_id] == who
        wanted = None if again else self._refusal(call_id, at)
        view, refused = asked(lambda: answers.deny(caller(who), call_id, at=at))
        assert refused == wanted
        if view is None:
            return
        self.states[call_id], self.answerer[call_id] = CallState.DENIED, who

    @rule(number=RINGS)
    def trespass(self, number: int) -> None:
        """A neighbour finds no such call."""
        _, refused = asked(lambda: answers.open_gate(caller(STRANGER), call_of(number)))
        assert refused == "no_such_call"

    @precondition(lambda self: self.openings)
    @rule(number=RINGS, outcome=st.sampled_from([*OUTCOMES, "LATE_ACK"]))
    def settle(self, number: int, outcome: str) -> None:
        """Let the gate's command end; a second end changes nothing."""
        call_id = call_of(number)
        opening = self.openings.get(call_id)
        if opening is None:
            return
        answers.finish(
            CommandSettled(
                community_id=COMMUNITY,
                device_id="gate",
                command_id=opening.command_id,
                op="gate.open",
                state=outcome,
                reason="",
                cause_id=call_id,
                settled_at=clock.now(),
            )
        )
        if self.states[call_id] is CallState.SENT and outcome in OUTCOMES:
            self.states[call_id] = OUTCOMES[outcome]

    @rule(seconds=st.sampled_from([1, 4, 8, 31]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.world.pass_time(seconds * 1_000)

    @rule()
    def sweep(self) -> None:
        """Close what nobody answered."""
        at = clock.now()
        calls.expire_calls(at=at)
        for call_id, state in self.states.items():
            if state is CallState.RINGING and at > self.rung[call_id] + RINGS_FOR:
                self.states[call_id] = CallState.EXPIRED

    @invariant()
    def the_flat_sees_what_the_model_says(self) -> None:
        """Overdue calls are shown as over before a sweep says so."""
        at = clock.now()
        for call_id, state in self.states.items():
            wanted = state
            opening = self.openings.get(call_id)
            if state is CallState.RINGING and at >= self.rung[call_id] + RINGS_FOR:
                wanted = CallState.EXPIRED
            if state is CallState.SENT and opening and at >= opening.expires_at + UNKNOWN_AFTER:
                wanted = CallState.UNKNOWN
            assert calls.call(caller(RESIDENTS[0]), call_id, at=at).state is wanted
        assert self.town.judge.violations == []

    def _refusal(self, call_id: str, at: datetime) -> str | None:
        state = self.states.get(call_id)
        if state is None:
            return "no_such_call"
        if state is CallState.EXPIRED:
            return "call_expired"
        if state is not CallState.RINGING:
            return "already_answered"
        return "call_expired" if at >= self.rung[call_id] + RINGS_FOR else None

    def _event(self, number: int) -> DeviceEventRecorded:
        at = clock.now().replace(microsecond=0) + timedelta(seconds=1)
        return DeviceEventRecorded(
            community_id=COMMUNITY,
            device_id="panel",
            kind="panel",
            place_id="place_entrance",
            event_id=f"ring-{number}",
            type="panel.call",
            data={"unit_id": UNIT, "gate_id": "gate"},
            boot=1,
            sequence=number,
            occurred_at=at,
            received_at=at,
            live=True,
        )


def asked(question: Callable[[], Answer]) -> tuple[Answer | None, str | None]:
    """Return the answer, or the code of the refusal."""
    try:
        return question(), None
    except Refusal as refusal:
        return None, refusal.code


def call_of(number: int) -> str:
    """Return the id of the call that a ring always makes."""
    return ids.derived("call", "panel", f"ring-{number}")


def caller(who: str) -> Caller:
    """Return a resident as a token would have named them."""
    return Caller(who, COMMUNITY, "resident", ("resident",), 2**40)


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
