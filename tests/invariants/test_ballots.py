"""Ballots as a state machine, with others between every two calls and processes that die.

I12: the log says what voters were told, ballots are never more than head groups, nothing comes
after the close; and the verifier, which shares no line with us, finds the same totals.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.core import aws, clock
from chalicelib.core.errors import Refusal
from chalicelib.core.table import tables
from chalicelib.voting.service import casting, publishing, waiting
from chalicelib.voting.tables.ballots import ProxyRow
from chalicelib.voting.tables.log import CommitRow, CountRow
from tests.invariants.store import in_memory
from tests.invariants.world import Crashed
from tests.voting.ballot_box import CLOSES, OPENS, PAPER_UNTIL, SCRUTINEERS, Box, said
from tools import verify_vote

GROUPS = 5
groups = st.sampled_from([f"g{number:03}" for number in range(GROUPS)])
marks = st.sampled_from(["YES", "NO", "ABSTAIN"])
elected = st.sampled_from([[], ["ann"], ["bob"]])
choices = st.builds(lambda mark, names: {"i1": mark, "i2": names}, marks, elected)
faults = st.sampled_from(["none", "none", "crash before", "crash after", "others between"])
ONLINE, OWN = {"CAST", "REPLACE", "PROXY"}, {"CAST", "REPLACE"}


def told(act: Callable[[], Any]) -> tuple[str, Any]:
    """Return the code with which something was refused or cut off, if it was, and its answer."""
    try:
        return "", act()
    except Crashed:
        return "crashed", None
    except Refusal as refusal:
        return refusal.code, None


class Buckets:
    """S3 and SQS as far as a vote asks for them."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put_object(self, **said: Any) -> None:
        self.kept[said["Key"]] = said["Body"]

    def head_object(self, **said: Any) -> bytes:
        return self.kept[said["Key"]]

    def send_message(self, **_: Any) -> None: ...


