"""The judge: what must hold after each write, each answer and each movement (SECURITY.md)."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.access.rules import calls as access
from chalicelib.alerts.rules import states as alerts
from chalicelib.core.table import table_name
from chalicelib.devices.rules.catalogue import OPS
from chalicelib.devices.rules.commands import ARROWS, CommandState
from tests.invariants.dynamodb import Change, Store
from tests.invariants.expressions import Item
from tests.invariants.machines import Moved
from tests.invariants.world import World

LATE_MS = 1_000
"""The broker counts a message's life in whole seconds."""

Events = Mapping[str, list[dict[str, Any]]]
Arrows = Mapping[Any, frozenset[Any]]


@dataclass(frozen=True)
class Answer:
    """What a client was told: when it asked, when it heard, what."""

    subject: str
    key: str
    path: str
    began_ms: int
    ended_ms: int
    status: int
    body: Mapping[str, Any]

    @property
    def lasting(self) -> dict[str, Any]:
        """Return what may never change between two answers; the state may still move on."""
        return {name: value for name, value in self.body.items() if name != "state"}


class Judge:
    """Collects violations; each begins with the invariant's number."""

    def __init__(self, world: World, store: Store) -> None:
        self.world, self.store = world, store
        self.violations: list[str] = []
        self.born_ms: dict[str, int] = {}
        self.told: Counter[tuple[str, ...]] = Counter()
        self.moves: list[Moved] = []
        self.answers: list[Answer] = []
        self.kept: dict[tuple[str, str], Answer] = {}
        self.rules: dict[str, Callable[[Change, Events], None]] = {
            table_name(short): rule
            for short, rule in (
                ("calls", self._call),
                ("commands", self._command),
                ("alerts", self._alert),
                ("once", self._once),
                ("device_events", self._device_event),
                ("detections", self._detection),
                ("notifications", self._notification),
            )
        }

    def break_(self, what: str) -> None:
        """Note a violation."""
        self.world.tell(f"VIOLATION {what}")
        self.violations.append(what)

    def require(self, holds: object, what: str) -> None:
        """Note a violation unless something holds."""
        if not holds:
            self.break_(what)

    # -- writes: I22, state and event both or neither ------------------------------------------

    def saw(self, changes: list[Change]) -> None:
        """Judge one atomic write."""
        events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for change in changes:
            if change.table == table_name("outbox") and change.old is None and change.new:
                events[text(change.new, "name")].append(json.loads(text(change.new, "body")))
        for name, bodies in events.items():
            for body in bodies:
                self._once_only(name, body)
                self.world.tell(f"committed {name}")
        for change in changes:
            rule = self.rules.get(change.table)
            if rule is not None:
                rule(change, events)

    def _once_only(self, name: str, body: Mapping[str, Any]) -> None:
        for subject in ("call_id", "command_id", "alert_id", "event_id"):
            if subject in body:
                identity = (name, str(body[subject]), str(body.get("state", "")))
                self.told[identity] += 1
                self.require(self.told[identity] == 1, f"I22 announced twice: {identity}")
                return

    def _call(self, change: Change, events: Events) -> None:
        call_id, _, new = moved(change, "call_id")
        self._walk(change, access.ARROWS, access.CallState, "RINGING")
        if change.old is None:
            self._with(events, "access.CallRung", call_id=call_id)
        elif state(change.old) != new and new == "SENT":
            self._with(events, "access.OpeningGranted", call_id=call_id)
        elif state(change.old) != new:
            self._with(events, "access.CallClosed", call_id=call_id, state=new)

    def _command(self, change: Change, events: Events) -> None:
        command_id, _, new = moved(change, "command_id")
        self._walk(change, ARROWS, CommandState, "SENT")
        if change.old is None:
            self.born_ms[command_id] = self.world.now_ms
        elif state(change.old) != new:
            self._with(events, "devices.CommandSettled", command_id=command_id, state=new)

    def _alert(self, change: Change, events: Events) -> None:
        alert_id, old, new = moved(change, "alert_id")
        if change.old is None:
            self._with(events, "alerts.AlertOpened", alert_id=alert_id)
        else:
            self._walk(change, alerts.ARROWS, alerts.State, "")
        over = new and alerts.is_over(alerts.State(new))
        if over and not (old and alerts.is_over(alerts.State(old))):
            self._with(events, "alerts.AlertClosed", alert_id=alert_id, state=new)

    def _once(self, change: Change, _events: Events) -> None:
        self.require(change.old is None, "I5 the first answer to a key was overwritten")

    def _device_event(self, change: Change, events: Events) -> None:
        event_id = text(change.new or change.old or {}, "event_id")
        self.require(change.old is None, f"I22 device event {event_id} recorded twice")
        self._with(events, "devices.DeviceEventRecorded", event_id=event_id)

    def _detection(self, change: Change, events: Events) -> None:
        event_id = text(change.new or change.old or {}, "event_id")
        self.require(change.old is None, f"I22 frame {event_id} examined twice")
        self._with(events, "vision.FrameExamined", event_id=event_id)

    def _notification(self, change: Change, _events: Events) -> None:
        identity = ("note", text(change.new or {}, "alert_id"), text(change.new or {}, "topic"))
        self.told[identity] += 1
        self.require(self.told[identity] == 1, f"I22 staff told twice: {identity}")

    def _walk(self, change: Change, arrows: Arrows, kind: Any, first: str) -> None:
        subject = f"{change.table} {state(change.old)}->{state(change.new)}"
        if change.new is None:
            self.break_(f"I22 deleted: {subject}")
        elif change.old is None:
            self.require(state(change.new) == first, f"I22 born elsewhere: {subject}")
        elif state(change.old) != state(change.new):
            old, new = kind(state(change.old)), kind(state(change.new))
            two = {end for middle in arrows[old] for end in arrows[middle]}
            self.require(new in arrows[old] | two, f"I22 no such arrow: {subject}")

    def _with(self, events: Events, name: str, **wanted: str) -> None:
        found = any(wanted.items() <= body.items() for body in events.get(name, ()))
        self.require(found, f"I22 a change without its event {name} {wanted}")

    # -- movements: I8 -------------------------------------------------------------------------

    def moved(self, move: Moved) -> None:
        """Judge what a device really did."""
        earlier = [one for one in self.moves if one.command_id == move.command_id]
        self.require(not earlier, f"I8 {move.op} done twice: {move.command_id}")
        self.moves.append(move)
        born = self.born_ms.get(move.command_id)
        if born is None:
            self.break_(f"I8 {move.op} without a command: {move.command_id}")
            return
        life = OPS[move.op].ttl.total_seconds() * 1000 + LATE_MS
        late = move.at_ms - born - life
        self.require(late <= 0, f"I8 {move.op} {late:.0f} ms after its end: {move.command_id}")

    # -- answers: I5 ---------------------------------------------------------------------------

    def answered(self, answer: Answer) -> None:
        """Judge what a client was told about a key, against what it was told before."""
        self.answers.append(answer)
        first = self.kept.get((answer.subject, answer.key))
        if first is None:
            if answer.status < 300:
                self.kept[answer.subject, answer.key] = answer
        elif first.path == answer.path:
            self._same(first, answer)
        elif answer.status < 300 or (
            answer.began_ms > first.ended_ms and answer.status not in (409, 500, 503)
        ):
            self.break_(f"I5 key used for {first.path} then answered {answer.status}")

    def _same(self, first: Answer, again: Answer) -> None:
        if again.status < 300:
            self.require(again.lasting == first.lasting, f"I5 other answer: {first} {again}")
            told = f"{first.body['state']}, then {again.body['state']}"
            self.require(self._follows(first, again), f"I5 told {told}")
        elif again.began_ms > first.ended_ms:
            self.require(again.status in (500, 503), f"I5 refused the second time: {again}")

    def _follows(self, first: Answer, again: Answer) -> bool:
        """Return whether a state may be told after another: knowing may only grow.

        A broken clock may forget what it knew, and so may a stranger's acknowledgement that
        takes the true one's place, as long as the command itself does not know its end.
        """
        before, now = first.body["state"], again.body["state"]
        if before in ("SENT", "UNKNOWN", now) or self.world.chance.counts["clock jump"]:
            return True
        command_id = again.body.get("command_id", "")
        known = [
            state(row)
            for row in self.store.rows(table_name("commands"))
            if text(row, "command_id") == command_id
        ]
        return now in ("SENT", "UNKNOWN") and known == ["SENT"]


def text(item: Item, name: str) -> str:
    """Return a string attribute, or nothing."""
    return str(item.get(name, {}).get("S", ""))


def state(item: Item | None) -> str:
    """Return where an item is."""
    return text(item, "state") if item else ""


def moved(change: Change, identity: str) -> tuple[str, str, str]:
    """Return who changed, from where, to where."""
    return text(change.new or change.old or {}, identity), state(change.old), state(change.new)
