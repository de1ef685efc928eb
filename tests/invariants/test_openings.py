"""Openings by one's own phone and by a guard, walked at random beside a model (I8, I9).

Whoever taps, moves out and back in, settles and waits in whatever order: each granted tap is
one command and no refused one is any; who has moved out opens nothing from that moment, and
what is over is never opened again.
"""

import base64
import hashlib
import hmac
import json
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.access.public import finish
from chalicelib.access.rules.calls import UNKNOWN_AFTER
from chalicelib.access.rules.gates import STEP_S, Near
from chalicelib.access.rules.opening import DESK_OPENS_FOR, OUTCOMES, OpeningState
from chalicelib.access.service import desk, hands, opening
from chalicelib.core import clock, ids
from chalicelib.core.auth import Caller
from chalicelib.devices import public as devices
from chalicelib.devices.drivers import loopback
from chalicelib.devices.events import CommandSettled
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service.organisation import Place
from tests.invariants.test_calls import asked, caller
from tests.invariants.town import COMMUNITY, RESIDENTS, STRANGER, Town
from tests.invariants.world import World

FLAT, GATE = "unit_placed", "street-gate"
GUARD = Caller("per_guard", COMMUNITY, "property", ("guard",), 2**40, node_path=COMMUNITY)
PEOPLE = st.sampled_from([*RESIDENTS, STRANGER])
NUMBERS = st.integers(min_value=0, max_value=4)


