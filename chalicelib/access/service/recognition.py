"""Whom a door has before it: what was shown, read in one call, and what the entries say of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.rules import decisions as rules
from chalicelib.access.rules import passes as pass_rules
from chalicelib.access.rules import pins as pin_rules
from chalicelib.access.rules import qr
from chalicelib.access.rules.allow_lists import Entry
from chalicelib.access.rules.decisions import Decision, Direction, Door, Method, Reason, Shown
from chalicelib.access.rules.passes import PassState
from chalicelib.access.service import marks, pass_secrets, pins
from chalicelib.access.tables.credentials import Mark
from chalicelib.access.tables.decisions import DecisionRow
from chalicelib.access.tables.passes import PassRow
from chalicelib.access.tables.pins import EVERY, PinGuesses, guess_key
from chalicelib.core import once
from chalicelib.core.reading import Wish, at_once
from chalicelib.core.table import tenant_key


@dataclass(frozen=True)
class Question:
    """What a door asks, by its own id of the request; `reader` is which of its readers."""

    request_id: str
    method: Method
    shown: str
    unit_id: str = ""
    direction: Direction = Direction.IN
    companions: int = 0
    reader: int = 0


@dataclass
class Known:
    """What one read found: an earlier answer, a pass or a credential, spent codes, guesses."""

    decided: DecisionRow | None = None
    given: PassRow | None = None
    mark: Mark | None = None
    used: once.OnceRecord | None = None
    guesses: list[PinGuesses] = field(default_factory=list)

    def pass_of(self, holder: str) -> PassRow | None:
        """Return the pass of this id, if it is the one that was found."""
        return self.given if self.given is not None and self.given.pass_id == holder else None

    def unit_of(self, holder: str) -> str | None:
        """Return the flat of who was recognised."""
        if (given := self.pass_of(holder)) is not None:
            return given.unit_id
        return self.mark.unit_id if holder and self.mark is not None else None


class Recognition:
    """One question of one door of an estate, at an instant."""

    def __init__(self, community_id: str, door: Door, question: Question, *, at: datetime) -> None:
        self.community_id, self.door, self.at, self.reader = community_id, door, at, question.reader
        self.asked = question.shown
        is_card = question.method is Method.CARD
        number = marks.card_number(question.shown) if is_card else ""
        self.shown = Shown(
            method=question.method,
            shown=marks.card_index(community_id, number) if is_card else question.shown,
            unit_id=question.unit_id,
            direction=question.direction,
            companions=question.companions,
        )

    def read(self, request_key: str) -> Known:
        """Read all that a decision needs; one call."""
        wishes = {"decided": Wish(DecisionRow, request_key), **self._wishes()}
        found: dict[str, Any] = dict(zip(wishes, at_once(*wishes.values()), strict=True))
        guesses = [
            found.pop(name) or self._no_guesses(wishes[name])
            for name in ("here", "everywhere")
            if name in wishes
        ]
        return Known(
            **{name: row for name, row in found.items() if name not in ("here", "everywhere")},
            guesses=guesses,
        )

    def judged(self, known: Known) -> Decision:
        """Return what the entries say, and what only we know."""
        if any(pin_rules.is_locked(row.guesses, self.at) for row in known.guesses):
            return Decision(allow=False, reason=Reason.PIN_LOCKED)
        pin_key = marks.edge_keys(self.community_id)["pin"]
        entries = self._entries(known)
        found = rules.decide(entries, self.shown, self.door, self.at, pin_key=pin_key)
        if not found.holder:
            return found
        refused = self._refusal(known, found)
        return found if refused is None else replace(found, allow=False, reason=refused, floors=())

    def counted(self, known: Known) -> list[PinGuesses]:
        """Return the rows of guesses with one more wrong one, to be committed."""
        free = (pin_rules.FREE_TRIES, pin_rules.DOOR_TRIES)
        for row, tries in zip(known.guesses, free, strict=True):
            row.keep(pin_rules.failed(row.guesses, self.at, tries))
        return known.guesses

    def spent_code(self) -> once.OnceRecord | None:
        """Return the row that spends the code that was shown, to be committed; None for none."""
        code = self._code()
        if code is None:
            return None
        return once.spent_by(self._code_key(code), self.at + timedelta(seconds=2 * qr.GOOD_FOR_S))

    def _wishes(self) -> dict[str, Wish]:
        """Return what to read, by how somebody shows who they are."""
        if self.shown.method is Method.CARD:
            return {"mark": self._mark("card", self.shown.shown)}
        if self.shown.method is Method.PIN:
            return self._wishes_of_pin()
        code = self._code()
        if code is None:
            return {}
        used = {"used": Wish(once.OnceRecord, self._code_key(code))}
        if code.holder.startswith("pass_"):
            return {**used, "given": Wish(PassRow, tenant_key(self.community_id, code.holder))}
        return {**used, "mark": self._mark("holder", code.holder)}

    def _code(self) -> qr.Code | None:
        """Return the code that was shown; None for none, and for what is no code by its method.

        What finds by a code and what spends it both ask here.
        """
        return qr.read(self.asked) if rules.is_code(self.shown.method) else None

    def _wishes_of_pin(self) -> dict[str, Wish]:
        community_id, unit_id, pin = self.community_id, self.shown.unit_id, self.asked
        if not pin_rules.is_pin(pin) or not unit_id:
            return {}
        pass_id = pins.pass_id_of(community_id, unit_id, pin)
        whose = {"here": unit_id, "everywhere": EVERY}
        door_id = self.door.device_id
        return {
            "given": Wish(PassRow, tenant_key(community_id, pass_id)),
            "mark": self._mark("pin", pins.pin_hash(community_id, unit_id, pin)),
            **{
                name: Wish(PinGuesses, guess_key(community_id, door_id, one, self.at))
                for name, one in whose.items()
            },
        }

    def _entries(self, known: Known) -> list[Entry]:
        entries = []
        if known.given is not None:
            left = int(known.given.uses_left) if self._takes_use(known.given) else None
            entries.append(pass_secrets.entry_of(known.given, uses=left))
        if known.mark is not None:
            entries.append(marks.opened(self.community_id, known.mark.entry))
        return entries

    def _refusal(self, known: Known, found: Decision) -> Reason | None:
        """Return why who was recognised is not let in although their entry may be good."""
        given = known.pass_of(found.holder)
        if given is not None and (over := pass_rules.closed(PassState(given.state))):
            return over
        if not self._serves(given, known.mark):
            return Reason.WRONG_DOOR
        if not found.allow:
            return found.reason
        if known.used is not None:
            return Reason.CODE_USED
        return Reason.PASSBACK if given is not None and self._is_passback(given) else None

    def _serves(self, given: PassRow | None, mark: Mark | None) -> bool:
        if given is not None:
            chosen = list(given.doors)
            named = not chosen or self.door.device_id in chosen
            return named and rules.reaches(self.door.path, given.unit_path)
        return mark is not None and rules.reaches(self.door.path, mark.path)

    def _is_passback(self, given: PassRow) -> bool:
        comes_in = rules.spends(self.shown.direction, self.door.kind)
        within_s = int(given.passback_s)
        return comes_in and pass_rules.is_passback(given.visit, self.door.path, self.at, within_s)

    def _takes_use(self, given: PassRow) -> bool:
        way = self.shown.direction
        return pass_rules.takes_use(given.visit, self.door.path, way, self.door.kind, self.at)

    def _no_guesses(self, wish: Wish) -> PinGuesses:
        return PinGuesses(
            guess_key=wish.hash_key,
            community_id=self.community_id,
            failed_at=[],
            expires=int((self.at + timedelta(days=2)).timestamp()),
        )

    def _code_key(self, code: qr.Code) -> str:
        """Return what a code spends: each of its steps is good once each way at doors of one node.

        However many gates stand there, and however many readers a door says it has. A door
        further in is another node's; the lift beside a door is not the door.
        """
        thing = "lift" if self.door.kind == rules.LIFT else "door"
        where = (self.door.path or self.door.device_id, thing, self.shown.direction.value)
        return tenant_key(self.community_id, "code", code.holder, str(code.step), *where)

    def _mark(self, what: str, value: str) -> Wish:
        return Wish(Mark, marks.mark_key(self.community_id, what, value))