class Ballots(RuleBasedStateMachine):
    """The model: what stands for each group, and who waits in line."""

    @initialize()
    def begin(self) -> None:
        self.now = OPENS + 1
        self.around = ExitStack()
        assert tables(), "rows are imported"
        self.memory = self.around.enter_context(in_memory())
        self.buckets = Buckets()
        services = {"dynamodb": self.memory, "s3": self.buckets, "sqs": self.buckets}
        self.around.enter_context(aws.using(services))
        self.around.enter_context(clock.using(lambda: clock.from_epoch_ms(self.now)))
        self.box = Box("com_1", groups=GROUPS)
        self.standing: dict[str, tuple[str, dict[str, Any]]] = {}
        self.line: list[tuple[str, str, dict[str, Any]]] = []
        self.papers: dict[str, dict[str, dict[str, Any]]] = {}
        self.entries = 0

    def teardown(self) -> None:
        if hasattr(self, "around"):
            try:
                self.finish()
            finally:
                self.around.close()

    # -- what the model says -------------------------------------------------------------------

    def allows(self, kind: str, group: str) -> bool:
        """Return whether LAW.md 1.7 lets a group have such a ballot after what stands."""
        before = self.standing.get(group, ("", {}))[0]
        if kind == "PAPER":
            return before != "PAPER"
        if kind == "REPLACE":
            return before in OWN
        return before in {"", "PROXY"}

    def settle(self, kind: str, group: str, choice: dict[str, Any]) -> None:
        self.standing[group] = (kind, choice)
        self.entries += 1

    # -- what people do ------------------------------------------------------------------------

    @precondition(lambda self: self.now < CLOSES)
    @rule(
        group=groups,
        choice=choices,
        how=st.sampled_from(["CAST", "REPLACE", "PROXY"]),
        fault=faults,
    )
    def cast(self, group: str, choice: dict[str, Any], how: str, fault: str) -> None:
        self.now += 1  # two of one group are never told apart within a millisecond
        words, who = said(choice, replaces=how == "REPLACE"), f"per_{group}"
        if how == "PROXY":
            who = "per_holder"
            self.lend(group)
        may = self.allows(how, group)
        self.strike(fault, group)
        person = self.box.person(who)
        code, answer = told(lambda: casting.cast(person, "vote_1", group, words))
        self.calm()
        if code == "crashed":
            key = CommitRow.key(self.box.vote.vote_key, words.commit)
            took = CommitRow.find(key) is not None
            assert took is (may and fault == "crash after")
        else:
            took = not code and answer.state == "TAKEN"
            assert may is not bool(code), f"{code} for {how} after {self.standing.get(group)}"
        if took:
            self.settle(how, group, choice)
        elif not code:
            self.line.append((how, group, choice))

    @precondition(lambda self: self.now < CLOSES)
    @rule(group=groups)
    def a_stranger_casts(self, group: str) -> None:
        code, _ = told(lambda: self.box.cast(group, by="per_stranger"))
        assert code == "ballot_not_yours"

    @precondition(lambda self: not CLOSES <= self.now < CLOSES + 60_000)
    @rule(group=groups, choice=choices, who=st.sampled_from(SCRUTINEERS))
    def enter(self, group: str, choice: dict[str, Any], who: str) -> None:
        if self.now >= CLOSES:
            self.drain()
        notes = self.papers.setdefault(group, {})
        code, view = told(lambda: self.box.enter(who, group, choice))
        if not self.allows("PAPER", group):
            assert code == "ballot_paper_is_final"
        elif who in notes:
            assert code == "paper_entered_already"
        elif choice in notes.values():
            assert (code, view.state) == ("", "REGISTERED")
            self.settle("PAPER", group, choice)
            notes.clear()
        else:
            assert code == ""
            notes[who] = choice
            if len(notes) == len(SCRUTINEERS):
                notes.clear()

    @rule()
    def drain(self) -> None:
        """Everybody in the line has their turn: as what stands is then, not as it was."""
        served = waiting.drain(self.box.vote.vote_key)
        assert served == len(self.line)
        for kind, group, choice in self.line:
            if self.allows(kind, group):
                self.settle(kind, group, choice)
        self.line = []

    @rule(hours=st.integers(1, 40))
    def wait(self, hours: int) -> None:
        self.now = min(self.now + hours * 3_600_000, PAPER_UNTIL - 1)

    # -- faults --------------------------------------------------------------------------------

    def lend(self, group: str) -> None:
        key = self.box.vote.vote_key
        if ProxyRow.find(key, group) is None:
            row = ProxyRow(vote_key=key, group=group, holder_id="per_holder")
            row.document = row.document_sha256 = row.given_by = "x"
            row.given_at = self.now
            row.save()

    def strike(self, fault: str, group: str) -> None:
        def before(operation: str, _asked: Any) -> None:
            if operation != "TransactWriteItems":
                return
            if fault == "crash before":
                self.calm()
                raise Crashed
            if fault == "others between":
                self.memory.before = lambda _operation, _asked: None
                self.intrude(group)
                self.memory.before = before

        def after(operation: str, _asked: Any) -> None:
            if operation == "TransactWriteItems" and fault == "crash after":
                self.calm()
                raise Crashed

        self.memory.before, self.memory.after = before, after

    def calm(self) -> None:
        self.memory.before = self.memory.after = lambda _operation, _asked: None

    def intrude(self, group: str) -> None:
        """Another group's ballot takes the place that one was about to take."""
        other = next(name for name in reversed(self.box.names) if name != group)
        kind = "REPLACE" if self.allows("REPLACE", other) else "CAST"
        if self.allows(kind, other):
            choice = {"i1": "ABSTAIN", "i2": []}
            self.box.cast(other, choice, replaces=kind == "REPLACE")
            self.settle(kind, other, choice)

    # -- what always holds ---------------------------------------------------------------------

    @invariant()
    def the_head_counts_what_stands(self) -> None:
        if not hasattr(self, "box"):
            return
        head = self.box.head()
        assert (int(head.seq), int(head.cast_heads)) == (self.entries, len(self.standing))
        assert head.cast_area == sum(8_000 + int(group[1:]) for group in self.standing)

    def finish(self) -> None:
        self.now = PAPER_UNTIL + 61_000
        assert publishing.close(self.box.vote)
        for kind, group, choice in self.line:
            if self.allows(kind, group):
                self.settle(kind, group, choice)
        assert publishing.count(self.box.vote)
        row = CountRow.find(self.box.vote.vote_key)
        assert row is not None
        export = json.loads(self.buckets.kept[row.exports["SEALED"]["key"]])
        assert verify_vote.Log().verified(export)["ok"]
        assert export["count"] == self.entries
        for mark in ("YES", "NO", "ABSTAIN"):
            heads = sum(choice["i1"] == mark for _, choice in self.standing.values())
            assert export["totals"]["i1"][mark]["heads"] == heads
        assert all(entry["server_time"] < PAPER_UNTIL for entry in export["entries"])
        online = [e for e in export["entries"] if e["type"] in ONLINE]
        assert all(entry["server_time"] < CLOSES for entry in online)


Ballots.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestBallots = Ballots.TestCase