class Openings(RuleBasedStateMachine):
    """Two residents and a stranger at one gate, and a guard who opens by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.world = World(1)
        self.world.chance.on = False
        self.town = Town(self.world, {})
        self.open.enter_context(self.town.open())
        self.open.enter_context(clock.using(self.world.clock))
        self.open.enter_context(ids.drawing(self.world.chance.bits))
        self.sent: list[dict[str, Any]] = []
        self.open.enter_context(
            loopback.subscribed(lambda _topic, said: self.sent.append(_told(said)))
        )
        identity.add_unit(COMMUNITY, FLAT, FLAT, at=Place("1号楼", "", "101", 8000))
        gate = devices.enrol(
            COMMUNITY, devices.Kind.GATE, place_id="street", name="东门", device_id=GATE,
            node_path=COMMUNITY,
        )  # fmt: skip
        self.key = base64.b64decode(gate.key)
        self.home: set[str] = set()
        for person in RESIDENTS:
            self._move_in(person)
        self.made: list[opening.PhoneOpening] = []
        self.states: dict[str, OpeningState] = {}
        self.asked_at: dict[str, datetime] = {}
        self.newest = ""
        self.by_hand: dict[str, hands.DeskOpening] = {}

    def teardown(self) -> None:
        """Close the town."""
        self.open.close()

    def _move_in(self, who: str) -> None:
        identity.move_in(COMMUNITY, FLAT, who, Tie.OWNER)
        self.home.add(who)

    @rule(who=PEOPLE, steps=st.integers(min_value=-2, max_value=2))
    def tap(self, who: str, steps: int) -> None:
        """Tap at the gate, with a code of some other half minute perhaps."""
        near = Near(code=self._code(int(clock.now().timestamp()) // STEP_S + steps))
        wanted = "code_stale" if abs(steps) > 1 else None if who in self.home else "no_such_unit"
        made, refused = asked(lambda: opening.open_door(caller(who), GATE, FLAT, near))
        assert refused == wanted
        if made is not None:
            self.made.append(made)
            self.states[made.opening_id] = OpeningState.SENT

    @rule(who=PEOPLE)
    def move(self, who: str) -> None:
        """Move out, or in again; a stranger never does."""
        if who in self.home:
            identity.move_out(COMMUNITY, FLAT, who)
            self.home.discard(who)
        elif who in RESIDENTS:
            self._move_in(who)

    @precondition(lambda self: self.made)
    @rule(number=NUMBERS, outcome=st.sampled_from([*OUTCOMES, "LATE_ACK"]))
    def settle(self, number: int, outcome: str) -> None:
        """Let a command end, perhaps again; what is over stays as it is."""
        made = self.made[number % len(self.made)]
        finish(self._settled(made.command_id, made.opening_id, outcome))
        if self.states[made.opening_id] is OpeningState.SENT and outcome in OUTCOMES:
            self.states[made.opening_id] = OUTCOMES[outcome]
            if OUTCOMES[outcome] is not OpeningState.OPENED and not self._is_asked():
                self.newest = self._desk_of(made.opening_id)
                self.asked_at[self.newest] = clock.now()

    @precondition(lambda self: self.asked_at)
    @rule(number=NUMBERS)
    def guard_opens(self, number: int) -> None:
        """A guard opens by a request: once, and not when nobody can stand there any more."""
        desk_id = sorted(self.asked_at)[number % len(self.asked_at)]
        desk.take(GUARD, desk_id)
        old = clock.now() >= self.asked_at[desk_id] + DESK_OPENS_FOR
        known = self.by_hand.get(desk_id)
        wanted = "request_old" if old and known is None else None
        made, refused = asked(lambda: hands.open_by_hand(GUARD, desk_id, "业主电话确认"))
        assert refused == wanted
        if made is not None:
            assert known is None or made.command_id == known.command_id
            self.by_hand[desk_id] = made

    @precondition(lambda self: self.by_hand)
    @rule(number=NUMBERS, outcome=st.sampled_from([*OUTCOMES, "LATE_ACK"]))
    def settle_by_hand(self, number: int, outcome: str) -> None:
        """Let a guard's command end."""
        desk_id = sorted(self.by_hand)[number % len(self.by_hand)]
        finish(self._settled(self.by_hand[desk_id].command_id, desk_id, outcome))

    @rule(seconds=st.sampled_from([1, 4, 8, 31, 1_801]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.world.pass_time(seconds * 1_000)

    @invariant()
    def each_granted_tap_is_one_command(self) -> None:
        """As many commands left as taps were granted, each its own, each for five seconds."""
        granted = [made.command_id for made in self.made]
        granted += [made.command_id for made in self.by_hand.values()]
        assert sorted(told["id"] for told in self.sent) == sorted(granted)
        assert all(told["exp"] - told["iat"] == 5_000 for told in self.sent)

    @invariant()
    def everybody_sees_their_own_as_the_model_says(self) -> None:
        """An opening without an answer is shown as unknown before a sweep says so."""
        at = clock.now()
        for made, told in zip(self.made, self._openers(), strict=True):
            wanted = self.states[made.opening_id]
            if wanted is OpeningState.SENT and at >= made.expires_at + UNKNOWN_AFTER:
                wanted = OpeningState.UNKNOWN
            assert opening.opening(caller(told), made.opening_id, at=at).state is wanted
        assert self.town.judge.violations == []

    def _openers(self) -> list[str]:
        by = {told["id"]: told["by"] for told in self.sent}
        return [by[made.command_id] for made in self.made]

    def _code(self, step: int) -> str:
        content = f"LG1.{GATE}.{step}"
        tag = hmac.new(self.key, content.encode(), hashlib.sha256).hexdigest()[:16]
        return f"{content}.{tag}"

    def _is_asked(self) -> bool:
        """Return whether the flat's newest request stands, by which a guard may open once."""
        asked_at = self.asked_at.get(self.newest)
        fresh = asked_at is not None and clock.now() < asked_at + DESK_OPENS_FOR
        return fresh and self.newest not in self.by_hand

    def _desk_of(self, opening_id: str) -> str:
        return ids.derived("desk", COMMUNITY, "door", opening_id)

    def _settled(self, command_id: str, cause_id: str, outcome: str) -> CommandSettled:
        at = clock.now()
        return CommandSettled(COMMUNITY, GATE, command_id, "gate.open", outcome, "", cause_id, at)


def _told(said: bytes | str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.loads(said)["p"])
    return told


TestOpenings = Openings.TestCase
TestOpenings.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
