"""Passes walked at random beside a model: what is over never opens (SECURITY.md I8, I9, I10)."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.access import public as access
from chalicelib.access.rules import qr
from chalicelib.access.rules.decisions import Direction, Method, Reason
from chalicelib.access.rules.passes import Rule, Window
from chalicelib.access.service import decisions, pass_giving, pass_rules, passes
from chalicelib.access.service.recognition import Question
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Refusal
from chalicelib.devices.public import Speaker
from chalicelib.identity import public as identity
from chalicelib.identity.events import ResidencyEnded
from chalicelib.identity.rules.people import Tie
from infra import rows
from tests.invariants.store import in_memory

Answer = TypeVar("Answer")
COMMUNITY, UNIT = "com_heyuan", "unit_301"
BEGINNING = datetime(2026, 11, 21, 8, tzinfo=UTC)
HOST, MOVER = "per_wang", "per_li"
WAITS = st.sampled_from([1, 5, 29, 31, 61, 301, 1_800, 7_200])
NUMBERS = st.integers(min_value=0, max_value=3)
WAYS = st.sampled_from([Direction.IN, Direction.OUT, Direction.UNKNOWN])


@dataclass
class Given:
    """What the model knows of a pass."""

    host: str
    pass_id: str
    secret: bytes
    pin: str | None
    window: Window
    uses: int
    taken: int = 0
    over: bool = False


class Passes(RuleBasedStateMachine):
    """Two hosts, a gate, a house door; the visitor shows codes, PINs and old screenshots."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGINNING
        self.open = ExitStack()
        rows.load()
        self.open.enter_context(clock.using(lambda: self.now))
        self.open.enter_context(in_memory())
        identity.found_community(COMMUNITY, "和苑")
        identity.add_unit(COMMUNITY, UNIT, "301", at=identity.Place("1号楼", "", "301", 8000))
        for person in (HOST, MOVER):
            identity.register_person(COMMUNITY, name=person, person_id=person)
            identity.move_in(COMMUNITY, UNIT, person, Tie.OWNER)
        house = identity.home_at(COMMUNITY, UNIT).path.rpartition("/")[0]
        self.doors = {
            "gate": Speaker("gate", COMMUNITY, "gate", "gate", COMMUNITY, "门"),
            "door": Speaker("door", COMMUNITY, "door", "door", house, "楼门"),
        }
        self.given: list[Given] = []
        self.gone: set[str] = set()
        self.shots: list[str] = []
        self.allowed: Counter[tuple[str, str, Direction]] = Counter()
        self.asked: dict[str, tuple[Question, str, decisions.Answer, datetime]] = {}
        self.requests = 0
        anybody = Caller("per_chen", COMMUNITY, "property", ("property_manager",), 2**40)
        pass_rules.set_rule(anybody, Rule(passback_s=0))  # it would hide what codes must refuse
        self._give(HOST, Window(self.now, self.now + timedelta(hours=1)), uses=2, pin=True)
        self._give(MOVER, Window(self.now, self.now + timedelta(hours=1)), uses=2, pin=False)

    def teardown(self) -> None:
        """Forget the estate."""
        self.open.close()

    @rule(hours=st.integers(0, 2), uses=st.integers(1, 2), pin=st.booleans(), mover=st.booleans())
    def give(self, hours: int, uses: int, *, pin: bool, mover: bool) -> None:
        """Give a pass that begins now or in some hours and is good for one."""
        if len(self.given) > 3:
            return
        host = MOVER if mover else HOST
        starts = self.now + timedelta(hours=hours)
        window = Window(starts, starts + timedelta(hours=1))
        self._give(host, window, uses=uses, pin=pin)

    @rule(number=NUMBERS, door=st.sampled_from(["gate", "door"]), way=WAYS)
    def show_code(self, number: int, door: str, way: Direction) -> None:
        """Show the code of now."""
        given = self._pass(number)
        shown = qr.code(given.pass_id, given.secret, qr.step_at(self.now))
        self.shots.append(shown)
        self._judge(given, self._ask(door, Method.QR, shown, way), door, way)

    @precondition(lambda self: self.shots)
    @rule(number=NUMBERS, door=st.sampled_from(["gate", "door"]), way=WAYS)
    def show_screenshot(self, number: int, door: str, way: Direction) -> None:
        """Show a code that was shown before: fresh or stale, used at this door or not."""
        shown = self.shots[-1 - number % len(self.shots)]
        given = next(one for one in self.given if one.pass_id in shown)
        answer = self._ask(door, Method.QR, shown, way)
        step = int(shown.split(".")[2])
        if abs(step - qr.step_at(self.now)) > 1:
            assert answer.reason is Reason.STALE_CODE
        self._judge(given, answer, door, way)

    @precondition(lambda self: any(one.pin for one in self.given))
    @rule(number=NUMBERS, door=st.sampled_from(["gate", "door"]), way=WAYS)
    def enter_pin(self, number: int, door: str, way: Direction) -> None:
        """Enter the PIN."""
        with_pin = [one for one in self.given if one.pin]
        given = with_pin[number % len(with_pin)]
        self._judge(given, self._ask(door, Method.PIN, given.pin or "", way), door, way)

    @precondition(lambda self: self.asked)
    @rule(number=NUMBERS)
    def ask_again(self, number: int) -> None:
        """Send an old question again: the first answer while it is good, and no other later."""
        question, door, first, at = list(self.asked.values())[-1 - number % len(self.asked)]
        again, refused = asked(lambda: decisions.decide(self.doors[door], question))
        if self.now >= at + decisions.VALID_FOR:
            assert refused == "decision_over"
        else:
            assert again == first

    @rule(number=NUMBERS)
    def revoke(self, number: int) -> None:
        """Take a pass back."""
        given = self._pass(number)
        _, refused = asked(lambda: passes.revoke(caller(given.host), given.pass_id))
        assert refused in (None, "pass_over")
        given.over = True

    @rule(told=st.booleans())
    def move_out(self, *, told: bool) -> None:
        """Let a host move out; the reaction hears of it now, or later."""
        if MOVER not in self.gone:
            identity.move_out(COMMUNITY, UNIT, MOVER)
            self.gone.add(MOVER)
        if told:
            access.revoke_of_leaver(ResidencyEnded(COMMUNITY, UNIT, MOVER, self.now))

    @rule(seconds=WAITS)
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        """Close what is over."""
        access.expire_passes()

    @invariant()
    def nobody_has_more_uses_than_were_given(self) -> None:
        """The rows say what the model counted, and never less than none left."""
        for given in self.given:
            row = PassRow.of(COMMUNITY, given.pass_id)
            assert row is not None
            assert int(row.uses_left) == given.uses - given.taken >= 0

    @invariant()
    def no_code_opens_a_door_twice(self) -> None:
        """Each step's code is good once at a door, each way."""
        assert not self.allowed or max(self.allowed.values()) == 1

    def _give(self, host: str, window: Window, *, uses: int, pin: bool) -> None:
        wish = pass_giving.Wish(UNIT, window, uses=uses, pin=pin)
        receipt, refused = asked(lambda: pass_giving.give(caller(host), wish))
        assert refused == ("no_such_unit" if host in self.gone else None)
        if receipt is None:
            return
        shared = passes.share(caller(host), receipt.pass_id)
        _, secret = qr.opened(shared.token) or ("", b"")
        self.given.append(Given(host, receipt.pass_id, secret, shared.pin, window, uses))

    def _pass(self, number: int) -> Given:
        return self.given[number % len(self.given)]

    def _ask(self, door: str, method: Method, shown: str, way: Direction) -> decisions.Answer:
        self.requests += 1
        question = Question(f"r{self.requests}", method, shown, UNIT, way)
        answer = decisions.decide(self.doors[door], question)
        self.asked[question.request_id] = question, door, answer, self.now
        if answer.decision == "allow" and method is Method.QR:
            self.allowed[shown, door, way] += 1
        return answer

    def _judge(self, given: Given, answer: decisions.Answer, door: str, way: Direction) -> None:
        """Hold an answer against what must be true of whoever is let in."""
        if answer.decision != "allow":
            assert answer.floors == []
            return
        assert answer.holder == given.pass_id
        assert not given.over, "I9: what was taken back opens nothing"
        assert given.window.starts <= self.now < given.window.ends
        assert given.host not in self.gone, "I9: who has left lets nobody in"
        left = PassRow.of(COMMUNITY, given.pass_id)
        assert left is not None
        taken = given.uses - int(left.uses_left)
        assert taken - given.taken in ({0} if way is Direction.OUT else {0, 1})
        if taken == given.taken and way is not Direction.OUT:
            assert door == "door", "only the way inwards is free"
        given.taken = taken


def asked(question: Callable[[], Answer]) -> tuple[Answer | None, str | None]:
    """Return the answer, or the code of the refusal."""
    try:
        return question(), None
    except Refusal as refusal:
        return None, refusal.code


def caller(who: str) -> Caller:
    """Return a resident as a token would have named them."""
    return Caller(who, COMMUNITY, "resident", ("resident",), 2**40)


TestPasses = Passes.TestCase
TestPasses.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
